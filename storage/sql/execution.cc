// Executing one statement and classifying its errors.
#include "storage/sql/execution.h"

#include "base/check.h"

namespace lockstep::sql {
namespace {

Execution failed(Connection& connection, int code, std::string message) {
  Execution out;
  const std::optional<Outcome> outcome = outcome_of(code);
  if (connection.lane().fault || !outcome) {
    out.error = connection.failure(code, "a statement");
    return out;
  }
  out.outcome = *outcome;
  out.message = std::move(message);
  return out;
}

Execution ended(Outcome outcome, std::string message) {
  Execution out;
  out.outcome = outcome;
  out.message = std::move(message);
  return out;
}

std::optional<Execution> bind_all(Connection& connection, sqlite3_stmt* handle, const std::vector<Value>& parameters) {
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(handle));
  if (wanted != parameters.size())
    return ended(Outcome::kSqlError, cat("the statement has ", wanted, " parameters, ", parameters.size(), " were given"));
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

void add_column_names(sqlite3_stmt* handle, Rows& rows) {
  for (int column = 0; column < sqlite3_column_count(handle); ++column)
    rows.columns.emplace_back(sqlite3_column_name(handle, column));
}

std::string limit_message(Connection& connection, int code) {
  if ((code & 0xff) == SQLITE_INTERRUPT) return cat("more than ", connection.lane().budget.limit(), " operations");
  return sqlite3_errmsg(connection.db());
}

}  // namespace

std::optional<Outcome> outcome_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return Outcome::kConstraint;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_LOCKED:    // a table in use by the statement itself
    case SQLITE_READONLY: return Outcome::kSqlError;
    case SQLITE_AUTH: return Outcome::kRefused;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_INTERRUPT: return Outcome::kLimit;
    default: return std::nullopt;
  }
}

Execution failed_compilation(Connection& connection, const Refusal& refusal) {
  return failed(connection, refusal.code, refusal.message);
}

Execution execute_once(Connection& connection, UserStatement& statement, const std::vector<Value>& parameters,
                       std::size_t max_result_bytes) {
  sqlite3_stmt* handle = statement.handle.get();
  if (auto refused = bind_all(connection, handle, parameters)) return *std::move(refused);
  Execution out;
  Budget& budget = connection.lane().budget;
  // The count goes on from the last execution otherwise, and with it the moments at which SQLite looks.
  sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_VM_STEP, 1);
  budget.begin_statement();
  int rc;
  std::size_t result_bytes = 0;
  while ((rc = sqlite3_step(handle)) == SQLITE_ROW && !connection.lane().fault && result_bytes <= max_result_bytes)
    result_bytes += add_row(handle, out.rows);
  budget.end_statement(static_cast<std::uint32_t>(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_VM_STEP, 1)));
  add_column_names(handle, out.rows);  // only now: a reader's statement may have been compiled again
  if (rc == SQLITE_ROW && !connection.lane().fault)
    out = ended(Outcome::kLimit, cat("the result is larger than ", max_result_bytes, " bytes"));
  else if (rc != SQLITE_DONE || connection.lane().fault)
    out = failed(connection, rc, limit_message(connection, rc));
  else if (budget.exhausted())
    out = ended(Outcome::kLimit, limit_message(connection, SQLITE_INTERRUPT));
  sqlite3_reset(handle);
  return out;
}

}  // namespace lockstep::sql
