// Resolved groups become sets of peers, a direction at a time.
#include "scenarios/real/link_plan.h"

#include "base/check.h"

namespace lockstep::real {
namespace {

using net::LinkFault;
using net::LinkRule;

// Ids of rules: two for each fault of the scenario, then those that are always there.
constexpr std::uint64_t kApart = 1;
constexpr std::uint64_t kLoss = 2;
constexpr std::uint64_t kDuplicate = 3;
constexpr std::uint64_t kReorder = 4;
constexpr std::uint64_t kFirstOfFaults = 10;

// Spread between nothing and `far`, as the simulator holds such frames back.
Latency up_to(Duration far) { return {.median = far / 2, .p99 = far}; }

}  // namespace

LinkPlan::Active LinkPlan::with_verb(const Action& action, Duration far) {
  Active active;
  if (const auto* loss = std::get_if<scenarios::Loss>(&action)) {
    active.parts_per_million = loss->share.parts_per_million;
  } else if (const auto* delay = std::get_if<scenarios::Delay>(&action)) {
    active.fault = LinkFault::kDelay;
    active.extra = {.median = delay->extra.median, .p99 = delay->extra.p99};
  } else if (const auto* duplicate = std::get_if<scenarios::Duplicate>(&action)) {
    active.fault = LinkFault::kDuplicate;
    active.parts_per_million = duplicate->share.parts_per_million;
    active.extra = up_to(far);
  } else if (const auto* reorder = std::get_if<scenarios::Reorder>(&action)) {
    active.fault = LinkFault::kReorder;
    active.parts_per_million = reorder->share.parts_per_million;
    active.extra = up_to(far);
  } else {
    CHECK(std::holds_alternative<scenarios::Partition>(action), "no fault of the network: ", verb_of(action));
  }
  return active;
}

NetworkFaultId LinkPlan::begin(const Action& action, Between between, std::uint64_t& effects) {
  const NetworkFaultId id = ++next_;
  Active& active = active_[id] = with_verb(action, network_.latency.p99 * 4);
  active.between = std::move(between);
  effects_[id] = &effects;
  return id;
}

void LinkPlan::end_all() {
  active_.clear();
  healed_.clear();
}

std::set<NodeId> LinkPlan::peers_of(NodeId process) const {
  const auto nodes = roster_.nodes();
  std::set<NodeId> peers(nodes.begin(), nodes.end());
  peers.erase(process);
  return peers;
}

std::vector<LinkRule> LinkPlan::rules_of(NodeId process) const {
  std::vector<LinkRule> rules;
  if (!healed_.empty()) add_apart(rules, process);
  for (const auto& [id, active] : active_) add_fault(rules, process, id, active);
  add_permanent(rules, process);
  return rules;
}

void LinkPlan::add_apart(std::vector<LinkRule>& rules, NodeId process) const {
  LinkRule rule{.id = kApart};
  rule.filter.incoming = !Roster::is_node(process);
  rule.filter.peers.emplace();
  for (const NodeId peer : peers_of(process))
    if (healed_.contains(peer) != healed_.contains(process)) rule.filter.peers->insert(peer);
  if (!rule.filter.peers->empty()) rules.push_back(std::move(rule));
}

void LinkPlan::add_fault(std::vector<LinkRule>& rules, NodeId process, NetworkFaultId id,
                         const Active& active) const {
  if (healed_.contains(process)) return;
  for (const bool outgoing : {true, false}) {
    if (!outgoing && Roster::is_node(process)) continue;
    LinkRule rule{.id = kFirstOfFaults + 2 * id + (outgoing ? 0 : 1),
                  .filter = {.peers = std::set<NodeId>(), .outgoing = outgoing, .incoming = !outgoing},
                  .fault = active.fault,
                  .parts_per_million = active.parts_per_million,
                  .extra = active.extra};
    for (const NodeId peer : peers_of(process)) {
      if (healed_.contains(peer)) continue;
      const bool concerned =
          outgoing ? active.between.concerns(process, peer) : active.between.concerns(peer, process);
      if (concerned) rule.filter.peers->insert(peer);
    }
    if (!rule.filter.peers->empty()) rules.push_back(std::move(rule));
  }
}

void LinkPlan::add_permanent(std::vector<LinkRule>& rules, NodeId process) const {
  const Duration far = network_.latency.p99 * 2;
  const net::LinkFilter filter{.peers = peers_of(process), .incoming = !Roster::is_node(process)};
  const auto add = [&](std::uint64_t id, LinkFault fault, scenarios::Probability share, Latency extra) {
    if (share.parts_per_million == 0) return;
    rules.push_back({.id = id,
                     .filter = filter,
                     .fault = fault,
                     .parts_per_million = share.parts_per_million,
                     .extra = extra});
  };
  add(kLoss, LinkFault::kDrop, network_.loss, {});
  add(kDuplicate, LinkFault::kDuplicate, network_.duplicate, up_to(far));
  add(kReorder, LinkFault::kReorder, network_.reorder, up_to(far));
}

net::LinkLatency LinkPlan::latency_of(NodeId process) const {
  return {.filter = {.peers = peers_of(process), .incoming = !Roster::is_node(process)},
          .latency = {.median = network_.latency.median, .p99 = network_.latency.p99}};
}

void LinkPlan::count(std::uint64_t rule, std::uint64_t frames) {
  if (rule < kFirstOfFaults) return;
  const auto found = effects_.find((rule - kFirstOfFaults) / 2);
  if (found != effects_.end()) *found->second += frames;
}

}  // namespace lockstep::real
