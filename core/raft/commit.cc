// Durability, commitment and hand-out move forward only.
#include "core/raft/commit.h"

#include <algorithm>

#include "base/check.h"
#include "core/raft/election.h"
#include "core/raft/following.h"
#include "core/raft/reads.h"
#include "core/raft/replication.h"

namespace lockstep::raft {
namespace {

LogIndex durable_everywhere(const State& state, const Leader& leader) {
  LogIndex lowest = state.durable;
  for (const Progress& peer : leader.peers) lowest = std::min(lowest, peer.counted_match());
  return lowest;
}

// Up to here entries may be given to the state machine.
LogIndex ready_to_apply(const State& state) { return std::min(state.commit, state.durable); }

void give(Step& step, std::size_t from, std::size_t bytes) {
  State& state = step.state;
  const std::vector<Entry>& apply = step.effects.apply;
  CHECK(apply.size() > from && apply[from].index == state.given.next(), "given ", state.given);
  state.given = apply.back().index;
  state.unapplied.add(state.given, bytes);
}

}  // namespace

void advance_commit(Step& step, Leader& leader) {
  State& state = step.state;
  state.everywhere = std::max(state.everywhere, durable_everywhere(state, leader));
  const LogIndex counted = reached_by_quorum(state, leader, state.durable,
                                             [](const Progress& peer) { return peer.counted_match(); });
  // All entries from term_start on are of the own term; what is older is committed by them, never by
  // counting.
  if (counted < leader.term_start || counted <= state.commit) return;
  note_commit(step, counted);
  leader.uncommitted.settle(state.commit);
  release_held_reads(step, leader);
  replicate_to_all(step);
}

void note_commit(Step& step, LogIndex index) { step.state.commit = std::max(step.state.commit, index); }

void on_input(Step& step, const Persisted& persisted) {
  State& state = step.state;
  CHECK(persisted.ticket <= state.last_ticket, "ticket ", persisted.ticket, " last ", state.last_ticket);
  state.persisted = std::max(state.persisted, persisted.ticket);
  std::size_t done = 0;
  for (; done < state.writes.size() && state.writes[done].ticket <= state.persisted; ++done)
    state.durable = std::max(state.durable, state.writes[done].last);
  if (done == 0) return;
  state.writes.erase(state.writes.begin(), state.writes.begin() + static_cast<std::ptrdiff_t>(done));
  state.log.evict(state.config.max_tail_bytes, state.durable);
  lift_fence(step);
  on_own_vote_durable(step);
  if (auto* leader = std::get_if<Leader>(&state.role)) advance_commit(step, *leader);
}

void on_input(Step& step, const Applied& applied) {
  State& state = step.state;
  CHECK(applied.index <= state.given, "applied ", applied.index, " given ", state.given);
  state.applied = std::max(state.applied, applied.index);
  state.unapplied.settle(state.applied);
}

void hand_out(Step& step) {
  State& state = step.state;
  const LogIndex end = ready_to_apply(state).next();
  const std::size_t limit = state.config.max_unapplied_bytes;
  if (state.is_fenced || state.is_loading_to_apply || state.given.next() >= end) return;
  if (state.unapplied.bytes() >= limit) return;
  const std::size_t room = limit - state.unapplied.bytes();
  const Tail& tail = state.log.tail();
  if (tail.contains(state.given.next())) {
    const std::size_t from = step.effects.apply.size();
    const std::size_t bytes = tail.copy(state.given.next(), end, room, step.effects.apply);
    return give(step, from, bytes);
  }
  state.is_loading_to_apply = true;
  step.load({LoadPurpose::kApply, state.hard_state.term, NodeId()}, state.given.next(),
            std::min(end, tail.first()), room);
}

void on_loaded_to_apply(Step& step, const Loaded& loaded) {
  State& state = step.state;
  state.is_loading_to_apply = false;
  CHECK(!loaded.entries.empty() && loaded.entries.back().index <= ready_to_apply(state), "loaded from ",
        loaded.first, " to apply after ", state.given);
  std::size_t bytes = 0;
  const std::size_t from = step.effects.apply.size();
  for (const Entry& entry : loaded.entries) {
    bytes += entry_bytes(entry);
    step.effects.apply.push_back(entry);
  }
  give(step, from, bytes);
}

}  // namespace lockstep::raft
