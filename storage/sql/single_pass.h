// Statements that meet each row once: what they do with a large value is over with its row.
#pragma once

#include <string>

#include "storage/sql/connection.h"

namespace lockstep::sql {

// Whether the statement's program (as EXPLAIN shows it) consists of loops that do not contain each other, of
// operations that take no longer than reading their operands, and of none that keeps a value for another row
// or makes a larger one. Then the pages of large rows, which are charged, are all that large values cost. The
// program follows from the text, the schema and the statistics of ANALYZE, so every replica finds the same.
Result<bool> is_single_pass(Connection& connection, const std::string& text);

}  // namespace lockstep::sql
