// Why each rule is sound: events of one node are in order, an entry's event comes after its sync and before its
// acknowledgement, and a commit is told before anybody else can hear of it.
#include "scenarios/oracles_log.h"

#include <algorithm>

namespace lockstep::scenarios {

// ---- leader append-only -----------------------------------------------------------------------------------------

void LeaderAppendOnly::on_durable(const Observation& observation, Group&, Member& member, const DurableEntry& entry) {
  if (member.leads == Term()) return;
  count_check();
  if (entry.index > member.log.last() || member.log.may_hold(entry.index, entry.term)) return;
  violate(observation, cat("n", observation.node, " leads term ", member.leads, " and overwrote its own entry ",
                           entry.index, " of term ", member.log.at(entry.index), " with one of term ", entry.term));
}

// A node leads only after its own vote is durable, and so is every truncation from before: no late news here.
void LeaderAppendOnly::on_truncated(const Observation& observation, Group&, Member& member,
                                    const Truncation& truncation) {
  count_check();
  if (truncation.role != raft::Role::kLeader) return;
  violate(observation, cat("n", observation.node, " leads term ", member.leads, " and cut its own log from ",
                           truncation.from));
}

// ---- log matching -----------------------------------------------------------------------------------------------

LogMatching::Known& LogMatching::known(Entries& entries, const DurableEntry& entry) {
  Known& usual = entries.usual[entry.index.value()];
  if (usual.term == Term()) usual.term = entry.term;
  if (usual.term == entry.term) return usual;
  Known& other = entries.others[{entry.index, entry.term}];
  other.term = entry.term;
  return other;
}

void LogMatching::on_durable(const Observation& observation, Group& group, Member& member, const DurableEntry& entry) {
  Known& first = known(entries_[group.id], entry);
  const Term previous = member.log.at(entry.index.prev());
  if (first.node.is_none()) {
    first.previous = previous;
    first.hash = entry.hash;
    first.node = observation.node;
    return;
  }
  count_check();
  if (first.hash != entry.hash)
    violate(observation, cat("n", observation.node, " holds another entry at index ", entry.index, " of term ",
                             entry.term, " than n", first.node));
  if (first.previous == Term()) first.previous = previous;
  if (previous != Term() && first.previous != previous)
    violate(observation, cat("n", observation.node, " and n", first.node, " hold entry ", entry.index, " of term ",
                             entry.term, ", but before it one of term ", previous, " and one of term ",
                             first.previous));
}

void LogMatching::on_prefix_dropped(Group& group) {
  Entries& entries = entries_[group.id];
  const LogIndex lowest = group.starts.lowest(voters_);
  entries.usual.forget_before(lowest.value());
  entries.others.erase(entries.others.begin(), entries.others.lower_bound({lowest, Term()}));
}

// ---- leader completeness ----------------------------------------------------------------------------------------

// `entry_term`: of the entry at `committed`; zero if not known.
void LeaderCompleteness::judge(const Observation& observation, const Leader& leader, LogIndex committed, Term in_term,
                               Term entry_term) {
  count_check();
  if (committed >= leader.first_own) {
    violate(observation, cat("n", leader.node, " leads term ", leader.term, " with a log that ended before ",
                             leader.first_own, "; entry ", committed, " was committed in term ", in_term));
  } else if (entry_term != Term() && !leader.log.may_hold(committed, entry_term)) {
    violate(observation, cat("n", leader.node, " leads term ", leader.term, " with an entry ", committed, " of term ",
                             leader.log.at(committed), "; one of term ", entry_term, " was committed there in term ",
                             in_term));
  }
}

void LeaderCompleteness::on_durable(const Observation& observation, Group& group, Member& member,
                                    const DurableEntry& entry) {
  if (member.leads == Term() || entry.term != member.leads) return;
  std::vector<Leader>& leaders = leaders_[group.id];
  if (!leaders.empty() && leaders.back().term >= entry.term) return;
  if (leaders.size() == kMostLeaders) leaders.erase(leaders.begin());
  leaders.push_back({observation.node, entry.term, entry.index, member.log});
  leaders.back().log.put(entry.index, entry.term);
  const auto earlier = std::find_if(group.points.rbegin(), group.points.rend(),
                                    [&](const CommitPoint& point) { return point.term < entry.term; });
  if (earlier != group.points.rend()) judge(observation, leaders.back(), earlier->index, earlier->term, earlier->term);
}

// News of an older term's commit, after a later leader was seen.
void LeaderCompleteness::on_commit(const Observation& observation, Group& group, const CommitPoint& point) {
  std::vector<Leader>& leaders = leaders_[group.id];
  const bool is_first_report = point.index > group.newest_point().index;
  for (auto leader = leaders.rbegin(); leader != leaders.rend() && leader->term > point.term; ++leader)
    judge(observation, *leader, point.index, point.term, is_first_report ? point.term : Term());
}

void LeaderCompleteness::on_applied(const Observation& observation, Group& group, const AppliedEntry& entry) {
  const std::vector<Leader>& leaders = leaders_[group.id];
  if (leaders.empty()) return;
  const CommitPoint* covering = group.point_covering(entry.index);
  if (!covering) return;
  for (auto leader = leaders.rbegin(); leader != leaders.rend() && leader->term > covering->term; ++leader)
    judge(observation, *leader, entry.index, covering->term, entry.term);
}

// ---- committed stays --------------------------------------------------------------------------------------------

// By Log Matching it is enough to look at one index that is known to be committed: a log that has the committed entry
// there has all before it, and one that has another entry at `from` has nothing committed after it.
void CommittedStays::on_truncated(const Observation& observation, Group& group, Member& member,
                                  const Truncation& truncation) {
  count_check();
  const CommitPoint point = group.newest_point();
  const Term applied = group.committed.at(truncation.from);
  // What a deposed leader had ordered before the commit, a slow disk may still report. From the committing term on, no
  // leader orders it.
  const CommitPoint* covering = group.point_covering(truncation.from);
  const bool is_late = covering && truncation.ordered_in < covering->term;
  const bool cuts_commit =
      !is_late && truncation.from <= point.index && member.log.holds(point.index, point.term);
  const bool cuts_applied = !is_late && applied != Term() && member.log.holds(truncation.from, applied);
  if (cuts_commit || cuts_applied)
    violate(observation, cat("n", observation.node, " cut its log from ", truncation.from,
                             ", where it held what was committed up to ", point.index));
}

void CommittedStays::on_durable(const Observation& observation, Group& group, Member& member,
                                const DurableEntry& entry) {
  const Term applied = group.committed.at(entry.index);
  if (applied == Term()) return;
  count_check();
  if (applied == entry.term) return;
  // A deposed leader's slow disk may still report what it appended; but from the committing term on, all leaders have
  // the committed entry.
  const CommitPoint* covering = group.point_covering(entry.index);
  const bool is_too_late = covering && entry.term >= covering->term;
  if (is_too_late || member.log.holds(entry.index, applied))
    violate(observation, cat("n", observation.node, " wrote an entry of term ", entry.term, " at index ", entry.index,
                             ", where one of term ", applied, " was committed and applied"));
}

// ---- durable stays ----------------------------------------------------------------------------------------------

// A later leader may have cut the log in a write whose event the crash swallowed. It cannot have cut entries of the
// term that the node is still in, nor committed ones.
void DurableStays::on_recovered(const Observation& observation, Group& group, Member& member,
                                const Recovery& recovery) {
  count_check();
  if (recovery.last >= member.log.last() || member.is_harmed) return;
  const CommitPoint point = group.newest_point();
  LogIndex kept = common_end(member.log, group.committed);
  if (member.log.holds(point.index, point.term)) kept = std::max(kept, point.index);
  if (member.log.last_term() != Term() && member.log.last_term() >= recovery.term) kept = member.log.last();
  if (kept > recovery.last)
    violate(observation, cat("n", observation.node, " came back with a log that ends at ", recovery.last,
                             "; it had made entry ", kept, " durable, which nobody replaced"));
}

// ---- commit has quorum ------------------------------------------------------------------------------------------

void CommitHasQuorum::on_commit(const Observation& observation, Group& group, const CommitPoint& point) {
  if (point.index <= group.newest_point().index) return;
  count_check();
  std::size_t holders = 0;
  for (const auto& [node, member] : group.members) holders += member.log.may_hold(point.index, point.term) ? 1 : 0;
  if (holders * 2 > voters_) return;
  violate(observation, cat("n", observation.node, " declared index ", point.index, " committed in term ", point.term,
                           " when ", holders, " of ", voters_, " voters had an entry of that term durable there"));
}

}  // namespace lockstep::scenarios
