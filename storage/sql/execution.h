// One execution of a user's statement: bind, step, collect rows within bounds, and say whose failure an error
// is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/sql/connection.h"
#include "storage/sql/value.h"

namespace lockstep::sql {

// SQLite counts operations and not bytes, but it refuses values beyond a limit. So a statement runs as if all its
// values were small, and is repeated in the next class when one was not: operations times bytes are bounded.
struct SizeClass {
  int max_bytes;        // of a value or a row
  std::uint64_t price;  // of an operation that may touch one
};
inline constexpr SizeClass kSizeClasses[] = {{1 << 10, 1},     {8 << 10, 4},    {64 << 10, 32},
                                             {512 << 10, 256}, {4 << 20, 4096}, {Connection::kMaxValueBytes, 32'768}};

// The first in which the statement's literals and parameters are not too large. SQLite checks a literal only the first
// time that it meets it.
std::size_t smallest_class(const UserStatement& statement, const std::vector<Value>& parameters);

// Within a statement that runs: a value of so many bytes is about to appear, so that from now on larger ones
// are allowed and operations count for more. What has been executed so far has met none.
void make_room(sqlite3* db, Budget& budget, std::size_t bytes);

struct Execution {
  Outcome outcome = Outcome::kOk;
  bool outgrown = false;       // kLimit, but only in this class of sizes; what it did is to be undone
  std::string message;         // unless kOk
  std::optional<Error> error;  // the node's failure; then nothing else counts
  Rows rows;
  std::size_t bytes = 0;       // of the rows and the names of their columns, in memory
};

// The budget must have been refilled; attempts in several classes share it. The statement is reset afterwards.
Execution execute_once(Connection& connection, UserStatement& statement, const std::vector<Value>& parameters,
                       std::size_t max_result_bytes, std::size_t size_class);

// The same where a large value costs no more than it takes: for a reader, which is interrupted when nobody
// waits any more, and for a statement that is a single pass.
Execution execute_freely(Connection& connection, UserStatement& statement,
                         const std::vector<Value>& parameters, std::size_t max_result_bytes);

// What SQLite's result code means for a statement, if no fault of the disk was recorded: an outcome that is
// equal on every replica, or nothing if only this node can be the reason.
std::optional<Outcome> outcome_of(int code);

// A compilation that failed, judged in the same way.
Execution failed_compilation(Connection& connection, const Refusal& refusal);

}  // namespace lockstep::sql
