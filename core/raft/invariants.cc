// One line per invariant; the state is printed by number and values.
#include "core/raft/invariants.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::raft {
namespace {

void check_election(const Summary& before, const State& state) {
  const HardState& was = before.hard_state;
  const HardState& now = state.hard_state;
  CHECK(now.term >= was.term, "invariant 1: term ", was.term, " to ", now.term);
  CHECK(now.term > was.term || was.vote.is_none() || now.vote == was.vote, "invariant 2: term ", now.term,
        " vote ", was.vote, " to ", now.vote);
  const bool leads = state.role_kind() == Role::kLeader;
  CHECK(!leads || (now.vote == state.config.self && !state.is_fenced), "invariant 11: term ", now.term,
        " vote ", now.vote, " fenced ", state.is_fenced);
  CHECK(!leads || (now.term == was.term && (before.role == Role::kLeader || before.role == Role::kCandidate)),
        "invariant 12: ", to_string(before.role), " in term ", was.term, " to leader in term ", now.term);
  CHECK(!state.is_fenced || now.vote == was.vote || now.vote.is_none(), "invariant 15: vote ", now.vote);
  CHECK(!state.is_fenced || before.is_fenced, "invariant 15: fenced at ", state.fence);
}

void check_log(const Summary& before, const State& state, const Effects& effects) {
  const LogIndex last = state.log.last();
  CHECK(state.commit >= before.commit, "invariant 3: commit ", before.commit, " to ", state.commit);
  CHECK(state.is_fenced || state.commit <= last, "invariant 4: commit ", state.commit, " last ", last);
  const bool led = before.role == Role::kLeader && state.role_kind() == Role::kLeader;
  const bool cuts = effects.persist && effects.persist->truncate_from.has_value();
  CHECK(!led || (last >= before.last && !cuts), "invariant 8: last ", before.last, " to ", last);
  CHECK(!cuts || *effects.persist->truncate_from > before.settled, "invariant 9: cut at ",
        *effects.persist->truncate_from, " settled ", before.settled);
  CHECK(state.durable <= last, "invariant 10: durable ", state.durable, " last ", last);
  CHECK(state.log.first() <= state.applied.next(), "invariant 13: first ", state.log.first(), " applied ",
        state.applied);
}

void check_hand_out(const Summary& before, const State& state, const Effects& effects) {
  CHECK(effects.apply.empty() || state.given <= std::min(state.commit, state.durable), "invariant 5: given ",
        state.given, " commit ", state.commit, " durable ", state.durable);
  CHECK(state.given == before.given + effects.apply.size(), "invariant 6: given ", before.given, " to ",
        state.given, " with ", effects.apply.size());
  CHECK(effects.apply.empty() || effects.apply.front().index == before.given.next(), "invariant 6: first ",
        effects.apply.front().index, " after ", before.given);
  CHECK(state.applied <= state.given && state.applied >= before.applied, "invariant 7: applied ",
        before.applied, " to ", state.applied, " given ", state.given);
  CHECK(state.everywhere >= before.everywhere, "invariant 14: ", before.everywhere, " to ", state.everywhere);
  CHECK(state.is_fenced || state.everywhere <= state.durable, "invariant 14: ", state.everywhere, " durable ",
        state.durable);
}

void check_writes(const State& state) {
  if (state.writes.empty()) return;
  CHECK(state.writes.front().ticket > state.persisted, "invariant 16: ticket ", state.writes.front().ticket,
        " persisted ", state.persisted);
  if (state.writes.size() < 2) return;
  const PendingWrite& previous = state.writes[state.writes.size() - 2];
  const PendingWrite& newest = state.writes.back();
  CHECK(previous.ticket < newest.ticket && previous.last <= newest.last, "invariant 16: ticket ",
        previous.ticket, " to ", previous.last, ", ticket ", newest.ticket, " to ", newest.last);
}

}  // namespace

Summary::Summary(const State& state)
    : hard_state(state.hard_state),
      role(state.role_kind()),
      last(state.log.last()),
      settled(state.settled()),
      commit(state.commit),
      given(state.given),
      applied(state.applied),
      everywhere(state.everywhere),
      is_fenced(state.is_fenced) {}

void check_invariants(const Summary& before, const State& state, const Effects& effects) {
  check_election(before, state);
  check_log(before, state, effects);
  check_hand_out(before, state, effects);
  check_writes(state);
}

}  // namespace lockstep::raft
