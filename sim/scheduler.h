// The one queue of the simulated world: events in the order of (time, sequence).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/sim_time.h"

namespace lockstep::sim {

// Gets events. `token` is what the receiver gave when it scheduled: an id of its own, never an address,
// so that an event whose object is gone is recognised.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void on_event(std::uint64_t token) = 0;
};

class Scheduler final : private Receiver {
 public:
  SimTime now() const { return now_; }
  // Events of one instant come in the order in which they were scheduled. A time in the past means now.
  // The receiver outlives the queue.
  void schedule(SimTime at, Receiver& receiver, std::uint64_t token);
  // For rare events: nemeses and tests.
  void call(SimTime at, std::function<void()> callback);

  bool empty() const { return heap_.empty(); }
  // kEndOfTime when the queue is empty.
  SimTime next_time() const { return heap_.empty() ? kEndOfTime : heap_.front().time; }
  // Delivers the next event; false when there is none.
  bool step();
  // Moves time on to `at`; nothing may be due before (checked).
  void advance(SimTime at);
  std::uint64_t events() const { return delivered_; }

  // Something went round in circles at one instant. From then on nothing comes sooner than kLeastStep after what
  // caused it: time passes again, and what waits for its end comes to it.
  struct Standstill {
    SimTime at;
    const Receiver* last;  // who got the event that was one too many
  };
  static constexpr std::uint64_t kMostAtOnce = 1'000'000;  // events
  static constexpr Duration kAtOnce = std::chrono::microseconds(1);
  static constexpr Duration kLeastStep = std::chrono::milliseconds(1);
  const std::optional<Standstill>& standstill() const { return standstill_; }

 private:
  struct Entry {
    SimTime time;
    std::uint64_t sequence;
    Receiver* receiver;
    std::uint64_t token;

    bool is_before(const Entry& other) const {
      return time != other.time ? time < other.time : sequence < other.sequence;
    }
  };

  void on_event(std::uint64_t token) override;
  Entry pop();
  void note_delivery(const Receiver& receiver);

  SimTime now_{};
  std::uint64_t next_sequence_ = 0;
  std::uint64_t delivered_ = 0;
  SimTime instant_{};             // when the present one began
  std::uint64_t at_instant_ = 0;  // events
  std::optional<Standstill> standstill_;
  std::vector<Entry> heap_;  // four children to a parent: half the depth of a binary heap
  std::vector<std::function<void()>> callbacks_;
  std::vector<std::size_t> free_callbacks_;
};

}  // namespace lockstep::sim
