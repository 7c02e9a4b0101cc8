// Where two recorded traces part: the first event that differs, with what came before it and what each did
// then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/trace.h"

namespace lockstep::reports {

struct TraceSide {
  std::vector<TraceEvent> events;  // the one that differs, and those after it; empty: this trace had ended
};

struct TraceDifference {
  std::uint64_t equal = 0;         // events that both have
  std::vector<TraceEvent> before;  // the last of them
  TraceSide first;
  TraceSide second;
  // What differs between the two first events: "time", "node", names of fields; empty if a trace had ended.
  std::vector<std::string> differing;
};

struct TraceComparison {
  std::uint64_t events = 0;  // that both have in common
  std::optional<TraceDifference> difference;
};

// Reads both only as far as needed, and holds `context` events of each side.
Result<TraceComparison> compare_traces(TraceReader& first, TraceReader& second, std::size_t context);

struct TraceNames {
  std::string first;
  std::string second;
};
std::string to_text(const TraceComparison& comparison, const TraceNames& names);
std::string to_json_text(const TraceComparison& comparison, const TraceNames& names);

}  // namespace lockstep::reports
