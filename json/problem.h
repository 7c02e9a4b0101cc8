// What is wrong with a text, where, and what was expected instead: one line a person can act on.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::json {

// Both from 1; a column counts characters (code points), as editors do.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Problem {
  Position where;
  std::string pointer;   // RFC 6901; empty: the document as a whole
  std::string expected;  // "a duration, such as \"300ms\""
  std::string found;     // "\"300\""
  std::string because;   // why, or a suggestion; may be empty
  bool operator==(const Problem&) const = default;
};

inline constexpr std::size_t kMaxProblems = 20;
using Problems = std::vector<Problem>;

// "x.json:7:21: /faults/0/kill: expected a target, found "n9": the cluster has nodes n1 to n3"
std::string to_text(const Problem& problem, std::string_view file);

// `text` between double quotes, at most 40 characters of it, nothing in it that could upset a terminal.
std::string in_quotes(std::string_view text);

// The pointer one step further down; `key` is escaped as RFC 6901 says.
std::string pointer_to(std::string_view pointer, std::string_view key);

// The name nearest to `text` by edits, if one is near enough to be meant; else one that shares its first or last
// word; else empty.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names);

// `did you mean "nodes"?`, or nothing.
std::string suggestion(std::string_view text, const std::vector<std::string_view>& names);

// In the order of the text, each once, no more than anyone will read.
Problems in_order(Problems problems);

}  // namespace lockstep::json
