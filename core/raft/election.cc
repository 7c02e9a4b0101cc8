// Roles change here and nowhere else.
#include "core/raft/election.h"

#include "base/check.h"
#include "base/prng.h"
#include "core/raft/reads.h"
#include "core/raft/replication.h"

namespace lockstep::raft {
namespace {

constexpr Purpose kElectionTimeout{"raft.election_timeout"};

void ask_for_votes(Step& step, Term term, VoteRequest request) {
  const State& state = step.state;
  request.last_index = state.log.last();
  request.last_term = state.log.last_term();
  for (const NodeId voter : state.config.voters)
    if (voter != state.config.self) step.send_in(term, voter, request);
}

void become_leader(Step& step) {
  State& state = step.state;
  Leader leader;
  leader.term_start = state.log.end();
  for (const NodeId voter : state.config.voters)
    if (voter != state.config.self) leader.peers.emplace_back(voter, state.log.end(), step.now);
  state.role = std::move(leader);
  // An entry of its own term, which commits all before it (Raft §5.4.2, thesis §6.4).
  step.append({state.log.end(), state.hard_state.term, EntryKind::kNoop, {}});
  replicate_to_all(step);
}

// The own vote is written before anybody is asked, so that no crash lets this node vote twice in the term.
void become_candidate(Step& step, bool leader_gave_way) {
  State& state = step.state;
  step.set_hard_state({state.hard_state.term.next(), state.config.self});
  state.role = Candidate{.own_vote = state.hard_state_ticket};
  restart_election_timer(step);
  ask_for_votes(step, state.hard_state.term, {.leader_gave_way = leader_gave_way});
}

void become_pre_candidate(Step& step) {
  State& state = step.state;
  fail_reads(step);
  const std::uint64_t own = state.bit_of(state.config.self);
  state.role = PreCandidate{.granted = own};
  restart_election_timer(step);
  if (state.is_quorum(own)) return become_candidate(step, false);
  ask_for_votes(step, state.hard_state.term.next(), {.pre_vote = true});
}

// Who has most of the log, of those that can stand and were heard from within an election timeout.
void name_successor(Step& step, const Leader& leader) {
  const Progress* best = nullptr;
  for (const Progress& peer : leader.peers) {
    const bool is_alive = step.now < peer.heard() + step.state.config.election_timeout;
    if (is_alive && peer.counted_match() > (best ? best->counted_match() : LogIndex())) best = &peer;
  }
  if (best) step.send(best->id(), TimeoutNow{});
}

void count_vote(Step& step, Candidate& candidate, NodeId voter) {
  candidate.granted |= step.state.bit_of(voter);
  if (step.state.is_quorum(candidate.granted)) become_leader(step);
}

void answer_pre_vote(Step& step, const Message& message, const VoteRequest& request) {
  const State& state = step.state;
  const bool granted = message.term > state.hard_state.term && !state.is_fenced && !is_leader_alive(step) &&
                       state.log.is_covered_by(request.last_index, request.last_term);
  // A grant speaks for the term asked for; a refusal carries the own term, so that a candidate that fell
  // behind learns it and stops asking for a term that is over.
  const Term term = granted ? message.term : state.hard_state.term;
  step.send_in(term, message.from, VoteResponse{.pre_vote = true, .granted = granted});
}

void answer_vote(Step& step, const Message& message, const VoteRequest& request) {
  State& state = step.state;
  const NodeId vote = state.hard_state.vote;
  const bool is_free = vote.is_none() && state.leader().is_none();
  const bool granted = (is_free || vote == message.from) && !state.is_fenced &&
                       state.log.is_covered_by(request.last_index, request.last_term);
  if (granted) {
    if (vote.is_none()) step.set_hard_state({state.hard_state.term, message.from});
    restart_election_timer(step);
  }
  step.send(message.from, VoteResponse{.pre_vote = false, .granted = granted});
}

}  // namespace

void restart_election_timer(Step& step) {
  State& state = step.state;
  const auto timeout = static_cast<std::uint64_t>(state.config.election_timeout.count());
  const std::uint64_t bits =
      draw(state.config.seed, kElectionTimeout, state.config.self.value(), state.timeouts_drawn++);
  state.election_deadline = step.now + Duration(timeout + below(bits, timeout));
}

void on_election_deadline(Step& step) {
  State& state = step.state;
  if (!state.is_fenced) return become_pre_candidate(step);
  // Without its acknowledged entries it must not lead; it waits for somebody who has them.
  fail_reads(step);
  state.role = Follower{};
  restart_election_timer(step);
}

void become_follower(Step& step, Term term, NodeId leader) {
  State& state = step.state;
  CHECK(term >= state.hard_state.term, "term ", term, " own ", state.hard_state.term);
  const bool was_follower = std::holds_alternative<Follower>(state.role);
  fail_reads(step);
  if (term > state.hard_state.term) step.set_hard_state({term, NodeId()});
  state.role = Follower{.leader = leader, .heard = step.now};
  // A new term alone does not put off an own candidacy: the sender may be one who cannot win.
  if (!was_follower) restart_election_timer(step);
}

bool is_leader_alive(const Step& step) {
  const State& state = step.state;
  if (const auto* leader = std::get_if<Leader>(&state.role))
    return step.now < check_quorum_deadline(state, *leader);
  const auto* follower = std::get_if<Follower>(&state.role);
  return follower && !follower->leader.is_none() &&
         step.now < follower->heard + state.config.election_timeout;
}

void on_message(Step& step, const Message& message, const VoteRequest& request) {
  if (request.pre_vote) return answer_pre_vote(step, message, request);
  if (request.leader_gave_way || !is_leader_alive(step)) answer_vote(step, message, request);
}

void on_message(Step& step, const Message& message, const VoteResponse& response) {
  State& state = step.state;
  if (!response.granted) return;
  if (response.pre_vote) {
    auto* candidate = std::get_if<PreCandidate>(&state.role);
    if (!candidate || message.term != state.hard_state.term.next()) return;
    candidate->granted |= state.bit_of(message.from);
    if (state.is_quorum(candidate->granted)) become_candidate(step, false);
    return;
  }
  if (auto* candidate = std::get_if<Candidate>(&state.role)) count_vote(step, *candidate, message.from);
}

// A late one of a leader that is followed no more says nothing.
void on_message(Step& step, const Message& message, const TimeoutNow&) {
  const auto* follower = std::get_if<Follower>(&step.state.role);
  if (!follower || follower->leader != message.from || step.state.is_fenced) return;
  fail_reads(step);
  become_candidate(step, true);
}

void on_own_vote_durable(Step& step) {
  State& state = step.state;
  auto* candidate = std::get_if<Candidate>(&state.role);
  if (candidate && candidate->own_vote <= state.persisted) count_vote(step, *candidate, state.config.self);
}

Instant check_quorum_deadline(const State& state, const Leader& leader) {
  if (leader.peers.empty()) return kNever;
  const Instant heard =
      reached_by_quorum(state, leader, Instant::max(), [](const Progress& peer) { return peer.heard(); });
  return heard + state.config.election_timeout;
}

void on_input(Step& step, const StepDown&) {
  State& state = step.state;
  const auto* leader = std::get_if<Leader>(&state.role);
  const bool led = leader != nullptr;
  if (led) name_successor(step, *leader);
  if (!std::holds_alternative<Follower>(state.role)) become_follower(step, state.hard_state.term, NodeId());
  restart_election_timer(step);
  // It gives way: the others' timeouts end before its own.
  if (led) state.election_deadline += state.config.election_timeout;
}

}  // namespace lockstep::raft
