// First free reader serves the first waiting query.
#include "core/replica/read_pool.h"

#include "core/replica/lanes.h"

namespace lockstep::replica {

ReadPool::ReadPool(env::Lanes& lanes, sql::Database& database, unsigned readers)
    : lanes_(lanes), database_(database), slots_(readers) {}

ReadPool::~ReadPool() = default;

void ReadPool::submit(sql::Statement statement, Then then) {
  waiting_.push_back({std::move(statement), std::move(then)});
  start_next();
}

void ReadPool::start_next() {
  for (std::size_t slot = 0; slot < slots_.size() && !waiting_.empty(); ++slot) {
    if (slots_[slot].busy) continue;
    Query query = std::move(waiting_.front());
    waiting_.pop_front();
    run(slot, std::move(query));
  }
}

void ReadPool::run(std::size_t slot, Query query) {
  slots_[slot].busy = true;
  auto read = [this, slot, statement = std::move(query.statement)]() -> Result<sql::QueryResult> {
    auto& reader = slots_[slot].reader;
    if (!reader) {
      LOCKSTEP_TRY(opened, database_.open_reader());
      reader = std::move(opened);
    }
    return reader->query(statement, {});
  };
  auto answer = [this, slot, then = std::move(query.then)](Result<sql::QueryResult> result) {
    slots_[slot].busy = false;
    then(std::move(result));
    start_next();
  };
  lanes_.submit(env::LaneId(static_cast<std::uint8_t>(kFirstReaderLane + slot)),
                make_job(std::move(read), std::move(answer)));
}

}  // namespace lockstep::replica
