// The one true time of a simulated world; no process can see it.
#pragma once

#include "base/time.h"

namespace lockstep::sim {

struct SimEpoch {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<SimEpoch>;
  static constexpr bool is_steady = true;
};

// Nanoseconds since the world began.
using SimTime = std::chrono::time_point<SimEpoch, Duration>;

inline constexpr SimTime kEndOfTime = SimTime::max();

}  // namespace lockstep::sim
