// Asio's context with conditions and delays.
#include "net/event_loop.h"

#include <memory>
#include <thread>

namespace lockstep::net {
namespace {

// After the last event the loop looks for the next one itself for a while, and lets others have the processor
// in between. To fall asleep and be woken costs more than most answers take to come (docs/decisions/0062).
// When events come one by one, somebody waits for each of them; when many come at once the processor is
// wanted elsewhere: 50 us cost a sixth of the writes at 64 outstanding.
constexpr Duration kLinger = std::chrono::microseconds(15);
constexpr Duration kLingerWhenQuiet = std::chrono::microseconds(80);
constexpr std::size_t kQuiet = 3;  // handlers in a turn

}  // namespace

EventLoop::EventLoop() : work_(asio::make_work_guard(context_)) {}

// Restarted behind each run, not before it: a stop() that comes early, such as a signal's, is not lost.
void EventLoop::run() {
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  Duration linger = kLinger;
  while (!context_.stopped()) {
    if (const std::size_t handled = context_.poll(); handled > 0) {
      linger = handled <= kQuiet ? kLingerWhenQuiet : kLinger;
      last = Clock::now();
    } else if (Clock::now() - last < linger) {
      std::this_thread::yield();
    } else {
      context_.run_one();
      last = Clock::now();
    }
  }
  context_.restart();
}

bool EventLoop::run_until(const std::function<bool()>& condition, Duration at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    const bool stopped = context_.stopped();
    if (stopped) context_.restart();
    if (stopped || std::chrono::steady_clock::now() >= end) return condition();
    context_.run_one_until(end);
  }
  return true;
}

void EventLoop::run_for(Duration duration) {
  context_.run_for(duration);
  if (context_.stopped()) context_.restart();
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
