// The rules about one member at a time.
#include "scenarios/oracles_node.h"

#include <algorithm>

#include "core/replica/events.h"
#include "sim/events.h"

namespace lockstep::scenarios {

// ---- election safety ---------------------------------------------------------------------------------

std::span<const env::EventType* const> ElectionSafety::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&replica::kRoleChanged, &replica::kHardStateDurable,
                                                        &replica::kRecovered};
  return kListened;
}

void ElectionSafety::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  Group& group = groups_[group_of(event)];
  if (event.type->number == replica::kRoleChanged.number) {
    const RoleChange change(event);
    if (change.role == raft::Role::kLeader) on_leads(observation, group, change.term);
    return;
  }
  if (event.type->number == replica::kHardStateDurable.number) {
    const Term term(event.fields[1]);
    const NodeId vote(event.fields[2]);
    group.members.insert(observation.node);
    if (!vote.is_none()) group.elections[term].votes.insert({observation.node, vote});
    return;
  }
  // A crash may have swallowed the event of a vote that was written: then it is given after the restart, and
  // nobody has told for whom.
  const Term term = Recovery(event).term;
  group.members.insert(observation.node);
  if (term == Term()) return;
  auto& votes = group.elections[term].votes;
  const auto told = votes.lower_bound({observation.node, NodeId()});
  if (told == votes.end() || told->first != observation.node) votes.insert({observation.node, NodeId()});
}

// A vote leaves its voter after its event. Who has never told its term may have voted for anybody.
void ElectionSafety::on_leads(const Observation& observation, Group& group, Term term) {
  Election& election = group.elections[term];
  count_check();
  if (election.leader == observation.node) return;
  if (!election.leader.is_none())
    return violate(observation, cat("n", observation.node, " leads term ", term, ", which n", election.leader,
                                    " led before"));
  election.leader = observation.node;
  std::size_t holders = voters_ - std::min(voters_, group.members.size());
  for (const NodeId voter : group.members) {
    const bool has_voted =
        election.votes.contains({voter, observation.node}) || election.votes.contains({voter, NodeId()});
    holders += has_voted ? 1 : 0;
  }
  if (holders * 2 > voters_) return;
  violate(observation, cat("n", observation.node, " leads term ", term, " when ", holders, " of ", voters_,
                           " voters had a vote for it durable"));
}

// ---- monotonic ---------------------------------------------------------------------------------------

std::span<const env::EventType* const> Monotonic::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &replica::kHardStateDurable, &replica::kRecovered, &replica::kRoleChanged, &replica::kCommitAdvanced,
      &replica::kEntryApplied,     &sim::kDiskWiped,     &sim::kDiskFault,       &sim::kDiskForgot};
  return kListened;
}

void Monotonic::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  if (event.type->number == sim::kDiskWiped.number) {
    for (auto& [id, group] : groups_) group.members[observation.node] = Member{};
    return;
  }
  if (event.type->number == sim::kDiskFault.number || event.type->number == sim::kDiskForgot.number) {
    if (harms_storage(event))
      for (auto& [id, group] : groups_) group.members[observation.node].is_harmed = true;
    return;
  }
  Group& group = groups_[group_of(event)];
  Member& member = group.members[observation.node];
  if (member.life.incarnation != observation.incarnation) {
    member.life = Life{};
    member.life.incarnation = observation.incarnation;
  }
  switch (event.type->number) {
    case replica::kEntryApplied.number: return on_applied(observation, member);
    case replica::kCommitAdvanced.number: return on_commit(observation, group, member);
    case replica::kHardStateDurable.number: return on_hard_state(observation, member);
    case replica::kRoleChanged.number: return on_role(observation, member);
    case replica::kRecovered.number: return on_recovered(observation, group, member);
    default: return;
  }
}

void Monotonic::check_term(const Observation& observation, Member& member, Term term) {
  count_check();
  if (term < member.life.term)
    violate(observation,
            cat("n", observation.node, " went back from term ", member.life.term, " to term ", term));
  member.life.term = term;
}

void Monotonic::on_hard_state(const Observation& observation, Member& member) {
  const Term term(observation.event.fields[1]);
  const NodeId vote(observation.event.fields[2]);
  count_check();
  if (term < member.durable_term) {
    violate(observation,
            cat("n", observation.node, " made term ", term, " durable after term ", member.durable_term));
  } else if (term == member.durable_term && !member.vote.is_none() && vote != member.vote) {
    violate(observation, vote.is_none() ? cat("n", observation.node, " forgot its vote for n", member.vote,
                                              " in term ", term)
                                        : cat("n", observation.node, " voted for n", member.vote,
                                              " and for n", vote, " in term ", term));
  }
  member.durable_term = term;
  member.vote = vote;
}

// A term that was written just before the crash may be told here for the first time; its vote is not known
// then.
void Monotonic::on_recovered(const Observation& observation, Group& group, Member& member) {
  const Recovery recovery(observation.event);
  count_check();
  if (recovery.term < member.durable_term && !member.is_harmed)
    violate(observation, cat("n", observation.node, " came back in term ", recovery.term, " after term ",
                             member.durable_term, " was durable"));
  if (recovery.term != member.durable_term || member.is_harmed) member.vote = NodeId();
  if (recovery.applied > group.committed)
    violate(observation, cat("n", observation.node, " came back with entry ", recovery.applied,
                             " applied; nobody knew more than ", group.committed, " to be committed"));
  if (recovery.commit > group.committed)
    violate(observation, cat("n", observation.node, " came back with commit index ", recovery.commit,
                             "; nobody knew more than ", group.committed, " to be committed"));
  member.durable_term = recovery.term;
  member.life.term = recovery.term;
  member.life.commit = LogIndex();
  member.life.applied = recovery.applied;
  member.life.is_applied_known = true;
}

void Monotonic::on_role(const Observation& observation, Member& member) {
  check_term(observation, member, RoleChange(observation.event).term);
}

void Monotonic::on_commit(const Observation& observation, Group& group, Member& member) {
  const CommitPoint point(observation.event);
  check_term(observation, member, point.term);
  if (point.index < member.life.commit)
    violate(observation, cat("n", observation.node, " took its commit index back from ", member.life.commit,
                             " to ", point.index));
  member.life.commit = point.index;
  group.committed = std::max(group.committed, point.index);
}

void Monotonic::on_applied(const Observation& observation, Member& member) {
  const LogIndex index(observation.event.fields[1]);
  count_check();
  if (member.life.is_applied_known && index != member.life.applied.next())
    violate(observation,
            cat("n", observation.node, " applied entry ", index, " after entry ", member.life.applied));
  member.life.applied = index;
  member.life.is_applied_known = true;
}

// ---- prefix order ------------------------------------------------------------------------------------

std::span<const env::EventType* const> PrefixOrder::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &replica::kEntryDurable,   &replica::kLogTruncated, &replica::kRecovered,
      &replica::kCommitAdvanced, &replica::kEntryApplied, &replica::kPrefixDropped,
      &sim::kDiskWiped,          &sim::kDiskFault,        &sim::kDiskForgot};
  return kListened;
}

void PrefixOrder::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  if (event.type->number == sim::kDiskFault.number && !harms_storage(event)) return;
  if (takes_from_storage(event)) {
    for (auto& [id, members] : groups_) members[observation.node].is_wiped = true;
    return;
  }
  Group& members = groups_[group_of(event)];
  Member& member = members[observation.node];
  const LogIndex index(event.fields[1]);
  switch (event.type->number) {
    case replica::kEntryDurable.number: member.log_last = index; return;
    case replica::kEntryApplied.number: return on_applied(observation, member);
    case replica::kCommitAdvanced.number: member.commit = index; return;
    case replica::kLogTruncated.number: member.log_last = index.prev(); return;
    case replica::kRecovered.number: {
      const Recovery recovery(event);
      member.log_last = recovery.last;
      member.commit = recovery.commit;
      member.applied = recovery.applied;
      return;
    }
    case replica::kPrefixDropped.number: return on_prefix_dropped(observation, members);
    default: return;
  }
}

void PrefixOrder::on_applied(const Observation& observation, Member& member) {
  const LogIndex index(observation.event.fields[1]);
  count_check();
  if (index > member.commit)
    violate(observation, cat("n", observation.node, " applied entry ", index, " and knew only ",
                             member.commit, " to be committed"));
  member.applied = index;
}

void PrefixOrder::on_prefix_dropped(const Observation& observation, Group& members) {
  const LogIndex first(observation.event.fields[1]);
  const LogIndex durable(observation.event.fields[2]);
  const LogIndex everywhere(observation.event.fields[3]);
  const LogIndex dropped = first.prev();
  const auto require = [&](LogIndex limit, std::string_view what) {
    count_check();
    if (dropped > limit)
      violate(observation,
              cat("n", observation.node, " dropped its log up to ", dropped, "; ", what, " only ", limit));
  };
  const Member& member = members[observation.node];
  require(durable, "its database is durable up to");
  require(member.applied, "it has applied");
  require(everywhere, "it knows to be everywhere");
  if (durable > member.applied)
    violate(observation, cat("n", observation.node, " calls its database durable up to ", durable,
                             "; it has applied only ", member.applied));
  if (members.size() < voters_) require(LogIndex(), "a voter has never reported its log; safe is");
  for (const auto& [node, other] : members)
    if (!other.is_wiped) require(other.log_last, cat("n", node, " has durable"));
}

}  // namespace lockstep::scenarios
