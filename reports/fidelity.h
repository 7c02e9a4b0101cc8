// One scenario in two worlds, side by side: how much of what the simulator says is what the real world does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "reports/history.h"
#include "reports/series.h"
#include "reports/verdict.h"

namespace lockstep::reports {

struct OperationCounts {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;
};

// How long operations took that succeeded.
struct LatencyQuantiles {
  Duration p50{};
  Duration p90{};
  Duration p99{};
  Duration max{};
};
LatencyQuantiles latency_of(const History& history);

// How often a node asked for votes, and how often one became the leader.
struct Elections {
  std::uint64_t candidacies = 0;
  std::uint64_t leaders = 0;
};

struct WorldSummary {
  Outcome outcome = Outcome::kHolds;
  std::vector<Verdict> verdicts;
  Elections elections;
  OperationCounts operations;
  LatencyQuantiles latency;
  Series series{};  // what succeeded and the median latency are what a report keeps of it
};

struct Fidelity {
  WorldSummary real;
  WorldSummary simulated;
};

// A table for people; lines begin with two spaces and end with a line end.
std::string to_text(const Fidelity& fidelity);

}  // namespace lockstep::reports
