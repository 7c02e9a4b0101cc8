// JSON as it was written: a tree in which every value and key knows its line and column, and numbers keep
// their digits.
//
// nlohmann/json 3.11 reads the text but keeps no positions and turns 0.001 into a double; this tree keeps
// both.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "json/problem.h"

namespace lockstep::json {

inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxValues = 100'000;
inline constexpr std::size_t kMaxMembers = 1'000;  // of one object: keys are searched one by one

enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

struct Member;

struct Node {
  Kind kind = Kind::kNull;
  Position where;
  std::string text;             // of a string: its value; of a number, true, false and null: as written
  std::vector<Node> items;      // of an array
  std::vector<Member> members;  // of an object, in the order of the text, no key twice

  bool is(Kind other) const { return kind == other; }
  const Node* find(std::string_view key) const;  // null: no such member
  Node* find(std::string_view key);
};

struct Member {
  std::string key;
  Position where;  // of the key
  Node value;
};

// RFC 8259 and nothing more, except that a byte order mark is skipped and that a key may stand only once in
// an object. Any bytes may come in; what exceeds the limits above is a problem like the others. `wanted`: what a text
// without anything in it should have been.
std::expected<Node, Problems> parse(std::string_view text, std::string_view wanted = "a JSON document");

// How a value is named in a sentence: "\"n9\"", "17", "an array".
std::string describe(const Node& node);

// The number times 10^shift, exactly: `whole` is the integer part towards minus infinity, `exact` says that
// nothing was cut off. Beyond +-10^30 it stays there.
struct ScaledNumber {
  __int128 whole = 0;
  bool exact = true;
};
ScaledNumber scaled(std::string_view number, int shift);

}  // namespace lockstep::json
