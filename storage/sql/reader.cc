// Queries. 'now' and random() are those of the last applied entry: the answer is a function of the snapshot, and not
// of the company in which a query was asked.
#include "storage/sql/reader.h"

#include "base/check.h"
#include "storage/sql/execution.h"
#include "storage/sql/sql_text.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kQueryRandom{"sql.query_random"};

// Whoever shares a snapshot also waits for the others: past either bound the rest is left to another reader.
constexpr std::size_t kSharedBytes = 1 << 20;
constexpr std::uint64_t kSharedOperations = 100'000;
// What is sure to be short; beyond it a query is not done on the actor's thread.
constexpr std::size_t kBriefBytes = 64 << 10;
constexpr std::uint64_t kBriefOperations = 20'000;
constexpr std::size_t kBriefClass = 1;  // of sizes
// Compiled statements may hold gigabytes: beyond this they are given back.
constexpr std::int64_t kKeptBytes = 32 << 20;

// While it lives, the lane looks whether its query was withdrawn: our own statements are not to be
// interrupted.
class Awaited {
 public:
  Awaited(Lane& lane, const Withdrawal* withdrawal) : lane_(lane) { lane_.withdrawal = withdrawal; }
  ~Awaited() { lane_.withdrawal = nullptr; }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;

 private:
  Lane& lane_;
};

}  // namespace

Result<std::unique_ptr<Reader>> SqliteReader::open(env::Disk& disk, SharedFile& shared,
                                                   const Options& options) {
  const ConnectionOptions how{.path = options.path,
                              .max_statement_bytes = options.max_statement_bytes,
                              .writes = false,
                              .allocations = options.allocations};
  LOCKSTEP_TRY(connection, Connection::open(disk, shared, how));
  std::unique_ptr<SqliteReader> reader(new SqliteReader(std::move(connection)));
  LOCKSTEP_TRY(state, StateTable::open(*reader->connection_, false));
  LOCKSTEP_TRY(begin, reader->connection_->prepare("BEGIN"));
  LOCKSTEP_TRY(commit, reader->connection_->prepare("COMMIT"));
  reader->state_ = std::move(state);
  reader->begin_ = std::move(begin);
  reader->commit_ = std::move(commit);
  return reader;
}

Result<std::vector<QueryResult>> SqliteReader::query(std::span<const Statement> statements,
                                                     const QueryLimits& limits) {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(connection_->step(begin_.get()));
  Result<std::vector<QueryResult>> results = query_snapshot(statements, limits);
  // The snapshot must end in any case: it keeps the WAL from being reset.
  const Status ended = snapshot_has_ended() ? Status{} : connection_->step(commit_.get());
  if (connection_->lane().memory.held() > kKeptBytes) connection_->statements().clear();
  if (results && !ended) return std::unexpected(ended.error());
  return results;
}

Result<std::vector<QueryResult>> SqliteReader::query_briefly(std::span<const Statement> statements) {
  connection_->lane().budget.begin_brief(kBriefOperations);
  auto results = query(statements, {.max_result_bytes = kBriefBytes, .max_operations = kBriefOperations});
  connection_->lane().budget.end_brief();
  return results;
}

Result<std::vector<QueryResult>> SqliteReader::query_snapshot(std::span<const Statement> statements,
                                                              const QueryLimits& limits) {
  const Result<Progress> read = state_->progress();
  if (!read && connection_->is_in_the_way(read.error())) return std::vector<QueryResult>{};
  LOCKSTEP_TRY(progress, read);
  Lane& lane = connection_->lane();
  lane.now_ns = progress.time_ns;
  std::vector<QueryResult> results;
  results.reserve(statements.size());
  std::size_t bytes = 0;
  std::uint64_t operations = 0;
  for (const Statement& statement : statements) {
    if (!results.empty() && (bytes > kSharedBytes || operations > kSharedOperations)) break;
    lane.budget.refill(limits.max_operations);
    const std::size_t at = results.size();
    const Awaited awaited(lane, at < limits.withdrawals.size() ? limits.withdrawals[at].get() : nullptr);
    LOCKSTEP_TRY(result, query_one(statement, limits, progress.applied, bytes));
    if (lane.budget.is_brief() && (lane.budget.overdrawn() || result.outcome == Outcome::kLimit)) break;
    result.applied = progress.applied;
    results.push_back(std::move(result));
    if (snapshot_has_ended()) break;
    operations += lane.budget.used();
  }
  return results;
}

Result<QueryResult> SqliteReader::query_one(const Statement& statement, const QueryLimits& limits,
                                            LogIndex applied, std::size_t& bytes) {
  Execution execution = run(statement, limits, applied);
  if (execution.error) return std::unexpected(std::move(*execution.error));
  QueryResult result;
  result.outcome = execution.outcome;
  result.message = std::move(execution.message);
  result.rows = std::move(execution.rows);
  bytes += execution.bytes;
  return result;
}

Execution SqliteReader::run(const Statement& statement, const QueryLimits& limits, LogIndex applied) {
  Lane& lane = connection_->lane();
  const MemoryLimit limit(lane.memory, limits.max_memory_bytes);
  const auto compiled = connection_->statements().get(statement.text);
  if (!compiled) return failed_compilation(*connection_, compiled.error());
  Execution execution;
  if (!(*compiled)->read_only) {
    execution.outcome = Outcome::kRefused;
    execution.message = "a query must not write";
    return execution;
  }
  lane.draws.emplace(applied.value(), kQueryRandom, 0);
  // On the actor's thread nothing may be large.
  if (lane.budget.is_brief())
    return execute_once(*connection_, **compiled, statement.parameters, limits.max_result_bytes, kBriefClass);
  return execute_freely(*connection_, **compiled, statement.parameters, limits.max_result_bytes);
}

Result<std::uint64_t> SqliteReader::version(const std::string& table) {
  Connection::Use use(*connection_);
  return state_->version(fold(table));
}

}  // namespace lockstep::sql
