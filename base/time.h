// Time as types: instants of the monotonic clock and of the wall clock cannot be mixed.
#pragma once

#include <chrono>

namespace lockstep {

using Duration = std::chrono::nanoseconds;

// What a clock of this kind counts from. Nobody reads time from it: clocks are ports (base/env/clock.h).
template <class Tag>
struct Epoch {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Epoch>;
  static constexpr bool is_steady = false;
};

// Nanoseconds since some moment of this process's own monotonic clock; comparable within one process only.
using Instant = std::chrono::time_point<Epoch<struct MonotonicTag>, Duration>;

// Nanoseconds since 1970-01-01T00:00:00Z as this process believes; a label, never used to decide.
using WallTime = std::chrono::time_point<Epoch<struct WallTag>, Duration>;

// A deadline that never comes.
inline constexpr Instant kNever = Instant::max();

}  // namespace lockstep
