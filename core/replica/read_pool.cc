// The free readers share what waits; what a reader leaves over waits again, in its old place.
#include "core/replica/read_pool.h"

#include <algorithm>
#include <utility>

#include "core/replica/lanes.h"

namespace lockstep::replica {

ReadPool::ReadPool(env::Lanes& lanes, sql::Database& database, unsigned readers)
    : lanes_(lanes), database_(database), slots_(readers) {}

ReadPool::~ReadPool() = default;

void ReadPool::submit(sql::Statement statement, Then then) {
  waiting_.push_back({std::move(statement), std::move(then)});
}

void ReadPool::start() {
  auto idle = static_cast<std::size_t>(std::ranges::count(slots_, false, &Slot::busy));
  for (std::size_t slot = 0; slot < slots_.size() && !waiting_.empty(); ++slot) {
    if (slots_[slot].busy) continue;
    const std::size_t share = (waiting_.size() + idle - 1) / idle;
    run(slot, std::min(share, kMostInJob));
    --idle;
  }
}

namespace {

std::vector<sql::Statement> rest_of(std::vector<sql::Statement>& statements, std::size_t done) {
  return {std::make_move_iterator(statements.begin() + static_cast<std::ptrdiff_t>(done)),
          std::make_move_iterator(statements.end())};
}

}  // namespace

void ReadPool::run(std::size_t slot, std::size_t count) {
  slots_[slot].busy = true;
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  const auto statements = std::make_shared<std::vector<sql::Statement>>();
  std::vector<Then> thens;
  statements->reserve(count);
  thens.reserve(count);
  for (auto query = waiting_.begin(); query != end; ++query) {
    statements->push_back(std::move(query->statement));
    thens.push_back(std::move(query->then));
  }
  waiting_.erase(waiting_.begin(), end);
  auto read = [this, slot, statements]() -> Result<Answers> {
    auto& reader = slots_[slot].reader;
    if (!reader) {
      LOCKSTEP_TRY(opened, database_.open_reader());
      reader = std::move(opened);
    }
    LOCKSTEP_TRY(results, reader->query(*statements, {}));
    return Answers{std::move(results), rest_of(*statements, results.size())};
  };
  auto briefly = [this, slot, statements](const auto&) -> std::optional<Result<Answers>> {
    auto& reader = slots_[slot].reader;
    if (!reader) return std::nullopt;
    auto results = reader->query_briefly(*statements);
    if (!results) return std::unexpected(results.error());
    if (results->empty()) return std::nullopt;
    const std::size_t answered = results->size();
    return Answers{std::move(*results), rest_of(*statements, answered)};
  };
  auto answered = [this, slot, thens = std::move(thens)](Result<Answers> answers) mutable {
    slots_[slot].busy = false;
    answer(std::move(thens), std::move(answers));
  };
  lanes_.submit(env::LaneId(static_cast<std::uint8_t>(kFirstReaderLane + slot)),
                make_job(std::move(read), std::move(answered), std::move(briefly)));
}

void ReadPool::answer(std::vector<Then> thens, Result<Answers> answers) {
  if (!answers) {
    for (const Then& then : thens) then(std::unexpected(answers.error()));
    return;
  }
  const std::size_t answered = answers->results.size();
  for (std::size_t left = thens.size(); left > answered; --left)
    waiting_.push_front({std::move(answers->left_over[left - 1 - answered]), std::move(thens[left - 1])});
  for (std::size_t at = 0; at < answered; ++at) thens[at](std::move(answers->results[at]));
}

}  // namespace lockstep::replica
