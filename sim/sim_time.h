// The one true time of a simulated world; no process can see it.
#pragma once

#include "base/time.h"

namespace lockstep::sim {

// Nanoseconds since the world began.
using SimTime = std::chrono::time_point<Epoch<struct SimTag>, Duration>;

inline constexpr SimTime kEndOfTime = SimTime::max();

}  // namespace lockstep::sim
