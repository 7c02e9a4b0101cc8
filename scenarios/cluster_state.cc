// Constant time per event, but for the few that start, end and elect.
#include "scenarios/cluster_state.h"

#include <algorithm>

#include "core/raft/types.h"
#include "core/replica/events.h"
#include "core/service/events.h"
#include "scenarios/replica_facts.h"
#include "scenarios/roster.h"
#include "sim/events.h"

namespace lockstep::scenarios {

std::string_view to_string(Condition condition) {
  switch (condition) {
    case Condition::kStable: return "stable";
    case Condition::kElecting: return "electing";
    case Condition::kMinorityDown: return "minority down";
    case Condition::kMajorityDown: return "majority down";
    case Condition::kPreparePending: return "prepare pending";
    case Condition::kCatchingUp: return "catching up";
  }
  return "";
}

std::span<const env::EventType* const> ClusterState::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &sim::kProcessStarted,   &sim::kProcessKilled,          &sim::kPowerLost,
      &replica::kRecovered,    &replica::kRoleChanged,        &replica::kCommitAdvanced,
      &replica::kEntryApplied, &replica::kTransactionDecided, &service::kTransactionDurable};
  return kListened;
}

void ClusterState::on_event(const Observation& observation) {
  window_.on_event(observation);
  if (!Roster::is_node(observation.node)) return;
  const env::Event& event = observation.event;
  switch (event.type->number) {
    case sim::kProcessStarted.number: running_[observation.node] = {}; return;
    case sim::kProcessKilled.number:
    case sim::kPowerLost.number: running_.erase(observation.node); return;
    case replica::kRecovered.number: return on_recovered(observation.node, Recovery(event).applied.value());
    case replica::kRoleChanged.number:
      running_[observation.node].leads = RoleChange(event).role == raft::Role::kLeader;
      return;
    case replica::kCommitAdvanced.number:
      commit_ = std::max(commit_, CommitPoint(event).index.value());
      return;
    case replica::kEntryApplied.number:
      return on_applied(observation.node, AppliedEntry(event).index.value());
    default: return;
  }
}

void ClusterState::on_recovered(NodeId node, std::uint64_t applied) {
  running_[node].owes = applied < commit_ ? commit_ : 0;
}

void ClusterState::on_applied(NodeId node, std::uint64_t index) {
  Standing& standing = running_[node];
  if (standing.owes != 0 && index >= standing.owes) standing.owes = 0;
}

std::vector<Condition> ClusterState::conditions() const {
  std::vector<Condition> found;
  const auto any = [this](auto is) { return std::any_of(running_.begin(), running_.end(), is); };
  if (!any([](const auto& node) { return node.second.leads; })) found.push_back(Condition::kElecting);
  if (running_.size() * 2 <= nodes_) {
    found.push_back(Condition::kMajorityDown);
  } else if (running_.size() < nodes_) {
    found.push_back(Condition::kMinorityDown);
  }
  if (window_.open_at_last_event()) found.push_back(Condition::kPreparePending);
  if (any([](const auto& node) { return node.second.owes != 0; })) found.push_back(Condition::kCatchingUp);
  if (found.empty()) found.push_back(Condition::kStable);
  return found;
}

}  // namespace lockstep::scenarios
