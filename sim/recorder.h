// Where every event of a run passes: numbered, folded into the rolling hash, shown to whoever subscribed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/env/trace.h"
#include "base/ids.h"
#include "sim/sim_time.h"

namespace lockstep::sim {

struct Recorded {
  std::uint64_t order;  // 0 for the first event of the run
  SimTime time;
  NodeId node;
  Incarnation incarnation;
  const env::Event& event;
};

class Observer {
 public:
  virtual ~Observer() = default;
  // In the order of the run.
  virtual void on_event(const Recorded& recorded) = 0;
};

// What two runs are compared by.
struct Fingerprint {
  std::uint64_t hash = 0;               // of all events
  std::uint64_t events = 0;
  std::vector<std::uint64_t> windows;   // the rolling hash after each full window
};

class Recorder {
 public:
  // A window hash covers all events up to the end of its window.
  static constexpr std::uint64_t kWindowEvents = 4096;
  static constexpr std::uint16_t kMostTypes = 1024;

  // For observers that only look: those of all events are told first. Observers outlive the run.
  void subscribe(const env::EventType& type, Observer& observer);
  void subscribe_all(Observer& observer) { to_all_.push_back(&observer); }
  // For observers that act on the world (a nemesis): told when everybody who only looks has been told, so
  // that what they cause is seen after what caused it.
  void subscribe_acting(const env::EventType& type, Observer& observer);

  void record(SimTime time, NodeId node, Incarnation incarnation, const env::Event& event);

  std::uint64_t hash() const { return hash_; }
  std::uint64_t events() const { return events_; }
  const std::vector<std::uint64_t>& windows() const { return windows_; }
  Fingerprint fingerprint() const { return {hash_, events_, windows_}; }

 private:
  std::uint64_t hash_ = 0;
  std::uint64_t events_ = 0;
  std::vector<std::uint64_t> windows_;
  struct Subscribers {
    std::vector<Observer*> looking;
    std::vector<Observer*> acting;
    bool none() const { return looking.empty() && acting.empty(); }
  };
  std::vector<Observer*> to_all_;
  std::vector<Subscribers> to_type_ = std::vector<Subscribers>(kMostTypes);
};

// The first window in which two runs differ, if they do; the events to look at are [window *
// kWindowEvents, (window + 1) * kWindowEvents).
std::optional<std::uint64_t> first_differing_window(const Fingerprint& a, const Fingerprint& b);

}  // namespace lockstep::sim
