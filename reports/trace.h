// A recorded trace, read event by event: docs/format/trace.md.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lockstep::reports {

struct TraceField {
  std::string name;
  std::uint64_t value = 0;
};

struct TraceEvent {
  std::uint64_t order = 0;
  std::int64_t time_ns = 0;
  std::string node;
  std::uint64_t incarnation = 0;
  std::string kind;  // the event's name
  std::vector<TraceField> fields;
  std::string text;

  std::optional<std::uint64_t> field(std::string_view name) const;
};

// Of one line, without its end. The error says what was expected, and the column.
Result<TraceEvent> parse_trace_event(std::string_view line);

// "event 130 at 444132145 ns on n3: role_changed term=4 leader=2": one line for people.
std::string describe(const TraceEvent& event);

// Whatever its length, only one line of it is in memory.
class TraceReader {
 public:
  // `file` names it in errors. The stream outlives the reader.
  TraceReader(std::string file, std::istream& in) : file_(std::move(file)), in_(in) {}

  // The next line; kEnd: there is none. A last line without an end was cut off, which is an error.
  Result<std::string_view> next_line();
  // The same, as an event; it must come after those before it.
  Result<TraceEvent> next();
  // A line of this trace as an event; errors name the line that was read last.
  Result<TraceEvent> parsed(std::string_view line) const;

 private:
  std::unexpected<Error> refuse(std::string_view sentence) const;

  std::string file_;
  std::istream& in_;
  std::string line_;
  std::uint64_t lines_ = 0;
  std::int64_t time_ns_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace lockstep::reports
