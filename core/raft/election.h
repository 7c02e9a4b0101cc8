// Who leads: timeouts, pre-votes, votes, changes of role (Raft §5.2, §5.4.1; thesis §3.10, §4.2.3, §6.2, §9.6).
#pragma once

#include "core/raft/step.h"

namespace lockstep::raft {

void restart_election_timer(Step& step);
void on_election_deadline(Step& step);

// The only way into the follower role, and how a follower learns of a term or a leader. Keeps the vote within
// a term.
void become_follower(Step& step, Term term, NodeId leader);

// A live leader was heard from so recently that nobody should be elected now: vote requests are ignored. For
// a leader this means a quorum of followers.
bool is_leader_alive(const Step& step);

void on_message(Step& step, const Message& message, const VoteRequest& request);
void on_message(Step& step, const Message& message, const VoteResponse& response);
void on_message(Step& step, const Message& message, const TimeoutNow&);
void on_own_vote_durable(Step& step);

// A leader that heard from no quorum for an election timeout must stop leading (check-quorum); kNever if
// alone.
Instant check_quorum_deadline(const State& state, const Leader& leader);
// Gives way to the follower that has most of the log, of those heard from lately.
void on_input(Step& step, const StepDown&);

}  // namespace lockstep::raft
