// The one thread on which actors and sockets of this process run.
#pragma once

#include <functional>

#include "base/time.h"
#include "net/asio.h"

namespace lockstep::net {

// Everything but post() and stop() belongs to the thread that runs it.
class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  asio::io_context& context() { return context_; }

  // Until stop(); one that came before counts.
  void run();
  // Until the condition holds, looked at after every event, or this long; returns whether it holds.
  bool run_until(const std::function<bool()>& condition, Duration at_most);
  void run_for(Duration duration);

  // From any thread.
  void post(std::function<void()> function);
  void stop();
  // On the loop, once, not before then; there is no way to call it off.
  void after(Duration delay, std::function<void()> function);

 private:
  asio::io_context context_{1};  // a hint: one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> work_;
};

}  // namespace lockstep::net
