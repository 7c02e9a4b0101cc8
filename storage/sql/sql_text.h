// The little that must be known of SQL text before SQLite sees it: names without case, blanks, the first
// word.
#pragma once

#include <string>
#include <string_view>

#include "storage/series/block_table.h"

namespace lockstep::sql {

// Names of tables and functions as SQLite compares them: ASCII letters in lower case.
std::string fold(std::string_view name);
// `text` without leading blanks, comments and semicolons.
std::string_view skip_blank(std::string_view text);
// The first word in lower case; empty if the text begins with something else.
std::string first_word(std::string_view text);
// The size of the longest text or blob literal as it is written, quotes included.
std::size_t longest_literal(std::string_view text);
// "name" with quotes doubled, as an identifier.
std::string quoted(std::string_view name);

// A hub follows the rows of these by the applied feed (docs/hub.md).
inline bool is_followed_table(std::string_view folded) {
  return folded.starts_with("hub_") || folded == series::kBlockTable;
}
// One that is there if the database has a hub.
inline constexpr std::string_view kFollowedMark = "hub_schema";

// Names of the machine's own tables, which users may neither touch nor make.
inline bool is_own_table(std::string_view folded) { return folded.starts_with("_lockstep_"); }
inline bool is_system_table(std::string_view folded) { return folded.starts_with("sqlite_"); }

}  // namespace lockstep::sql
