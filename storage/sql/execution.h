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

struct Execution {
  Outcome outcome = Outcome::kOk;
  std::string message;         // unless kOk
  std::optional<Error> error;  // the node's failure; then nothing else counts
  Rows rows;
  std::size_t bytes = 0;       // of the rows and the names of their columns, in memory
};

// The budget must have been refilled. The statement is reset afterwards.
Execution execute_once(Connection& connection, UserStatement& statement, const std::vector<Value>& parameters,
                       std::size_t max_result_bytes);

// What SQLite's result code means for a statement, if no fault of the disk was recorded: an outcome that is
// equal on every replica, or nothing if only this node can be the reason.
std::optional<Outcome> outcome_of(int code);

// A compilation that failed, judged in the same way.
Execution failed_compilation(Connection& connection, const Refusal& refusal);

}  // namespace lockstep::sql
