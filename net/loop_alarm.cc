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
  timer_.async_wait([this, wait = wait_, mine = ++*wait_](const IoError& error) {
    if (!error && *wait == mine) on_expiry();
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
