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

#include "scenarios/json_problem.h"

namespace lockstep::scenarios {

inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxJsonValues = 100'000;

enum class JsonKind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

struct JsonMember;

struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  Position where;
  std::string text;                 // of a string: its value; of a number, true, false and null: as written
  std::vector<JsonNode> items;      // of an array
  std::vector<JsonMember> members;  // of an object, in the order of the text, no key twice

  bool is(JsonKind other) const { return kind == other; }
  const JsonNode* find(std::string_view key) const;  // null: no such member
  JsonNode* find(std::string_view key);
};

struct JsonMember {
  std::string key;
  Position where;  // of the key
  JsonNode value;
};

// RFC 8259 and nothing more, except that a byte order mark is skipped and that a key may stand only once in
// an object. Any bytes may come in; deeper than kMaxJsonDepth or more than kMaxJsonValues is a problem like
// the others.
std::expected<JsonNode, Problems> parse_json(std::string_view text);

// How a value is named in a sentence: "\"n9\"", "17", "an array".
std::string describe(const JsonNode& node);

// The number times 10^shift, exactly: `whole` is the integer part towards minus infinity, `exact` says that
// nothing was cut off. Beyond +-10^30 it stays there.
struct ScaledNumber {
  __int128 whole = 0;
  bool exact = true;
};
ScaledNumber scaled(std::string_view number, int shift);

}  // namespace lockstep::scenarios
