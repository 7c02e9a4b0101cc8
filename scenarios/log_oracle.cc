// Tables are brought up to date after the oracle has looked, so that it sees what an event meets.
#include "scenarios/log_oracle.h"

#include <algorithm>

#include "core/replica/events.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr const env::EventType* kListened[] = {
    &replica::kEntryDurable,   &replica::kLogTruncated,  &replica::kRecovered,   &replica::kRoleChanged,
    &replica::kCommitAdvanced, &replica::kEntryApplied,  &replica::kPrefixDropped, &sim::kDiskWiped,
    &sim::kDiskFault,          &sim::kDiskForgot,
};

}  // namespace

const CommitPoint* LogOracle::Group::point_covering(LogIndex index) const {
  const auto found = std::lower_bound(points.begin(), points.end(), index,
                                      [](const CommitPoint& point, LogIndex at) { return point.index < at; });
  return found == points.end() ? nullptr : &*found;
}

std::span<const env::EventType* const> LogOracle::listens_to() const { return kListened; }

void LogOracle::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  if (event.type->number == sim::kDiskWiped.number) return forget_disk(observation.node);
  if (event.type->number == sim::kDiskFault.number || event.type->number == sim::kDiskForgot.number) {
    if (harms_storage(event))
      for (auto& [id, harmed] : groups_) harmed.members[observation.node].is_harmed = true;
    return;
  }
  Group& group = groups_[group_of(event)];
  group.id = group_of(event);
  switch (event.type->number) {
    case replica::kEntryDurable.number: return take_durable(observation, group);
    case replica::kEntryApplied.number: return take_applied(observation, group);
    case replica::kCommitAdvanced.number: return take_commit(observation, group);
    case replica::kLogTruncated.number: return take_truncated(observation, group);
    case replica::kRecovered.number: return take_recovered(observation, group);
    case replica::kRoleChanged.number: {
      const RoleChange change(event);
      group.members[observation.node].leads = change.role == raft::Role::kLeader ? change.term : Term();
      return;
    }
    case replica::kPrefixDropped.number:
      group.starts.note(observation.node, LogIndex(event.fields[1]));
      return on_prefix_dropped(group);
    default: return;
  }
}

void LogOracle::take_durable(const Observation& observation, Group& group) {
  const DurableEntry entry(observation.event);
  Member& member = group.members[observation.node];
  on_durable(observation, group, member, entry);
  member.log.put(entry.index, entry.term);
}

void LogOracle::take_truncated(const Observation& observation, Group& group) {
  const Truncation truncation(observation.event);
  Member& member = group.members[observation.node];
  on_truncated(observation, group, member, truncation);
  member.log.cut(truncation.from);
}

void LogOracle::take_recovered(const Observation& observation, Group& group) {
  const Recovery recovery(observation.event);
  Member& member = group.members[observation.node];
  on_recovered(observation, group, member, recovery);
  member.log.recover(recovery.last, recovery.term, group.committed);
  member.leads = Term();
  member.old_commit = recovery.commit;
}

void LogOracle::take_commit(const Observation& observation, Group& group) {
  const CommitPoint point(observation.event);
  if (point.index <= group.members[observation.node].old_commit) return;
  on_commit(observation, group, point);
  if (point.index <= group.newest_point().index) return;
  if (!group.points.empty() && group.points.back().term == point.term) {
    group.points.back() = point;
  } else {
    group.points.push_back(point);
  }
}

void LogOracle::take_applied(const Observation& observation, Group& group) {
  const AppliedEntry entry(observation.event);
  if (entry.index <= group.committed.last()) return;
  on_applied(observation, group, entry);
  group.committed.put(entry.index, entry.term);
}

void LogOracle::forget_disk(NodeId node) {
  for (auto& [id, group] : groups_) group.members[node] = Member{};
}

}  // namespace lockstep::scenarios
