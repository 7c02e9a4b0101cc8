// An append is judged against what is settled first: nothing committed is ever compared or cut.
#include "core/raft/following.h"

#include <algorithm>

#include "base/check.h"
#include "core/raft/commit.h"
#include "core/raft/election.h"

namespace lockstep::raft {
namespace {

bool matches_at(const State& state, LogIndex index, Term term) {
  if (index > state.log.last()) return false;
  const std::optional<Term> own = state.log.term_at(index);
  // Below the settled index an entry that was dropped, or whose term was not kept, is no conflict.
  return own == term || (index <= state.settled() && (!own || index < state.log.first()));
}

bool contradicts_settled(const State& state, const AppendRequest& request) {
  const auto contradicts = [&state](LogIndex index, Term term) {
    return index <= state.settled() && !matches_at(state, index, term);
  };
  return contradicts(request.previous_index, request.previous_term) ||
         std::any_of(request.entries.begin(), request.entries.end(),
                     [&](const Entry& entry) { return contradicts(entry.index, entry.term); });
}

// A frame may say anything, also a member's. What cannot be true beside what this node knows is not believed:
// this node cannot tell who is wrong, but it need not end over another's words. Nothing is hidden by that:
// the oracles of the simulator look at what nodes do, and the drop is told.
bool is_contradiction(const State& state, const Message& message, const AppendRequest& request) {
  const bool has_other_leader = !state.leader().is_none() && state.leader() != message.from;
  return has_other_leader || (state.recovery.is_complete && contradicts_settled(state, request));
}

void reject_append(Step& step, const Message& message, const AppendRequest& request) {
  const State& state = step.state;
  const LogIndex end = std::min(request.previous_index, state.log.last());
  const LogIndex hint = state.log.highest_with_term_at_most(end, request.previous_term, state.settled());
  step.send(message.from, AppendResponse{.success = false,
                                         .fenced = state.is_fenced,
                                         .rejected = request.previous_index,
                                         .hint_index = hint,
                                         .hint_term = state.log.term_at(hint).value_or(Term()),
                                         .round = request.round});
}

// Appends what is new. Entries that are here already are skipped, so that an append that was delayed cannot
// cut off later ones; only a real conflict of terms truncates (Raft Figure 2, AppendEntries, step 3).
void take_entries(Step& step, const std::vector<Entry>& entries) {
  State& state = step.state;
  for (const Entry& entry : entries) {
    if (entry.index <= state.log.last()) {
      if (matches_at(state, entry.index, entry.term)) continue;
      step.truncate_from(entry.index);
    }
    step.append(entry);
  }
}

// An append with entries is acknowledged when they are durable. One without is answered at once with what is
// durable already: a slow disk delays no heartbeat.
void acknowledge(Step& step, const Message& message, const AppendRequest& request, LogIndex last) {
  const State& state = step.state;
  const LogIndex match = request.entries.empty() ? std::min(last, state.durable) : last;
  step.send(
      message.from,
      AppendResponse{.success = true, .fenced = state.is_fenced, .match = match, .round = request.round},
      step.ticket_covering(match));
}

void follow(Step& step, NodeId leader) {
  State& state = step.state;
  if (state.leader() != leader) become_follower(step, state.hard_state.term, leader);
  std::get<Follower>(state.role).heard = step.now;
  restart_election_timer(step);
}

}  // namespace

void on_message(Step& step, const Message& message, const AppendRequest& request) {
  State& state = step.state;
  if (is_contradiction(state, message, request)) {
    step.effects.contradicted_by = message.from;
    return;
  }
  follow(step, message.from);
  if (!state.recovery.is_complete) return;
  if (!matches_at(state, request.previous_index, request.previous_term))
    return reject_append(step, message, request);
  take_entries(step, request.entries);
  const LogIndex last = request.previous_index + request.entries.size();
  auto& follower = std::get<Follower>(state.role);
  follower.verified = std::max(follower.verified, last);
  lift_fence(step);
  // Up to the last entry known to equal the leader's, not to the end of the own log (Raft Figure 2, step 5).
  note_commit(step, std::min(request.commit, follower.verified));
  state.everywhere = std::max(state.everywhere, std::min({request.everywhere, state.durable, state.commit}));
  acknowledge(step, message, request, last);
}

void refuse_stale_append(Step& step, const Message& message, const AppendRequest& request) {
  step.send(message.from, AppendResponse{.success = false,
                                         .fenced = step.state.is_fenced,
                                         .rejected = request.previous_index,
                                         .hint_index = step.state.log.last()});
}

void recover_terms(Step& step) {
  State& state = step.state;
  TermRecovery& recovery = state.recovery;
  if (recovery.is_complete || recovery.is_loading) return;
  recovery.is_loading = true;
  step.load({LoadPurpose::kTerms, state.hard_state.term, NodeId()}, recovery.found.end(), recovery.end,
            state.config.max_append_bytes);
}

void on_loaded_terms(Step& step, const Loaded& loaded) {
  TermRecovery& recovery = step.state.recovery;
  recovery.is_loading = false;
  // What was unknown may have been committed meanwhile, if this node leads, and even dropped.
  if (step.state.settled().next() >= recovery.end) {
    recovery = TermRecovery{};
    return;
  }
  CHECK(!loaded.entries.empty(), "uncommitted entries from ", recovery.found.end(), " are in the log");
  for (const Entry& entry : loaded.entries) {
    CHECK(entry.index == recovery.found.end(), "loaded ", entry.index, " for ", recovery.found.end());
    recovery.found.extend(entry.term);
  }
  if (recovery.found.end() < recovery.end) return recover_terms(step);
  step.state.log.learn_terms(recovery.found);
  recovery = TermRecovery{};
}

void lift_fence(Step& step) {
  State& state = step.state;
  if (!state.is_fenced) return;
  const auto* follower = std::get_if<Follower>(&state.role);
  if (follower && std::min(follower->verified, state.durable) >= state.fence) state.is_fenced = false;
}

}  // namespace lockstep::raft
