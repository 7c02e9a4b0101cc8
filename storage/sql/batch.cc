// Batches: savepoint, statements, deferred foreign keys, release.
#include "storage/sql/batch.h"

#include <algorithm>

#include "base/check.h"
#include "storage/sql/schema.h"
#include "storage/sql/single_pass.h"
#include "storage/sql/sql_text.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kSqlRandom{"sql.random"};
constexpr std::size_t kMaxResultBytes = 8 << 20;  // of all statements of a batch

void end_with(BatchResult& result, Outcome outcome, std::string message) {
  result.outcome = outcome;
  result.message = std::move(message);
  result.statements.clear();
}

}  // namespace

Result<std::unique_ptr<BatchRunner>> BatchRunner::open(Connection& connection, Ledger& ledger,
                                                       RowObserver& observer, std::uint64_t max_operations) {
  std::unique_ptr<BatchRunner> runner(new BatchRunner(connection, ledger, observer, max_operations));
  const auto prepare = [&](const char* sql, StatementHandle& into) -> Status {
    LOCKSTEP_TRY(handle, connection.prepare(sql));
    into = std::move(handle);
    return {};
  };
  LOCKSTEP_TRY_STATUS(prepare("SAVEPOINT batch", runner->savepoint_));
  LOCKSTEP_TRY_STATUS(prepare("RELEASE batch", runner->release_));
  LOCKSTEP_TRY_STATUS(prepare("ROLLBACK TO batch", runner->roll_back_to_));
  LOCKSTEP_TRY_STATUS(prepare("DELETE FROM _lockstep_state WHERE 0", runner->reset_changes_));
  return runner;
}

void BatchRunner::begin_entry(const EntryStamp& stamp, std::vector<KnownResult> known, Undo undo) {
  stamp_ = stamp;
  undo_ = undo;
  needs_savepoints_ = false;
  call_ = 0;
  known_ = std::move(known);
  lost_.reset();
  connection_.lane().now_ns = stamp.time_ns;
  observer_.begin_entry(stamp.index);
}

BatchResult BatchRunner::execute(std::span<const Statement> statements,
                                 std::span<const ExpectedVersion> expected) {
  const std::uint32_t call = call_++;
  if (error_) return fail_node(*error_);
  if (lost_ || needs_savepoints_) return {};  // everything will be executed again
  const auto known = std::ranges::find(known_, call, &KnownResult::call);
  if (known != known_.end()) return known->result;

  BatchResult result;
  for (const ExpectedVersion& condition : expected) {
    const TableRecord* record = ledger_.find(fold(condition.table));
    const std::uint64_t version = record == nullptr ? 0 : record->version;
    if (version == condition.version) continue;
    end_with(result, Outcome::kVersionConflict,
             cat("table ", condition.table, " has version ", version, ", not ", condition.version));
    return result;
  }
  const Savepoint savepoint{ledger_.mark(), observer_.change_count()};
  raised_.clear();
  connection_.lane().budget.refill(max_operations_);
  if (undo_ == Undo::kBySavepoint)
    if (const Status begun = connection_.step(savepoint_.get()); !begun) return fail_node(begun.error());
  do {
    const bool done = attempt(statements, call, result);
    if (error_) return fail_node(*error_);
    if (transaction_ended()) {
      CHECK(!done, "a successful statement ended the transaction");
      lost_ = KnownResult{call, result};
      return result;
    }
    if (!done && undo_ == Undo::kByGroup && changed_anything()) {
      needs_savepoints_ = true;
      return result;
    }
    if (done) {
      result.versions = ledger_.changed_since(savepoint.mark);
    } else if (const Status undone = roll_back(savepoint); !undone) {
      return fail_node(undone.error());
    }
  } while (outgrown_);
  if (undo_ == Undo::kByGroup) return result;
  if (const Status released = connection_.step(release_.get()); !released) return fail_node(released.error());
  return result;
}

BatchResult BatchRunner::fail_node(Error error) {
  if (!error_) error_ = std::move(error);
  BatchResult result;
  end_with(result, Outcome::kLimit, "this node failed");
  return result;
}

bool BatchRunner::attempt(std::span<const Statement> statements, std::uint32_t call, BatchResult& result) {
  result = {};
  outgrown_ = false;
  connection_.lane().draws.emplace(stamp_.seed, kSqlRandom, call);
  start_counters();
  return run_all(statements, result);
}

void BatchRunner::start_counters() {
  changed_schema_ = false;
  rows_before_ = observer_.rows_seen();
  result_room_ = kMaxResultBytes;
  Lane& lane = connection_.lane();
  lane.changes_are_own = false;
  lane.total_changes_base = sqlite3_total_changes64(connection_.db());
  sqlite3_set_last_insert_rowid(connection_.db(), 0);
}

// In the database. SQLite takes back what a failed statement did if it saw at compilation that it may fail, and counts
// no changes of it in any case: a value that grows too large leaves them standing.
bool BatchRunner::changed_anything() const {
  return changed_schema_ || sqlite3_total_changes64(connection_.db()) != connection_.lane().total_changes_base ||
         observer_.rows_seen() != rows_before_ || foreign_keys_pending();
}

// False: the batch ended with result.outcome, and must be undone.
bool BatchRunner::run_all(std::span<const Statement> statements, BatchResult& result) {
  result.statements.reserve(statements.size());
  for (const Statement& statement : statements) {
    if (!run_one(statement, result)) return false;
    ++result.failed_statement;
  }
  if (foreign_keys_pending()) {
    result.failed_statement = statements.empty() ? 0 : static_cast<std::uint32_t>(statements.size() - 1);
    end_with(result, Outcome::kConstraint, "FOREIGN KEY constraint failed at the end of the batch");
    return false;
  }
  result.failed_statement = 0;
  return true;
}

bool BatchRunner::run_one(const Statement& statement, BatchResult& result) {
  const auto compiled = connection_.statements().get(statement.text);
  if (compiled && (*compiled)->facts.changes_schema) {
    changed_schema_ = true;
    if (Budget& budget = connection_.lane().budget; budget.is_brief()) {  // tables may be scanned
      budget.overdraw();
      end_with(result, Outcome::kLimit, "not briefly");
      return false;
    }
  }
  const bool writes_rows = compiled && (*compiled)->facts.writes_rows();
  const std::size_t position = result.failed_statement;
  Execution execution = compiled ? run_compiled(**compiled, statement, position)
                                 : failed_compilation(connection_, compiled.error());
  if (observer_.failed() && !execution.error)
    execution.error = connection_.failure(SQLITE_NOMEM, "reading a changed row");
  if (execution.error) {
    error_ = std::move(execution.error);
    return false;
  }
  if (execution.outcome != Outcome::kOk) {
    if (execution.outgrown)
      raised_.push_back(
          {.from = position, .size_class = size_class_of(**compiled, statement.parameters, position) + 1});
    outgrown_ = execution.outgrown;
    end_with(result, execution.outcome, std::move(execution.message));
    return false;
  }
  const std::size_t bytes = execution.bytes + sizeof(StatementResult);
  if (bytes > result_room_) {
    end_with(result, Outcome::kLimit, cat("the results of the batch are larger than ", kMaxResultBytes, " bytes"));
    return false;
  }
  result_room_ -= bytes;
  StatementResult& entry = result.statements.emplace_back();
  entry.rows = std::move(execution.rows);
  entry.last_insert_rowid = sqlite3_last_insert_rowid(connection_.db());
  if (writes_rows) entry.changes = sqlite3_changes64(connection_.db());
  return true;
}

std::size_t BatchRunner::size_class_of(const UserStatement& statement, const std::vector<Value>& parameters,
                                       std::size_t position) const {
  std::size_t size_class = smallest_class(statement, parameters);
  for (const Raised& raised : raised_)
    if (position >= raised.from) size_class = std::max(size_class, raised.size_class);
  return size_class;
}

Result<bool> BatchRunner::runs_freely(UserStatement& statement, const Statement& asked,
                                      std::size_t position) {
  const bool met_large =
      std::ranges::any_of(raised_, [&](const Raised& raised) { return position >= raised.from; });
  if (!met_large || smallest_class(statement, asked.parameters) > 0) return false;
  if (!statement.single_pass) {
    LOCKSTEP_TRY(single_pass, is_single_pass(connection_, asked.text));
    statement.single_pass = single_pass;
  }
  return *statement.single_pass;
}

Execution BatchRunner::run_compiled(UserStatement& statement, const Statement& asked, std::size_t position) {
  bool& changes_are_own = connection_.lane().changes_are_own;
  if (statement.facts.calls_changes && !changes_are_own) {
    if (const Status done = connection_.step(reset_changes_.get()); !done) {
      Execution failed;
      failed.error = done.error();
      return failed;
    }
    changes_are_own = true;
  }
  const auto freely = runs_freely(statement, asked, position);
  if (!freely) {
    Execution failed;
    failed.error = freely.error();
    return failed;
  }
  Execution execution = *freely ? execute_freely(connection_, statement, asked.parameters, result_room_)
                                : execute_once(connection_, statement, asked.parameters, result_room_,
                                               size_class_of(statement, asked.parameters, position));
  if (execution.error || execution.outcome != Outcome::kOk) return execution;
  Execution finished = finish_statement(statement.facts);
  if (finished.error || finished.outcome != Outcome::kOk) return finished;
  return execution;
}

// What follows a statement that SQLite has accepted; it may still be refused.
Execution BatchRunner::finish_statement(const StatementFacts& facts) {
  Execution out;
  for (const std::string& table : facts.written) ledger_.bump_version(ledger_.record(table));
  if (facts.writes_rows()) connection_.lane().changes_are_own = true;
  Result<std::string> objection = std::string();
  if (observer_.saw_largest_rowid()) objection = check_largest_rowid();
  if (objection && objection->empty() && facts.changes_schema) {
    const StatementFacts kept = facts;  // the statement is dropped with the cache
    objection = follow_schema(kept);
  }
  if (!objection) {
    out.error = objection.error();
  } else if (!objection->empty()) {
    out.outcome = Outcome::kRefused;
    out.message = std::move(*objection);
  }
  return out;
}

// After the largest rowid SQLite picks the next one at random, differently on each replica.
Result<std::string> BatchRunner::check_largest_rowid() {
  for (const std::string& table : observer_.take_largest_rowids()) {
    LOCKSTEP_TRY(counted, is_autoincrement(connection_, table));
    if (!counted) return cat("the largest rowid in table ", table, ": the next one would be random");
  }
  return std::string();
}

Result<std::string> BatchRunner::follow_schema(const StatementFacts& facts) {
  connection_.statements().clear();
  RowObserver::Pause pause(observer_);
  LOCKSTEP_TRY(misnamed, misnamed_object(connection_));
  if (!misnamed.empty()) return cat("the name ", misnamed, ": it belongs to the machine");
  if (facts.creates_trigger) {
    if (has_followers() && is_followed_table(facts.written.front()))
      return cat("a trigger on ", facts.written.front(), ": the hub counts on every row that it writes there");
    LOCKSTEP_TRY(objection, objection_to_triggers(connection_, facts.written.front()));
    if (!objection.empty()) return objection;
  }
  LOCKSTEP_TRY(schema_sum, scan_sum(connection_, kSchemaTable));
  ledger_.set_table(ledger_.record(kSchemaTable), true, schema_sum);
  return adopt_tables(facts);
}

bool BatchRunner::has_followers() const {
  const TableRecord* mark = ledger_.find(kFollowedMark);
  return mark != nullptr && mark->is_table;
}

// The pre-update hook does not see DROP, ALTER and CREATE TABLE AS.
Result<std::string> BatchRunner::adopt_tables(const StatementFacts& facts) {
  LOCKSTEP_TRY(names, user_tables(connection_));
  const auto lists = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  for (const auto& [name, record] : ledger_.records()) {
    if (!record.is_table || name == kSchemaTable || lists(names, name)) continue;
    if (has_followers() && is_followed_table(name))
      return cat("dropping or renaming ", name, ": the hub would not see its rows go; delete rows instead");
    ledger_.set_table(ledger_.record(name), false, 0);
  }
  for (const std::string& name : names) {
    TableRecord& record = ledger_.record(name);
    if (record.is_table && !lists(facts.altered, name)) continue;
    LOCKSTEP_TRY(objection, objection_to(connection_, name));
    if (!objection.empty()) return objection;
    if (record.is_table) LOCKSTEP_TRY_STATUS(rewrite_rows(connection_, name));
    LOCKSTEP_TRY(sum, scan_sum(connection_, name));
    // A new name that the statement did not report: the table was renamed.
    if (!lists(facts.written, name)) ledger_.bump_version(record);
    ledger_.set_table(record, true, sum);
  }
  return std::string();
}

Status BatchRunner::roll_back(const Savepoint& savepoint) {
  if (undo_ == Undo::kBySavepoint) LOCKSTEP_TRY_STATUS(connection_.step(roll_back_to_.get()));
  ledger_.undo_to(savepoint.mark);
  observer_.drop_changes_from(savepoint.changes);
  observer_.take_largest_rowids();
  if (changed_schema_) connection_.statements().clear();
  return {};
}

// The counter belongs to the transaction; every batch before this one has left it at zero.
bool BatchRunner::foreign_keys_pending() const {
  int pending = 0;
  int highest = 0;
  const int rc = sqlite3_db_status(connection_.db(), SQLITE_DBSTATUS_DEFERRED_FKS, &pending, &highest, 0);
  CHECK(rc == SQLITE_OK);
  return pending != 0;
}

}  // namespace lockstep::sql
