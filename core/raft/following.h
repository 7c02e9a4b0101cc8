// The follower's side of the log: judging an append and acknowledging what is durable (Raft §5.3).
#pragma once

#include "core/raft/step.h"

namespace lockstep::raft {

void on_message(Step& step, const Message& message, const AppendRequest& request);

// An append of an older term: the answer carries the newer one, which ends that leader's term. Without it a
// node whose term ran ahead could never be led again.
void refuse_stale_append(Step& step, const Message& message, const AppendRequest& request);

// Terms of uncommitted entries, after a restart.
void recover_terms(Step& step);
void on_loaded_terms(Step& step, const Loaded& loaded);

// Whether what is durable and verified against a live leader has reached the recorded commit index.
void lift_fence(Step& step);

}  // namespace lockstep::raft
