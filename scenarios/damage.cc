// Which events are damage.
#include "scenarios/damage.h"

#include <algorithm>

#include "core/replica/events.h"
#include "edge/events.h"
#include "scenarios/replica_facts.h"
#include "scenarios/roster.h"
#include "sim/events.h"

namespace lockstep::scenarios {

std::span<const env::EventType* const> Damage::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &sim::kDiskFault,         &sim::kDiskForgot,      &sim::kDiskWiped,
      &sim::kProcessStarted,    &replica::kNodeFailed,  &replica::kRecovered,
      &replica::kPrefixDropped, &replica::kRoleChanged, &replica::kEntryDurable,
      &replica::kLogTruncated,  &edge::kEdgeStopped,    &edge::kHubRefuses,
      &edge::kHubFound};
  return kListened;
}

void Damage::on_event(const Observation& observation) {
  switch (observation.event.type->number) {
    case sim::kDiskFault.number:
    case sim::kDiskForgot.number:
    case sim::kDiskWiped.number:
      if (takes_from_storage(observation.event)) damaged_.insert(observation.node);
      return;
    case sim::kProcessStarted.number:
      stopped_.erase(observation.node);
      refused_.erase(observation.node);
      return;
    case edge::kHubRefuses.number: refused_.insert(observation.node); return;
    case edge::kHubFound.number: refused_.erase(observation.node); return;
    case replica::kRecovered.number: {
      const Recovery recovery(observation.event);
      first_[observation.node] = recovery.first;
      last_[observation.node] = recovery.last;
      return;
    }
    case replica::kEntryDurable.number: last_[observation.node] = DurableEntry(observation.event).index; return;
    case replica::kLogTruncated.number: last_[observation.node] = Truncation(observation.event).from.prev(); return;
    case replica::kPrefixDropped.number:
      first_[observation.node] = LogIndex(observation.event.fields[1]);
      return;
    case replica::kRoleChanged.number: {
      const RoleChange change(observation.event);
      if (change.role != raft::Role::kLeader || change.term < term_) return;
      leader_ = observation.node;
      term_ = change.term;
      return;
    }
    case replica::kNodeFailed.number:
    case edge::kEdgeStopped.number: stopped_.insert(observation.node); return;
    default: return;
  }
}

bool Damage::has_lost_any() const {
  return std::ranges::any_of(damaged_, [this](NodeId who) { return Roster::is_node(who) && is_lost(who); });
}

std::size_t Damage::damaged() const {
  return static_cast<std::size_t>(std::ranges::count_if(damaged_, &Roster::is_node));
}

bool Damage::is_beyond_the_leaders_log(NodeId node) const {
  const auto last = last_.find(node);
  const auto first = first_.find(leader_);
  return last != last_.end() && first != first_.end() && node != leader_ &&
         first->second > last->second.next();
}

}  // namespace lockstep::scenarios
