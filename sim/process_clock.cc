// Drift in parts per million, whole millions and the rest apart: exact without a 128-bit division.
#include "sim/process_clock.h"

#include "base/check.h"

namespace lockstep::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

// Asked several times an event: without a tick nothing is divided.
Duration past_tick(Instant instant, Duration tick) {
  return tick == Duration{1} ? Duration{} : instant.time_since_epoch() % tick;
}

}  // namespace

ProcessClock::ProcessClock(ClockOptions options)
    : monotonic_at_since_(options.monotonic_offset),
      wall_ahead_(kWallAtBeginning.time_since_epoch() + options.wall_offset - options.monotonic_offset),
      drift_ppm_(options.drift_ppm) {
  CHECK(options.monotonic_offset >= Duration{});
  CHECK(drift_ppm_ > -kMillion, "drift ", drift_ppm_);
}

Duration ProcessClock::local_since(SimTime time) const {
  if (frozen_ > 0) return Duration{};
  const std::int64_t elapsed = (time - since_).count();
  const std::int64_t rate = kMillion + drift_ppm_;
  return Duration{elapsed / kMillion * rate + elapsed % kMillion * rate / kMillion};
}

Instant ProcessClock::monotonic_at(SimTime time) const {
  const Instant exact = exact_at(time);
  return exact - past_tick(exact, tick_);
}

WallTime ProcessClock::wall_at(SimTime time) const {
  return WallTime{monotonic_at(time).time_since_epoch() + wall_ahead_};
}

SimTime ProcessClock::when(Instant instant) const {
  if (const Duration beyond = past_tick(instant, tick_); beyond > Duration{}) {
    if (kNever - instant < tick_) return kEndOfTime;
    instant += tick_ - beyond;
  }
  if (instant <= monotonic_at_since_) return since_;
  if (frozen_ > 0) return kEndOfTime;
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
  rebase(now);
  drift_ppm_ = drift_ppm;
}

void ProcessClock::rebase(SimTime now) {
  monotonic_at_since_ = exact_at(now);
  since_ = now;
}

void ProcessClock::leap(Duration by) {
  CHECK(by >= Duration{}, "a monotonic clock never goes back");
  monotonic_at_since_ += by;
}

void ProcessClock::freeze(SimTime now) {
  rebase(now);
  ++frozen_;
}

void ProcessClock::thaw(SimTime now) {
  CHECK(frozen_ > 0);
  rebase(now);
  --frozen_;
}

void ProcessClock::set_tick(SimTime now, Duration tick) {
  CHECK(tick > Duration{});
  rebase(now);
  const Duration beyond = monotonic_at_since_.time_since_epoch() % tick;
  if (tick_ % tick != Duration{} && beyond != Duration{}) monotonic_at_since_ += tick - beyond;
  tick_ = tick;
}

}  // namespace lockstep::sim
