// The leader's side of the log: proposals, appends, heartbeats, and their answers (Raft §5.3).
#pragma once

#include "core/raft/step.h"

namespace lockstep::raft {

void on_input(Step& step, const Propose& propose);
void on_message(Step& step, const Message& message, const AppendResponse& response);

// Sends what each follower can take now. After a commit it also tells the new commit index to those to whom
// nothing is under way: one small message more, for which a `strong` write or a read there need not wait for
// a heartbeat.
void replicate_to_all(Step& step);
void replicate_to(Step& step, Leader& leader, Progress& peer);

// An append without entries, with the current round.
void send_heartbeat(Step& step, const Leader& leader, Progress& peer);
void on_heartbeat_deadline(Step& step, Leader& leader);
Instant heartbeat_deadline(const State& state, const Leader& leader);

void on_loaded_for_peer(Step& step, const PendingLoad& asked, const Loaded& loaded);

}  // namespace lockstep::raft
