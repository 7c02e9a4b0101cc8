// Linearizable reads without a log entry: ReadIndex on the leader and through a follower (thesis §6.4).
#pragma once

#include "core/raft/step.h"

namespace lockstep::raft {

void on_input(Step& step, const ReadRequest& request);
void on_message(Step& step, const Message& message, const ReadIndexRequest& request);
void on_message(Step& step, const Message& message, const ReadIndexResponse& response);

// An entry of the leader's own term is committed: reads that came before get their index.
void release_held_reads(Step& step, Leader& leader);
// A follower's echo of a round may have completed a quorum.
void confirm_reads(Step& step, Leader& leader);
// The role ends: whatever waits is refused.
void fail_reads(Step& step);

Instant read_deadline(const State& state);
void on_read_deadline(Step& step);

}  // namespace lockstep::raft
