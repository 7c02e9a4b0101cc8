// What judges a run: oracles see events, in order, and nothing else; the same ones judge simulated and real runs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env/trace.h"
#include "base/ids.h"
#include "base/time.h"

namespace lockstep::scenarios {

// One event of a trace with its place in it.
struct Observation {
  std::uint64_t order = 0;  // position in the trace of the run
  Duration at{};            // since the run began
  NodeId node;
  Incarnation incarnation;
  const env::Event& event;
};

// A promise that was broken: where it was first seen, and a sentence for a person.
struct Violation {
  std::uint64_t order = 0;
  Duration at{};
  NodeId node;
  std::string sentence;
};

// Constant time per event. An oracle needs the order of events within one process, and that an effect never comes
// before its cause.
class Oracle {
 public:
  virtual ~Oracle() = default;
  virtual std::string_view name() const = 0;     // stable key: "election-safety"
  virtual std::string_view promise() const = 0;  // one sentence
  virtual std::span<const env::EventType* const> listens_to() const = 0;
  virtual void on_event(const Observation& observation) = 0;
  // Sentences: of whom what was not asked, and why.
  virtual std::vector<std::string> excused() const { return {}; }

  const std::vector<Violation>& violations() const { return violations_; }  // the first few
  std::uint64_t checked() const { return checked_; }                        // how many facts were compared
  bool violated() const { return violation_count_ > 0; }
  std::uint64_t violations_left_out() const { return violation_count_ - violations_.size(); }

 protected:
  void count_check() { ++checked_; }
  void violate(const Observation& observation, std::string sentence) {
    if (++violation_count_ <= kMostKept)
      violations_.push_back({observation.order, observation.at, observation.node, std::move(sentence)});
  }

 private:
  static constexpr std::uint64_t kMostKept = 10;
  std::vector<Violation> violations_;
  std::uint64_t violation_count_ = 0;
  std::uint64_t checked_ = 0;
};

}  // namespace lockstep::scenarios
