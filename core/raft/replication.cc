// All that a follower can take, in each step, pipelined; the leader's disk write runs beside it.
#include "core/raft/replication.h"

#include <algorithm>
#include <optional>

#include "core/raft/commit.h"
#include "core/raft/election.h"
#include "core/raft/reads.h"

namespace lockstep::raft {
namespace {

std::optional<Term> term_before(const State& state, const Progress& peer, LogIndex index) {
  const std::optional<Term> term = state.log.term_at(index);
  return term ? term : peer.learned_term_at(index);
}

void send_append(Step& step, const Leader& leader, Progress& peer, LogIndex previous, Term previous_term,
                 std::vector<Entry> entries) {
  const State& state = step.state;
  AppendRequest request{.previous_index = previous,
                        .previous_term = previous_term,
                        .entries = std::move(entries),
                        .commit = state.commit,
                        .round = leader.round,
                        .everywhere = state.everywhere};
  peer.note_sent(request, step.now);
  step.send(peer.id(), std::move(request));
}

void load_for_peer(Step& step, Progress& peer, LoadPurpose purpose, LogIndex first, LogIndex end) {
  peer.set_loading(true);
  step.load({purpose, step.state.hard_state.term, peer.id()}, first, end, step.state.config.max_append_bytes);
}

// Sends the next entries, or asks for what is missing to do so. Whether they were sent.
bool send_entries(Step& step, const Leader& leader, Progress& peer) {
  const State& state = step.state;
  const LogIndex previous = peer.next().prev();
  const std::optional<Term> term = term_before(state, peer, previous);
  if (!term) {
    load_for_peer(step, peer, LoadPurpose::kPeerTerm, previous, peer.next());
    return false;
  }
  if (!state.log.tail().contains(peer.next())) {
    load_for_peer(step, peer, LoadPurpose::kPeerEntries, peer.next(), state.log.tail().first());
    return false;
  }
  std::vector<Entry> entries;
  state.log.tail().copy(peer.next(), state.log.end(), state.config.max_append_bytes, entries);
  send_append(step, leader, peer, previous, *term, std::move(entries));
  return true;
}

// Where to go on after a rejection: both logs' terms are skipped down to the first that can be equal, instead
// of one index per round trip (Raft §5.3, "If desired, the protocol can be optimized").
LogIndex next_after(const State& state, const AppendResponse& response) {
  const LogIndex hint = std::min(response.hint_index, state.log.last());
  if (response.hint_term == Term()) return hint.next();
  return state.log.highest_with_term_at_most(hint, response.hint_term, state.log.first().prev()).next();
}

Progress* find_peer(Leader& leader, NodeId id) {
  for (Progress& peer : leader.peers)
    if (peer.id() == id) return &peer;
  return nullptr;
}

bool is_overloaded(const State& state, const Leader& leader) {
  return leader.uncommitted.bytes() >= state.config.max_uncommitted_bytes;
}

void propose_one(Step& step, Leader& leader, const Propose::One& proposal) {
  State& state = step.state;
  if (is_overloaded(state, leader) && !proposal.makes_room)
    return step.reject(proposal.id, Rejection::kOverloaded);
  const Entry entry{state.log.end(), state.hard_state.term, proposal.kind, proposal.data};
  step.append(entry);
  leader.uncommitted.add(entry.index, entry_bytes(entry));
  step.effects.accepted.push_back({proposal.id, entry.index, entry.term});
}

}  // namespace

void on_input(Step& step, const Propose& propose) {
  State& state = step.state;
  auto* leader = std::get_if<Leader>(&state.role);
  if (leader) {
    for (const Propose::One& proposal : propose.proposals) propose_one(step, *leader, proposal);
    return replicate_to_all(step);
  }
  const Rejection reason = state.leader().is_none() ? Rejection::kNoLeader : Rejection::kNotLeader;
  for (const Propose::One& proposal : propose.proposals) step.reject(proposal.id, reason);
}

void replicate_to(Step& step, Leader& leader, Progress& peer) {
  const State& state = step.state;
  while (peer.next() <= state.log.last() && peer.can_send_entries(state.config.max_inflight_appends))
    if (!send_entries(step, leader, peer)) return;
  if (peer.lacks_commit(state.commit)) send_heartbeat(step, leader, peer);
}

void replicate_to_all(Step& step) {
  auto& leader = std::get<Leader>(step.state.role);
  for (Progress& peer : leader.peers) replicate_to(step, leader, peer);
}

// It names the entry before `next`, so that a follower that missed an append says so. If the term there would
// have to be loaded, it names the entry before the log, which all have: it then only says that the leader
// lives.
void send_heartbeat(Step& step, const Leader& leader, Progress& peer) {
  const State& state = step.state;
  const LogIndex previous = peer.next().prev();
  const std::optional<Term> term = term_before(state, peer, previous);
  const LogIndex anchor = state.log.first().prev();
  send_append(step, leader, peer, term ? previous : anchor, term ? *term : *state.log.term_at(anchor), {});
}

void on_heartbeat_deadline(Step& step, Leader& leader) {
  for (Progress& peer : leader.peers)
    if (peer.sent() + step.state.config.heartbeat_interval <= step.now) send_heartbeat(step, leader, peer);
}

Instant heartbeat_deadline(const State& state, const Leader& leader) {
  Instant earliest = kNever;
  for (const Progress& peer : leader.peers)
    earliest = std::min(earliest, peer.sent() + state.config.heartbeat_interval);
  return earliest;
}

void on_message(Step& step, const Message& message, const AppendResponse& response) {
  State& state = step.state;
  auto* leader = std::get_if<Leader>(&state.role);
  if (!leader) return;
  Progress& peer = *find_peer(*leader, message.from);
  const LogIndex counted = peer.counted_match();
  const std::uint64_t round = peer.counted_round();
  peer.note_heard(response, step.now);
  if (response.success) {
    peer.accept(std::min(response.match, state.log.last()));
  } else {
    if (peer.is_found_left_behind(response.rejected, state.log.first()))
      step.effects.left_behind = {peer.id(), state.log.first()};
    peer.reject(response.rejected, next_after(state, response), state.log.first());
  }
  if (peer.counted_match() != counted) advance_commit(step, *leader);
  if (peer.counted_round() != round) confirm_reads(step, *leader);
  replicate_to(step, *leader, peer);
}

void on_loaded_for_peer(Step& step, const PendingLoad& asked, const Loaded& loaded) {
  State& state = step.state;
  auto* leader = std::get_if<Leader>(&state.role);
  if (!leader || asked.term != state.hard_state.term) return;
  Progress& peer = *find_peer(*leader, asked.peer);
  peer.set_loading(false);
  const bool has_entries = !loaded.entries.empty();
  if (has_entries && asked.purpose == LoadPurpose::kPeerTerm)
    peer.learn_term(loaded.first, loaded.entries[0].term);
  const bool is_next =
      has_entries && asked.purpose == LoadPurpose::kPeerEntries && loaded.first == peer.next();
  if (is_next && peer.can_send_entries(state.config.max_inflight_appends)) {
    const LogIndex previous = peer.next().prev();
    if (const auto term = term_before(state, peer, previous))
      send_append(step, *leader, peer, previous, *term, loaded.entries);
  }
  // Entries that were dropped meanwhile are not asked for again before the next answer.
  if (has_entries) replicate_to(step, *leader, peer);
}

}  // namespace lockstep::raft
