// The network faults of a scenario that are on at the moment, as one rule of the simulated network.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "scenarios/stage.h"
#include "sim/link_rules.h"

namespace lockstep::scenarios {

// Asked before the permanent rules, so that a partition holds whatever else the network does. The first fault
// with an opinion wins.
class NetworkFaults final : public sim::LinkRule {
 public:
  // Frames that are doubled or overtaken are held back by up to `far`.
  explicit NetworkFaults(Duration far) : far_(far) {}

  // As Stage's calls of these names.
  NetworkFaultId begin(const Action& action, Between between, std::uint64_t& effects);
  void end(NetworkFaultId id);
  void end_all();
  void set_apart(std::set<NodeId> healed) { healed_ = std::move(healed); }

  std::optional<sim::Verdict> judge(const sim::FrameFacts& facts) override;

 private:
  struct Active {
    NetworkFaultId id;
    Between between;
    std::unique_ptr<sim::LinkRule> rule;
    std::uint64_t* effects;
  };
  Duration far_;
  NetworkFaultId next_ = 0;
  std::vector<Active> active_;
  std::set<NodeId> healed_;  // empty: nobody is set apart
};

// Strikes frames with this probability; `most_extra` bounds what duplicates and reordered frames are held
// back by.
std::unique_ptr<sim::LinkRule> with_probability(Probability share, sim::Verdict::Kind kind,
                                                Duration most_extra);

}  // namespace lockstep::scenarios
