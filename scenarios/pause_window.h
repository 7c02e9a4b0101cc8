// The window between a durable Prepare and its decision, and which faults fell into it.
#pragma once

#include <cstdint>
#include <set>
#include <span>

#include "scenarios/stage.h"

namespace lockstep::scenarios {

// A window opens when a leader reports that a Prepare is as durable as its mode asks (transaction_durable),
// and closes when the first node applies the decision; the node that opened it may be dead by then. Faults
// are the death of any process and the loss of power.
class PauseWindow final : public Observer {
 public:
  std::span<const env::EventType* const> listens_to() const;
  void on_event(const Observation& observation) override;

  // Of the events that were shown so far.
  bool open_at_last_event() const { return !open_.empty(); }
  std::uint64_t opened() const { return opened_; }
  std::uint64_t faults_inside() const { return faults_inside_; }
  std::uint64_t faults_outside() const { return faults_outside_; }

 private:
  std::set<LogIndex> open_;
  std::set<LogIndex> decided_;  // a late report of durability opens nothing
  std::uint64_t opened_ = 0;
  std::uint64_t faults_inside_ = 0;
  std::uint64_t faults_outside_ = 0;
};

}  // namespace lockstep::scenarios
