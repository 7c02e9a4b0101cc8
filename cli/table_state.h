// What a table holds, what it should hold, and in which rows the two differ.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace lockstep::cli {

// Rows by their id; the other columns as SQL literals: "'a1b2', 3".
using TableRows = std::map<std::int64_t, std::string>;

struct TableState {
  std::uint64_t version = 0;
  TableRows rows;
};

// At least one of the two is there.
struct RowDifference {
  std::int64_t id;
  std::optional<std::string> expected;
  std::optional<std::string> found;
};

std::vector<RowDifference> differences(const TableRows& expected, const TableRows& found);
// "row 3: expected ('a1b2', 3), found none"
std::string to_text(const RowDifference& difference);

// As JSON, for another process.
std::string record_of(const TableState& state);
// kInvalidArgument: `text` is something else; the sentence begins with `file`.
Result<TableState> parse_record(const std::string& text, const std::string& file);

}  // namespace lockstep::cli
