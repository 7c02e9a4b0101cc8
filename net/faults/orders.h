// What a node that allows faults is told about them, and what it tells: one JSON object a line.
//
// Layout: docs/format/faults.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "net/link_rules.h"

namespace lockstep::faults {

// What is given replaces all that was ordered before under the same name; the rest stays as it is.
struct Orders {
  std::optional<net::LinkLatency> latency;
  std::optional<std::vector<net::LinkRule>> links;  // the first one with an opinion decides
  std::optional<std::vector<std::string>> probes;   // names of points to report and to hold work at
  std::vector<std::uint64_t> release;               // tickets of held work
  bool release_all = false;
  bool operator==(const Orders&) const = default;
};

// The first note on a connection.
struct Greeting {
  NodeId node;
  Incarnation incarnation;
  bool operator==(const Greeting&) const = default;
};
// Work that is held until it is released.
struct ProbeNote {
  std::uint64_t ticket = 0;
  std::string point;
  std::uint64_t object = 0;
  bool operator==(const ProbeNote&) const = default;
};
// How many frames each rule has struck since it was first ordered, by its id.
struct StruckNote {
  std::map<std::uint64_t, std::uint64_t> frames;
  bool operator==(const StruckNote&) const = default;
};
// An order that was not understood, and so not obeyed.
struct ComplaintNote {
  std::string sentence;
  bool operator==(const ComplaintNote&) const = default;
};
using Note = std::variant<Greeting, ProbeNote, StruckNote, ComplaintNote>;

// Both without the line's end. kInvalidArgument: a sentence that says what was expected.
std::string to_line(const Orders& orders);
std::string to_line(const Note& note);
Result<Orders> parse_orders(std::string_view line);
Result<Note> parse_note(std::string_view line);

}  // namespace lockstep::faults
