// What a member tells the trace about consensus; the events on which oracles judge a run. Numbers 100 to 199.
#pragma once

#include "base/env/trace.h"
#include "core/raft/core.h"

namespace lockstep::raft {

inline constexpr env::EventType kRoleChanged{100, "raft.role_changed", {"term", "role", "leader"}};
inline constexpr env::EventType kHardState{101, "raft.hard_state", {"term", "vote", "ticket"}};
inline constexpr env::EventType kTruncated{102, "raft.truncated", {"from", "ticket"}};
inline constexpr env::EventType kAppended{
    103, "raft.appended", {"index", "term", "kind", "data_hash", "ticket"}};
inline constexpr env::EventType kDurable{104, "raft.durable", {"index", "term"}};
inline constexpr env::EventType kCommitted{105, "raft.committed", {"index", "term"}};
inline constexpr env::EventType kGiven{106, "raft.given", {"index", "term", "data_hash"}};
inline constexpr env::EventType kVoteSent{107, "raft.vote_sent", {"term", "to", "granted"}};
inline constexpr env::EventType kAckSent{108, "raft.ack_sent", {"term", "to", "match", "fenced"}};
inline constexpr env::EventType kReadReady{109, "raft.read_ready", {"read", "index"}};
inline constexpr env::EventType kRejected{110, "raft.rejected", {"name", "reason", "leader"}};
inline constexpr env::EventType kFenceLifted{111, "raft.fence_lifted", {"durable"}};

// Everything that a step did, told in the order of its effects. `before` and `after` are the views around the
// step. Hashes are hash64 of the entry's data. The caller tells kVoteSent and kAckSent itself (tell_sent),
// when a message really leaves: those are promises, and a delayed one is none yet.
void tell_step(const View& before, const View& after, const Effects& effects, env::Trace& trace);
void tell_sent(const Message& message, env::Trace& trace);

}  // namespace lockstep::raft
