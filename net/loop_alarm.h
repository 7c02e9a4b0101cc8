// The port Alarm on a timer of the event loop.
#pragma once

#include <functional>

#include "base/env/clock.h"
#include "net/asio.h"

namespace lockstep::net {

// An actor moves its alarm at almost every turn, mostly to later. The timer is left as it is then: when it
// expires too early, it is set again, and nobody is told.
class LoopAlarm final : public env::Alarm {
 public:
  LoopAlarm(asio::io_context& context, env::Clock& clock, std::function<void()> ring)
      : clock_(clock), ring_(std::move(ring)), timer_(context) {}

  void set(Instant at) override;

 private:
  void arm();
  void on_expiry();

  env::Clock& clock_;
  std::function<void()> ring_;
  asio::steady_timer timer_;
  Instant wanted_ = kNever;
  Instant armed_ = kNever;  // when the timer expires; never: it is idle
};

}  // namespace lockstep::net
