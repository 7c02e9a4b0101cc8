// Executing one statement and classifying its errors.
#include "storage/sql/execution.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace lockstep::sql {
namespace {

Execution ended(Outcome outcome, std::string message) {
  Execution out;
  out.outcome = outcome;
  out.message = std::move(message);
  return out;
}

Execution failed(Connection& connection, int code, std::string message) {
  Execution out;
  // Whatever SQLite has made of the refusal.
  if (connection.lane().memory.refused() && !connection.lane().fault)
    return ended(Outcome::kLimit,
                 "the query takes more memory than one may: expected smaller sorts, groups or DISTINCT");
  const std::optional<Outcome> outcome = outcome_of(code);
  if (connection.lane().fault || !outcome) {
    out.error = connection.failure(code, "a statement");
    return out;
  }
  out.outcome = *outcome;
  out.outgrown = (code & 0xff) == SQLITE_TOOBIG;
  out.message = std::move(message);
  return out;
}

std::optional<Execution> bind_all(Connection& connection, sqlite3_stmt* handle,
                                  const std::vector<Value>& parameters) {
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(handle));
  if (wanted != parameters.size())
    return ended(Outcome::kSqlError,
                 cat("the statement has ", wanted, " parameters, ", parameters.size(), " were given"));
  int position = 0;
  for (const Value& value : parameters) {
    ++position;
    const int rc = bind_value(handle, position, value);
    if (rc != SQLITE_OK) return failed(connection, rc, cat("parameter ", position, ": ", sqlite3_errstr(rc)));
  }
  return std::nullopt;
}

// The size in memory of the row that was added.
std::size_t add_row(sqlite3_stmt* handle, Rows& rows) {
  const int columns = sqlite3_column_count(handle);
  std::size_t bytes = sizeof(std::vector<Value>);
  std::vector<Value>& row = rows.rows.emplace_back();
  row.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column)
    bytes += size_of(row.emplace_back(value_of(sqlite3_column_value(handle, column))));
  return bytes;
}

// The size of the names in memory; no more of them are added than `room` takes, for a short statement can
// repeat long names without end. Nothing if SQLite was refused memory since its last step: then it tells no
// name, once.
std::optional<std::size_t> add_column_names(sqlite3_stmt* handle, std::size_t room, Rows& rows) {
  std::size_t bytes = 0;
  for (int column = 0; column < sqlite3_column_count(handle) && bytes <= room; ++column) {
    const char* name = sqlite3_column_name(handle, column);
    if (name == nullptr) return std::nullopt;
    bytes += sizeof(std::string) + std::strlen(name);
    if (bytes <= room) rows.columns.emplace_back(name);
  }
  return bytes;
}

std::string limit_message(Connection& connection, int code) {
  const Lane& lane = connection.lane();
  const Budget& budget = lane.budget;
  if (lane.withdrawal != nullptr && lane.withdrawal->withdrawn())
    return "nobody waits for the answer any more";
  if ((code & 0xff) == SQLITE_INTERRUPT)
    return cat("more than ", budget.limit(), " operations",
               budget.by_bytes() ? ", where those on large values count for more" : "");
  return sqlite3_errmsg(connection.db());
}

// Holds while a user's statement runs: our own may need more.
class ValueLimit {
 public:
  ValueLimit(sqlite3* db, int max_bytes)
      : db_(db), before_(sqlite3_limit(db, SQLITE_LIMIT_LENGTH, max_bytes)) {}
  ~ValueLimit() { sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, before_); }
  ValueLimit(const ValueLimit&) = delete;
  ValueLimit& operator=(const ValueLimit&) = delete;

 private:
  sqlite3* db_;
  int before_;
};

Execution execute_bounded(Connection& connection, UserStatement& statement,
                          const std::vector<Value>& parameters, std::size_t max_result_bytes,
                          std::uint64_t price) {
  sqlite3_stmt* handle = statement.handle.get();
  if (auto refused = bind_all(connection, handle, parameters)) return *std::move(refused);
  Execution out;
  Budget& budget = connection.lane().budget;
  budget.begin_statement(price);
  int rc;
  while ((rc = sqlite3_step(handle)) == SQLITE_ROW && !connection.lane().fault &&
         out.bytes <= max_result_bytes)
    out.bytes += add_row(handle, out.rows);
  // Reset with it: the count would go on at the next execution, and with it the moments at which SQLite
  // looks.
  budget.end_statement(static_cast<std::uint32_t>(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_VM_STEP, 1)));
  // Only now: a reader's statement may have been compiled again.
  const std::size_t room = max_result_bytes - std::min(out.bytes, max_result_bytes);
  if (const auto bytes = add_column_names(handle, room, out.rows))
    out.bytes += *bytes;
  else
    rc = SQLITE_NOMEM;
  const bool ended_well = rc == SQLITE_ROW || rc == SQLITE_DONE;
  if (ended_well && out.bytes > max_result_bytes && !connection.lane().fault)
    out = ended(Outcome::kLimit, cat("the result is larger than ", max_result_bytes, " bytes"));
  else if (rc != SQLITE_DONE || connection.lane().fault || connection.lane().memory.refused())
    out = failed(connection, rc, limit_message(connection, rc));
  else if (budget.exhausted())
    out = ended(Outcome::kLimit, limit_message(connection, SQLITE_INTERRUPT));
  sqlite3_reset(handle);
  return out;
}

}  // namespace

std::optional<Outcome> outcome_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return Outcome::kConstraint;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_LOCKED:  // a table in use by the statement itself
    case SQLITE_READONLY: return Outcome::kSqlError;
    case SQLITE_AUTH: return Outcome::kRefused;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_INTERRUPT: return Outcome::kLimit;
    default: return std::nullopt;
  }
}

Execution failed_compilation(Connection& connection, const Refusal& refusal) {
  Execution out = failed(connection, refusal.code, refusal.message);
  out.outgrown = false;  // the text itself is too long
  return out;
}

std::size_t smallest_class(const UserStatement& statement, const std::vector<Value>& parameters) {
  std::size_t largest = statement.longest_literal;
  for (const Value& value : parameters) largest = std::max(largest, size_of(value));
  std::size_t at = 0;
  while (at + 1 < std::size(kSizeClasses) && static_cast<std::size_t>(kSizeClasses[at].max_bytes) < largest)
    ++at;
  return at;
}

void make_room(sqlite3* db, Budget& budget, std::size_t bytes) {
  const std::size_t row = 2 * bytes + 1024;  // it will not stand alone
  for (const SizeClass& size_class : kSizeClasses) {
    const bool is_last = &size_class == &kSizeClasses[std::size(kSizeClasses) - 1];
    if (static_cast<std::size_t>(size_class.max_bytes) < row && !is_last) continue;
    if (size_class.max_bytes <= sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1)) return;
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, size_class.max_bytes);
    budget.raise(size_class.price);
    return;
  }
}

Execution execute_once(Connection& connection, UserStatement& statement, const std::vector<Value>& parameters,
                       std::size_t max_result_bytes, std::size_t size_class) {
  const ValueLimit limit(connection.db(), kSizeClasses[size_class].max_bytes);
  Execution out =
      execute_bounded(connection, statement, parameters, max_result_bytes, kSizeClasses[size_class].price);
  out.outgrown = out.outgrown && size_class + 1 < std::size(kSizeClasses);
  return out;
}

Execution execute_freely(Connection& connection, UserStatement& statement,
                         const std::vector<Value>& parameters, std::size_t max_result_bytes) {
  Execution out = execute_bounded(connection, statement, parameters, max_result_bytes, 1);
  out.outgrown = false;
  return out;
}

}  // namespace lockstep::sql
