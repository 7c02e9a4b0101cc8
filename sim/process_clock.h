// What one process's clocks show: simulated time with an offset and a drift, by integer arithmetic.
#pragma once

#include <cstdint>

#include "sim/sim_time.h"

namespace lockstep::sim {

struct ClockOptions {
  Duration monotonic_offset{};  // the monotonic clock at the beginning of the world; not negative
  Duration wall_offset{};       // how far the wall clock is ahead of the world's
  std::int64_t drift_ppm = 0;   // how much faster than simulated time both run; above -1'000'000
};

// The wall clock of a process without offset and drift at the beginning of the world: 2026-01-01T00:00:00Z.
inline constexpr WallTime kWallAtBeginning{Duration{1'767'225'600'000'000'000}};

class ProcessClock {
 public:
  explicit ProcessClock(ClockOptions options);

  Instant monotonic_at(SimTime time) const;
  WallTime wall_at(SimTime time) const;
  // The first moment at which the monotonic clock shows `instant` or more, if the drift stays as it is;
  // kEndOfTime if that is beyond it.
  SimTime when(Instant instant) const;

  // From `now` on the clocks run at another rate; the monotonic one does not jump.
  void set_drift(SimTime now, std::int64_t drift_ppm);
  void jump_wall(Duration by) { wall_ahead_ += by; }

 private:
  Duration local_since(SimTime time) const;

  SimTime since_{};             // the drift holds from here
  Instant monotonic_at_since_;  // what the clock showed then
  Duration wall_ahead_;         // of the monotonic clock
  std::int64_t drift_ppm_;
};

}  // namespace lockstep::sim
