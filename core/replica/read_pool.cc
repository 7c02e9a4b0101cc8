// The free readers share what waits; what a reader leaves over waits again, before the rest of its client.
#include "core/replica/read_pool.h"

#include <algorithm>
#include <utility>

#include "core/replica/lanes.h"

namespace lockstep::replica {

ReadPool::ReadPool(env::Lanes& lanes, sql::Database& database, unsigned readers)
    : lanes_(lanes), database_(database), slots_(readers) {}

ReadPool::~ReadPool() = default;

void ReadPool::submit(NodeId client, sql::Statement statement, sql::WithdrawalPtr withdrawal, Then then) {
  std::deque<Query>& queries = waiting_[client];
  if (queries.empty()) turns_.push_back(client);
  queries.push_back({client, std::move(statement), std::move(withdrawal), std::move(then)});
  ++waiting_count_;
}

ReadPool::Query ReadPool::take_next() {
  const NodeId client = turns_.front();
  turns_.pop_front();
  const auto queries = waiting_.find(client);
  Query next = std::move(queries->second.front());
  queries->second.pop_front();
  if (queries->second.empty()) {
    waiting_.erase(queries);
  } else {
    turns_.push_back(client);
  }
  --waiting_count_;
  return next;
}

void ReadPool::put_back(Query query) {
  std::deque<Query>& queries = waiting_[query.client];
  if (!queries.empty()) std::erase(turns_, query.client);
  turns_.push_front(query.client);
  queries.push_front(std::move(query));
  ++waiting_count_;
}

void ReadPool::start() {
  auto idle = static_cast<std::size_t>(std::ranges::count(slots_, false, &Slot::busy));
  for (std::size_t slot = 0; slot < slots_.size() && waiting_count_ > 0; ++slot) {
    if (slots_[slot].busy) continue;
    const std::size_t share = (waiting_count_ + idle - 1) / idle;
    run(slot, std::min(share, kMostInJob));
    --idle;
  }
}

void ReadPool::drop_withdrawn() {
  std::vector<Then> dropped;
  const auto is_withdrawn = [&](Query& query) {
    if (!query.withdrawal->withdrawn()) return false;
    dropped.push_back(std::move(query.then));
    return true;
  };
  for (auto& [client, queries] : waiting_) std::erase_if(queries, is_withdrawn);
  std::erase_if(turns_, [this](NodeId client) { return waiting_.at(client).empty(); });
  std::erase_if(waiting_, [](const auto& of_client) { return of_client.second.empty(); });
  waiting_count_ -= dropped.size();
  sql::QueryResult nothing;
  nothing.outcome = sql::Outcome::kLimit;
  for (const Then& then : dropped) then(nothing);
}

namespace {

std::vector<sql::Statement> rest_of(std::vector<sql::Statement>& statements, std::size_t done) {
  return {std::make_move_iterator(statements.begin() + static_cast<std::ptrdiff_t>(done)),
          std::make_move_iterator(statements.end())};
}

}  // namespace

void ReadPool::run(std::size_t slot, std::size_t count) {
  slots_[slot].busy = true;
  const auto statements = std::make_shared<std::vector<sql::Statement>>();
  const auto withdrawals = std::make_shared<std::vector<sql::WithdrawalPtr>>();
  std::vector<Asked> asked;
  statements->reserve(count);
  asked.reserve(count);
  for (std::size_t taken = 0; taken < count; ++taken) {
    Query query = take_next();
    statements->push_back(std::move(query.statement));
    withdrawals->push_back(query.withdrawal);
    asked.push_back({query.client, std::move(query.withdrawal), std::move(query.then)});
  }
  auto read = [this, slot, statements, withdrawals]() -> Result<Answers> {
    auto& reader = slots_[slot].reader;
    if (!reader) {
      LOCKSTEP_TRY(opened, database_.open_reader());
      reader = std::move(opened);
    }
    LOCKSTEP_TRY(results, reader->query(*statements, {.withdrawals = *withdrawals}));
    const std::size_t answered = results.size();  // before they move away
    return Answers{std::move(results), rest_of(*statements, answered)};
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
  auto answered = [this, slot, asked = std::move(asked)](Result<Answers> answers) mutable {
    slots_[slot].busy = false;
    answer(std::move(asked), std::move(answers));
  };
  lanes_.submit(env::LaneId(static_cast<std::uint8_t>(kFirstReaderLane + slot)),
                make_job(std::move(read), std::move(answered), std::move(briefly)));
}

void ReadPool::answer(std::vector<Asked> asked, Result<Answers> answers) {
  if (!answers) {
    for (const Asked& query : asked) query.then(std::unexpected(answers.error()));
    return;
  }
  const std::size_t answered = answers->results.size();
  for (std::size_t left = asked.size(); left > answered; --left) {
    Asked& query = asked[left - 1];
    put_back({query.client, std::move(answers->left_over[left - 1 - answered]), std::move(query.withdrawal),
              std::move(query.then)});
  }
  for (std::size_t at = 0; at < answered; ++at) asked[at].then(std::move(answers->results[at]));
}

}  // namespace lockstep::replica
