// From durable to committed to applied: the commit rule (Raft §5.4.2) and what is handed out.
#pragma once

#include "core/raft/step.h"

namespace lockstep::raft {

// Leader: counts replicas.
void advance_commit(Step& step, Leader& leader);
// Never moves back.
void note_commit(Step& step, LogIndex index);

void on_input(Step& step, const Persisted& persisted);
void on_input(Step& step, const Applied& applied);

// Gives out what is committed and durable here, within the byte limit. Waiting for the own disk too keeps the
// state machine from ever being ahead of the log after a crash.
void hand_out(Step& step);
void on_loaded_to_apply(Step& step, const Loaded& loaded);

}  // namespace lockstep::raft
