// Events are emitted where core/replica/replica.cc emits them: roles and commits before the effects, entries after the
// sync and before the acknowledgement.
#include "tests/scenarios/random_run.h"

#include <algorithm>

#include "base/hash.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kSchedule{"test.oracle_schedule"};
constexpr std::uint64_t kDropAfter = 6;

std::uint64_t hash_of(const raft::Entry& entry) { return hash64(entry.data.view(), entry.term.value()); }

}  // namespace

RandomRun::RandomRun(std::uint64_t seed, std::uint64_t nodes, PlantedBugs bugs, OracleCourt& court)
    : draws_(seed, kSchedule, 0), bugs_(bugs), court_(court), members_(nodes) {
  for (std::uint64_t i = 0; i < nodes; ++i) {
    members_[i].id = NodeId(i + 1);
    start(members_[i]);
  }
}

void RandomRun::start(Member& member) {
  raft::Config config;
  config.self = member.id;
  for (std::uint64_t id = 1; id <= members_.size(); ++id) config.voters.push_back(NodeId(id));
  config.seed = draws_.next();
  const Disk& disk = member.disk;
  const raft::Restored restored{.hard_state = disk.hard_state,
                                .first_index = disk.first,
                                .previous_term = disk.previous_term,
                                .last_index = disk.end().prev(),
                                .last_term = disk.entries.empty() ? disk.previous_term : disk.entries.back().term,
                                .commit = std::max(disk.commit, disk.applied),
                                .applied = disk.applied};
  court_.recovered(member.id.value(), {.first = restored.first_index.value(),
                                       .last = restored.last_index.value(),
                                       .commit = restored.commit.value(),
                                       .applied = restored.applied.value(),
                                       .term = restored.hard_state.term.value()});
  member.traced_commit = LogIndex();
  member.core.emplace(config, restored, now_);
}

// What was on its way to a disk may be there, without its event; a database that was not synced may go back.
void RandomRun::crash(Member& member) {
  ++crashes_;
  Disk& disk = member.disk;
  for (std::uint64_t written = pick(member.lane.size() + 1); written > 0; --written) {
    if (const auto* persist = std::get_if<raft::Persist>(&member.lane.front())) write(disk, *persist);
    member.lane.pop_front();
  }
  disk.applied = disk.applied + pick(member.to_apply.size() + 1);
  if (pick(2) == 0) disk.applied = disk.database_durable + pick(disk.applied - disk.database_durable + 1);
  if (bugs_.loses_synced_tail) disk.entries.resize(disk.entries.size() - std::min(disk.entries.size(), pick(4)));
  if (bugs_.forgets_hard_state) disk.hard_state = {};
  member.core.reset();
  member.lane.clear();
  member.delayed.clear();
  member.to_apply.clear();
  start(member);
}

void RandomRun::trace(Member& member, const raft::Effects& effects) {
  const raft::View now = member.core->view();
  if (const auto& change = effects.role_changed) {
    elections_ += change->role == raft::Role::kLeader ? 1 : 0;
    court_.tell(member.id.value(), {replica::kRoleChanged,
                                    {1, static_cast<std::uint64_t>(change->role), change->term.value(),
                                     change->leader.value()}});
  }
  if (now.commit != member.traced_commit) court_.committed(member.id.value(), now.commit.value(), now.term.value());
  member.traced_commit = now.commit;
}

void RandomRun::input(Member& member, decltype(raft::Input::what) what) {
  raft::Effects effects;
  member.core->step({now_, std::move(what)}, effects);
  trace(member, effects);
  if (effects.persist) member.lane.push_back(std::move(*effects.persist));
  messages_.insert(messages_.end(), effects.send_now.begin(), effects.send_now.end());
  for (const raft::DelayedSend& delayed : effects.send_after)
    if (bugs_.sends_before_sync) {
      messages_.push_back(delayed.message);
    } else {
      member.delayed.push_back(delayed);
    }
  for (const raft::Load& load : effects.loads) member.lane.push_back(load);
  member.to_apply.insert(member.to_apply.end(), effects.apply.begin(), effects.apply.end());
}

void RandomRun::write(Disk& disk, const raft::Persist& persist) const {
  if (persist.hard_state) disk.hard_state = *persist.hard_state;
  if (persist.truncate_from) disk.entries.resize(*persist.truncate_from - disk.first);
  disk.entries.insert(disk.entries.end(), persist.entries.begin(), persist.entries.end());
  disk.commit = std::max(disk.commit, persist.commit);
}

void RandomRun::trace_durable(Member& member, const raft::Persist& persist) {
  const std::uint64_t node = member.id.value();
  if (const auto& state = persist.hard_state) court_.voted(node, state->term.value(), state->vote.value());
  if (persist.truncate_from) {
    ++truncations_;
    court_.cut(node, persist.truncate_from->value(), member.core->view().role, persist.term.value());
  }
  for (const raft::Entry& entry : persist.entries)
    court_.durable(node, entry.index.value(), entry.term.value(), hash_of(entry));
}

void RandomRun::release(Member& member, raft::Ticket durable) {
  std::erase_if(member.delayed, [&](const raft::DelayedSend& delayed) {
    if (delayed.after <= durable) messages_.push_back(delayed.message);
    return delayed.after <= durable;
  });
}

void RandomRun::work(Member& member) {
  if (member.lane.empty()) return;
  const auto item = std::move(member.lane.front());
  member.lane.pop_front();
  if (const auto* load = std::get_if<raft::Load>(&item)) {
    raft::Loaded loaded{load->first, {}};
    if (load->first >= member.disk.first)
      for (LogIndex index = load->first; index < std::min(load->end, member.disk.end()); index = index.next())
        loaded.entries.push_back(member.disk.entries[index - member.disk.first]);
    return input(member, std::move(loaded));
  }
  const auto& persist = std::get<raft::Persist>(item);
  write(member.disk, persist);
  trace_durable(member, persist);
  release(member, persist.ticket);
  input(member, raft::Persisted{persist.ticket});
}

void RandomRun::apply(Member& member) {
  if (member.to_apply.empty()) return;
  for (const raft::Entry& entry : member.to_apply) {
    const std::uint64_t result = bugs_.diverges && pick(50) == 0 ? 1 : 0;
    const std::uint64_t index = entry.index.value();
    court_.tell(member.id.value(), {replica::kEntryApplied,
                                    {1, index, entry.term.value(), hash_of(entry), index * 31 + result, result}});
    member.disk.applied = entry.index;
    most_applied_ = std::max(most_applied_, index);
  }
  member.to_apply.clear();
  input(member, raft::Applied{member.disk.applied});
  drop_prefix(member);
}

void RandomRun::drop_prefix(Member& member) {
  Disk& disk = member.disk;
  const raft::View now = member.core->view();
  const LogIndex target = bugs_.drops_too_much ? disk.applied : std::min(now.everywhere, disk.applied);
  if (target < disk.first + kDropAfter || target >= disk.end()) return;
  ++drops_;
  disk.database_durable = disk.applied;
  const std::uint64_t count = target.next() - disk.first;
  disk.previous_term = disk.entries[count - 1].term;
  disk.entries.erase(disk.entries.begin(), disk.entries.begin() + static_cast<std::ptrdiff_t>(count));
  disk.first = target.next();
  court_.dropped(member.id.value(), disk.first.value(), disk.database_durable.value(),
                 std::max(now.everywhere, target).value());
  input(member, raft::PrefixDropped{disk.first, disk.previous_term});
}

void RandomRun::deliver() {
  if (messages_.empty()) return;
  const std::uint64_t at = pick(messages_.size());
  const raft::Message message = messages_[at];
  if (pick(20) != 0) {  // else it stays, and arrives again
    messages_[at] = std::move(messages_.back());
    messages_.pop_back();
  }
  const bool is_cut = message.from.value() == cut_off_ || message.to.value() == cut_off_;
  if (is_cut || pick(20) == 0) return;
  input(members_[message.to.value() - 1], message);
}

void RandomRun::act() {
  now_ += std::chrono::microseconds(pick(2000));
  for (Member& member : members_)
    if (member.core->deadline() <= now_) input(member, raft::DeadlineReached{});
  Member& member = members_[pick(members_.size())];
  const std::uint64_t action = pick(1000);
  if (action < 600) return deliver();
  if (action < 800) return work(member);
  if (action < 880) return apply(member);
  if (action < 884) return crash(member);
  if (action < 890) {
    cut_off_ = pick(2 * members_.size() + 1);
    return;
  }
  if (member.core->view().role != raft::Role::kLeader) return;
  const raft::ProposalId id(++proposed_);
  input(member, raft::Propose{{{id, raft::EntryKind::kCommand, SharedBytes(cat("command ", proposed_))}}});
}

void RandomRun::run(std::uint64_t actions) {
  for (std::uint64_t i = 0; i < actions; ++i) act();
}

}  // namespace lockstep::scenarios
