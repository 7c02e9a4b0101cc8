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
  // Both clocks go forward at once, as after the machine was suspended; not back (checked).
  void leap(Duration by);
  // Both stand still until as many thaws have come; then they go on from where they stood.
  void freeze(SimTime now);
  void thaw(SimTime now);
  // Both show only multiples of this, the last one passed; above zero (checked). A tick that does not divide
  // the one before takes them forward to the next multiple: the monotonic clock must not go back.
  void set_tick(SimTime now, Duration tick);

 private:
  Duration local_since(SimTime time) const;
  Instant exact_at(SimTime time) const { return monotonic_at_since_ + local_since(time); }
  void rebase(SimTime now);

  SimTime since_{};             // the drift holds from here
  Instant monotonic_at_since_;  // what the clock showed then
  Duration wall_ahead_;         // of the monotonic clock
  std::int64_t drift_ppm_;
  int frozen_ = 0;
  Duration tick_{1};
};

}  // namespace lockstep::sim
