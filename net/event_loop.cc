// Asio's context with conditions and delays.
#include "net/event_loop.h"

#include <memory>

namespace lockstep::net {

EventLoop::EventLoop() : work_(asio::make_work_guard(context_)) {}

void EventLoop::run() {
  context_.restart();
  context_.run();
}

bool EventLoop::run_until(const std::function<bool()>& condition, Duration at_most) {
  context_.restart();
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end || context_.stopped()) return condition();
    context_.run_one_until(end);
  }
  return true;
}

void EventLoop::run_for(Duration duration) {
  context_.restart();
  context_.run_for(duration);
}

void EventLoop::post(std::function<void()> function) { asio::post(context_, std::move(function)); }

void EventLoop::stop() { context_.stop(); }

void EventLoop::after(Duration delay, std::function<void()> function) {
  auto timer = std::make_shared<asio::steady_timer>(context_, delay);
  timer->async_wait([timer, function = std::move(function)](const IoError& error) {
    if (!error) function();
  });
}

}  // namespace lockstep::net
