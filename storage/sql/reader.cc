// Queries. 'now' and random() are those of the last applied entry: the answer is a function of the snapshot.
#include "storage/sql/reader.h"

#include "base/check.h"
#include "storage/sql/execution.h"
#include "storage/sql/sql_text.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kQueryRandom{"sql.query_random"};

}  // namespace

Result<std::unique_ptr<Reader>> SqliteReader::open(env::Disk& disk, SharedFile& shared,
                                                   const Options& options) {
  const ConnectionOptions how{
      .path = options.path, .max_statement_bytes = options.max_statement_bytes, .writes = false};
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

Result<QueryResult> SqliteReader::query(const Statement& statement, const QueryLimits& limits) {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(connection_->step(begin_.get()));
  Result<QueryResult> result = query_snapshot(statement, limits);
  // The snapshot must end in any case: it keeps the WAL from being reset.
  const Status ended = connection_->step(commit_.get());
  if (result && !ended) return std::unexpected(ended.error());
  return result;
}

Result<QueryResult> SqliteReader::query_snapshot(const Statement& statement, const QueryLimits& limits) {
  LOCKSTEP_TRY(progress, state_->progress());
  Lane& lane = connection_->lane();
  lane.now_ns = progress.time_ns;
  lane.draws.emplace(progress.applied.value(), kQueryRandom, 0);
  lane.budget.refill(limits.max_operations);
  QueryResult result;
  result.applied = progress.applied;
  const auto compiled = connection_->statements().get(statement.text);
  if (compiled && !(*compiled)->read_only) {
    result.outcome = Outcome::kRefused;
    result.message = "a query must not write";
    return result;
  }
  Execution execution =
      compiled ? execute_once(*connection_, **compiled, statement.parameters, limits.max_result_bytes)
               : failed_compilation(*connection_, compiled.error());
  if (execution.error) return std::unexpected(std::move(*execution.error));
  result.outcome = execution.outcome;
  result.message = std::move(execution.message);
  result.rows = std::move(execution.rows);
  return result;
}

Result<std::uint64_t> SqliteReader::version(const std::string& table) {
  Connection::Use use(*connection_);
  return state_->version(fold(table));
}

}  // namespace lockstep::sql
