// What clients felt over the time of a run: operations, latencies, and how long nothing could be written.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "reports/history.h"

namespace lockstep::reports {

// One stretch of time.
struct Bucket {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;
  std::optional<Duration> p50{};  // latency of what succeeded; none: nothing did
  std::optional<Duration> p99{};
};

struct Series {
  Duration bucket{};  // how long each is
  std::vector<Bucket> buckets;
};
// From the begin of the run to `end`; an operation counts where it returned.
Series series_of(const History& history, Duration end, std::size_t buckets);

// Everything that is not a read or a question for a version.
bool is_write(const Operation& operation);

// The longest time between two successful writes.
struct Gap {
  Duration from{};
  Duration lasted{};
};
Gap longest_without_write(const History& history);
// How long after `moment` the next write succeeded that began after it; none did: nothing.
std::optional<Duration> until_next_write(const History& history, Duration moment);

}  // namespace lockstep::reports
