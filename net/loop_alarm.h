// The port Alarm on a timer of the event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/env/clock.h"
#include "net/asio.h"

namespace lockstep::net {

// An actor moves its alarm at almost every turn, mostly to later. The timer is left as it is then: when it
// expires too early, it is set again, and nobody is told.
class LoopAlarm final : public env::Alarm {
 public:
  LoopAlarm(asio::io_context& context, env::Clock& clock, std::function<void()> ring)
      : clock_(clock), ring_(std::move(ring)), timer_(context) {}
  ~LoopAlarm() override { ++*wait_; }

  void set(Instant at) override;

 private:
  void arm();
  void on_expiry();

  env::Clock& clock_;
  std::function<void()> ring_;
  asio::steady_timer timer_;
  Instant wanted_ = kNever;
  Instant armed_ = kNever;  // when the timer expires; never: it is idle
  // Counts waits. A timer that has expired calls back even if it is set again or destroyed in between.
  std::shared_ptr<std::uint64_t> wait_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace lockstep::net
