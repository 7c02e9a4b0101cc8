// The dispatch: validate, apply the term rule, visit what arrived. Every concern has a file of its own.
#include "core/raft/core.h"

#include <algorithm>

#include "base/check.h"
#include "core/raft/commit.h"
#include "core/raft/election.h"
#include "core/raft/following.h"
#include "core/raft/invariants.h"
#include "core/raft/reads.h"
#include "core/raft/replication.h"
#include "core/raft/step.h"

namespace lockstep::raft {
namespace {

// A peer's message that contradicts itself is dropped, as if lost.
bool is_well_formed(const State& state, const Message& message) {
  if (message.to != state.config.self || !state.is_peer(message.from) || message.term == Term()) return false;
  const auto* append = std::get_if<AppendRequest>(&message.body);
  if (!append) return true;
  LogIndex index = append->previous_index;
  Term term = append->previous_term;
  for (const Entry& entry : append->entries) {
    if (entry.index != index.next() || entry.term < term || entry.term > message.term) return false;
    index = entry.index;
    term = entry.term;
  }
  return true;
}

// Pre-votes ask about a term that nobody is in yet, and a grant repeats it (thesis §9.6).
bool is_about_a_future_term(const Message& message) {
  if (const auto* request = std::get_if<VoteRequest>(&message.body)) return request->pre_vote;
  const auto* response = std::get_if<VoteResponse>(&message.body);
  return response && response->pre_vote && response->granted;
}

// The sender learns the newer term from the answer. Answers themselves are not answered.
void answer_old_term(Step& step, const Message& message) {
  if (const auto* append = std::get_if<AppendRequest>(&message.body))
    return refuse_stale_append(step, message, *append);
  if (const auto* request = std::get_if<VoteRequest>(&message.body))
    return step.send(message.from, VoteResponse{.pre_vote = request->pre_vote, .granted = false});
  if (const auto* request = std::get_if<ReadIndexRequest>(&message.body))
    return step.send(message.from, ReadIndexResponse{.context = request->context, .granted = false});
}

// Raft §5.1. Whether the message is of the current term now and may be looked at. A vote request while a
// leader is alive does not even raise the term: a node that was cut off must not end a working term (thesis
// §4.2.3). Only the leader itself may have it ended (§3.10).
bool apply_term_rule(Step& step, const Message& message) {
  const Term own = step.state.hard_state.term;
  if (message.term < own) {
    answer_old_term(step, message);
    return false;
  }
  if (message.term == own || is_about_a_future_term(message)) return true;
  const auto* vote = std::get_if<VoteRequest>(&message.body);
  if (vote && !vote->leader_gave_way && is_leader_alive(step)) return false;
  const bool is_from_leader =
      std::holds_alternative<AppendRequest>(message.body) || std::holds_alternative<TimeoutNow>(message.body);
  become_follower(step, message.term, is_from_leader ? message.from : NodeId());
  return true;
}

void on_input(Step& step, const Message& message) {
  if (!is_well_formed(step.state, message) || !apply_term_rule(step, message)) return;
  std::visit([&](const auto& body) { on_message(step, message, body); }, message.body);
}

void on_input(Step& step, const DeadlineReached&) {
  State& state = step.state;
  if (auto* leader = std::get_if<Leader>(&state.role)) {
    if (check_quorum_deadline(state, *leader) <= step.now)
      return become_follower(step, state.hard_state.term, NodeId());
    return on_heartbeat_deadline(step, *leader);
  }
  if (state.election_deadline <= step.now) return on_election_deadline(step);
  if (std::holds_alternative<Follower>(state.role)) on_read_deadline(step);
}

void on_input(Step& step, const Loaded& loaded) {
  State& state = step.state;
  CHECK(!state.loads.empty(), "loaded from ", loaded.first, " without being asked");
  const PendingLoad asked = state.loads.front();
  state.loads.erase(state.loads.begin());
  switch (asked.purpose) {
    case LoadPurpose::kApply: return on_loaded_to_apply(step, loaded);
    case LoadPurpose::kTerms: return on_loaded_terms(step, loaded);
    case LoadPurpose::kPeerTerm:
    case LoadPurpose::kPeerEntries: return on_loaded_for_peer(step, asked, loaded);
  }
}

void on_input(Step& step, const PrefixDropped& dropped) {
  CHECK(dropped.first <= step.state.applied.next(), "dropped before ", dropped.first, " applied ",
        step.state.applied);
  step.state.log.drop_before(dropped.first, dropped.previous_term);
  if (auto* leader = std::get_if<Leader>(&step.state.role))
    for (Progress& peer : leader->peers) peer.forget_before(dropped.first);
}

void note_role(Step& step, Role role, Term term, NodeId leader) {
  const State& state = step.state;
  const RoleChanged now{state.role_kind(), state.hard_state.term, state.leader()};
  if (now.role != role || now.term != term || now.leader != leader) step.effects.role_changed = now;
}

}  // namespace

Core::Core(Config config, Restored restored, Instant now) : state_(std::move(config), restored, now) {
  Effects none;
  Step step{state_, none, now};
  restart_election_timer(step);
}

void Core::step(const Input& input, Effects& effects) {
  effects.clear();
  const Summary before(state_);
  const NodeId leader_before = state_.leader();
  Step step{state_, effects, input.now};
  state_.has_stepped = true;
  recover_terms(step);
  std::visit([&](const auto& what) { on_input(step, what); }, input.what);
  hand_out(step);
  note_role(step, before.role, before.hard_state.term, leader_before);
  step.finish();
  check_invariants(before, state_, effects);
}

Instant Core::deadline() const {
  if (!state_.has_stepped) return state_.started;
  if (const auto* leader = std::get_if<Leader>(&state_.role))
    return std::min(heartbeat_deadline(state_, *leader), check_quorum_deadline(state_, *leader));
  return std::min(state_.election_deadline, read_deadline(state_));
}

View Core::view() const {
  const auto* leader = std::get_if<Leader>(&state_.role);
  return {.role = state_.role_kind(),
          .term = state_.hard_state.term,
          .leader = state_.leader(),
          .vote = state_.hard_state.vote,
          .first = state_.log.first(),
          .last = state_.log.last(),
          .durable = state_.durable,
          .commit = state_.commit,
          .given = state_.given,
          .applied = state_.applied,
          .everywhere = state_.everywhere,
          .term_start = leader ? leader->term_start : LogIndex(),
          .fenced = state_.is_fenced,
          .can_serve = leader && state_.commit >= leader->term_start};
}

std::vector<LogIndex> Core::voter_match() const {
  std::vector<LogIndex> matches;
  const auto* leader = std::get_if<Leader>(&state_.role);
  if (!leader) return matches;
  auto peer = leader->peers.begin();
  for (const NodeId voter : state_.config.voters)
    matches.push_back(voter == state_.config.self ? state_.durable : (peer++)->counted_match());
  return matches;
}

}  // namespace lockstep::raft
