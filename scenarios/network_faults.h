// The network faults of a scenario that are on at the moment, as one rule of the simulated network.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "sim/link_rules.h"

namespace lockstep::scenarios {

// Frames between members of different groups; with one_way only from the first group to the second. No group: every
// frame.
struct Between {
  std::vector<std::set<NodeId>> groups;
  bool one_way = false;

  bool concerns(NodeId from, NodeId to) const;
};

// Asked before the permanent rules, so that a partition holds whatever else the network does. The first fault with an
// opinion wins.
class NetworkFaults final : public sim::LinkRule {
 public:
  // `effects` counts the frames on which the fault had an opinion; it outlives the rule.
  void add(std::uint64_t id, Between between, std::unique_ptr<sim::LinkRule> rule, std::uint64_t& effects);
  void remove(std::uint64_t id);
  // No faults any more, between nobody.
  void clear();
  // No fault touches frames between these hosts any more, and no frame passes between them and the others: a leader
  // among those, half cut off, would keep these from electing one that all of them can hear.
  void set_apart(std::set<NodeId> healed) { healed_ = std::move(healed); }

  std::optional<sim::Verdict> judge(const sim::FrameFacts& facts) override;

 private:
  struct Active {
    std::uint64_t id;
    Between between;
    std::unique_ptr<sim::LinkRule> rule;
    std::uint64_t* effects;
  };
  std::vector<Active> active_;
  std::set<NodeId> healed_;  // empty: nobody is set apart
};

}  // namespace lockstep::scenarios
