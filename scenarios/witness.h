// Stands between the trace and those who judge it: shows every oracle the events that it listens to.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reports/verdict.h"
#include "scenarios/node_health.h"
#include "scenarios/oracles.h"
#include "scenarios/stage.h"

namespace lockstep::scenarios {

class Witness final : public Observer {
 public:
  // Outlives the world whose events it sees.
  explicit Witness(const OracleContext& context);

  void attend(Events& events);
  // One row per oracle, and one about nodes that stopped themselves. `gap`: why the trace is not whole; then
  // an oracle knows nothing, for what it missed may be what would explain what it saw.
  std::vector<reports::Verdict> verdicts(const std::string& gap = {}) const;

 private:
  void on_event(const Observation& observation) override;

  // An oracle's effort is counted and not timed: a clock here would make two runs of a seed differ.
  struct Seat {
    std::unique_ptr<Oracle> oracle;
    std::uint64_t events = 0;  // that it was shown
  };

  std::size_t voters_;
  std::size_t edges_;
  std::vector<Seat> seats_;
  std::map<std::uint16_t, std::vector<std::size_t>> by_type_;  // places in seats_, by event number
  NodeHealth health_;
};

}  // namespace lockstep::scenarios
