// Drift in parts per million, whole millions and the rest apart: exact without a 128-bit division.
#include "sim/process_clock.h"

#include "base/check.h"

namespace lockstep::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

}  // namespace

ProcessClock::ProcessClock(ClockOptions options)
    : monotonic_at_since_(options.monotonic_offset),
      wall_ahead_(kWallAtBeginning.time_since_epoch() + options.wall_offset - options.monotonic_offset),
      drift_ppm_(options.drift_ppm) {
  CHECK(options.monotonic_offset >= Duration{});
  CHECK(drift_ppm_ > -kMillion, "drift ", drift_ppm_);
}

Duration ProcessClock::local_since(SimTime time) const {
  const std::int64_t elapsed = (time - since_).count();
  const std::int64_t rate = kMillion + drift_ppm_;
  return Duration{elapsed / kMillion * rate + elapsed % kMillion * rate / kMillion};
}

Instant ProcessClock::monotonic_at(SimTime time) const { return monotonic_at_since_ + local_since(time); }

WallTime ProcessClock::wall_at(SimTime time) const {
  return WallTime{monotonic_at(time).time_since_epoch() + wall_ahead_};
}

SimTime ProcessClock::when(Instant instant) const {
  if (instant <= monotonic_at_since_) return since_;
  const std::int64_t local = (instant - monotonic_at_since_).count();
  const std::int64_t rate = kMillion + drift_ppm_;
  // The smallest elapsed time whose rounded-down product reaches `local`.
  const __int128 elapsed =
      static_cast<__int128>(local / rate) * kMillion + (local % rate * kMillion + rate - 1) / rate;
  if (elapsed > (kEndOfTime - since_).count()) return kEndOfTime;
  return since_ + Duration{static_cast<std::int64_t>(elapsed)};
}

void ProcessClock::set_drift(SimTime now, std::int64_t drift_ppm) {
  CHECK(drift_ppm > -kMillion, "drift ", drift_ppm);
  monotonic_at_since_ = monotonic_at(now);
  since_ = now;
  drift_ppm_ = drift_ppm;
}

}  // namespace lockstep::sim
