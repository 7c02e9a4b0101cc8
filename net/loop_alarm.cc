// Timers are armed lazily.
#include "net/loop_alarm.h"

#include <algorithm>

namespace lockstep::net {

void LoopAlarm::set(Instant at) {
  wanted_ = at;
  if (wanted_ < armed_) arm();
}

void LoopAlarm::arm() {
  armed_ = wanted_;
  const Duration left = std::max(Duration::zero(), wanted_ - clock_.monotonic_now());
  timer_.expires_after(left);
  timer_.async_wait([this](const IoError& error) {
    if (!error) on_expiry();  // an error: set again, or the alarm is gone
  });
}

void LoopAlarm::on_expiry() {
  armed_ = kNever;
  if (wanted_ == kNever) return;
  if (clock_.monotonic_now() < wanted_) return arm();
  wanted_ = kNever;
  ring_();
}

}  // namespace lockstep::net
