// Which rules each process must follow so that all of them together are the network of the scenario.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "net/link_rules.h"
#include "scenarios/roster.h"
#include "scenarios/stage.h"

namespace lockstep::real {

using scenarios::Action;
using scenarios::Between;
using scenarios::NetworkFaultId;
using scenarios::Roster;

// Each frame is judged once: between nodes by its sender, between a node and another (a client, an edge, the
// cloud) by that other, both ways.
class LinkPlan {
 public:
  // Both outlive the plan.
  LinkPlan(const scenarios::Network& network, const Roster& roster) : network_(network), roster_(roster) {}

  NetworkFaultId begin(const Action& action, Between between, std::uint64_t& effects);
  void end(NetworkFaultId fault) { active_.erase(fault); }
  void end_all();
  void set_apart(std::set<NodeId> healed) { healed_ = std::move(healed); }

  std::vector<net::LinkRule> rules_of(NodeId process) const;
  net::LinkLatency latency_of(NodeId process) const;
  // `frames` more have been struck by a rule; those of no fault are nobody's.
  void count(std::uint64_t rule, std::uint64_t frames);

 private:
  struct Active {
    net::LinkFault fault = net::LinkFault::kDrop;
    std::uint32_t parts_per_million = 1'000'000;
    Latency extra{};
    Between between;
  };
  static Active with_verb(const Action& action, Duration far);
  // Whom the process shares a judged link with.
  std::set<NodeId> peers_of(NodeId process) const;
  void add_fault(std::vector<net::LinkRule>& rules, NodeId process, NetworkFaultId id,
                 const Active& active) const;
  void add_apart(std::vector<net::LinkRule>& rules, NodeId process) const;
  void add_permanent(std::vector<net::LinkRule>& rules, NodeId process) const;

  const scenarios::Network& network_;
  const Roster& roster_;
  NetworkFaultId next_ = 0;
  std::map<NetworkFaultId, Active> active_;
  std::map<NetworkFaultId, std::uint64_t*> effects_;  // also of those that have ended
  std::set<NodeId> healed_;                           // empty: nobody is set apart
};

}  // namespace lockstep::real
