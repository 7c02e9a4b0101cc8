// Stands between the trace and those who judge it: shows every oracle the events that it listens to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reports/verdict.h"
#include "scenarios/oracles.h"
#include "scenarios/pause_window.h"
#include "sim/recorder.h"

namespace lockstep::scenarios {

class Witness final : public sim::Observer {
 public:
  // Outlives the world whose events it sees.
  explicit Witness(const OracleContext& context) : voters_(context.voters), oracles_(make_oracles(context)) {}

  void attend(sim::Recorder& recorder);
  const PauseWindow& window() const { return window_; }
  // One row per oracle, and one about nodes that stopped themselves.
  std::vector<reports::Verdict> verdicts() const;

 private:
  void on_event(const sim::Recorded& recorded) override;
  void listen(sim::Recorder& recorder, const env::EventType& type);

  std::size_t voters_;
  std::vector<std::unique_ptr<Oracle>> oracles_;
  std::vector<std::vector<Oracle*>> by_type_ = std::vector<std::vector<Oracle*>>(sim::Recorder::kMostTypes);
  PauseWindow window_;
  std::vector<bool> of_window_ = std::vector<bool>(sim::Recorder::kMostTypes);  // by event number
  std::vector<std::string> stopped_nodes_;
};

}  // namespace lockstep::scenarios
