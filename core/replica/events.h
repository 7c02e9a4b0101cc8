// Trace events of a replica: what became durable, committed and applied. Oracles read these and nothing else.
#pragma once

#include "base/env/trace.h"

namespace lockstep::replica {

// One per entry that is durable in this node's log.
inline constexpr env::EventType kEntryDurable{200, "entry_durable", {"group", "index", "term", "hash"}};
// One per entry executed. `result` is a hash of the answer, `digest` of the database after it.
inline constexpr env::EventType kEntryApplied{
    201, "entry_applied", {"group", "index", "term", "hash", "digest", "result"}};
// A write ran its statements in this entry (a stored answer is not an execution). session: 0 if it is of none, and has
// no exactly-once record.
inline constexpr env::EventType kWriteExecuted{
    202, "write_executed", {"group", "index", "session", "sequence", "outcome"}};
inline constexpr env::EventType kTransactionPrepared{203, "transaction_prepared", {"group", "transaction"}};
// committed: 1 or 0.
inline constexpr env::EventType kTransactionDecided{
    204, "transaction_decided", {"group", "transaction", "index", "committed"}};
// The log and the database are open; what they held.
inline constexpr env::EventType kRecovered{
    205, "recovered", {"group", "first", "last", "commit", "applied", "term"}};
// The entries before `first` were dropped; `durable` is what the database held durably then.
inline constexpr env::EventType kPrefixDropped{206, "prefix_dropped", {"group", "first", "durable", "everywhere"}};
// This node has stopped itself; the text says why.
inline constexpr env::EventType kNodeFailed{207, "node_failed", {"group"}};
// A grouped transaction was lost and its entries were applied one by one.
inline constexpr env::EventType kAppliedOneByOne{208, "applied_one_by_one", {"group", "first", "count"}};

// A write of a session ran nothing in this entry: the session had its answer already, or knew it no more.
inline constexpr env::EventType kWriteSettled{209, "write_settled", {"group", "index", "session", "sequence"}};

// role: core/raft/types.h, Role. leader: 0 if not known.
inline constexpr env::EventType kRoleChanged{210, "role_changed", {"group", "role", "term", "leader"}};
// Term and vote are durable.
inline constexpr env::EventType kHardStateDurable{211, "hard_state_durable", {"group", "term", "vote"}};
// This node knows that everything up to `commit` is committed; `term` is its current term.
inline constexpr env::EventType kCommitAdvanced{212, "commit_advanced", {"group", "commit", "term"}};
// The entries at and after `from` are durably gone. role: of this node at that time; term: when it ordered the cut.
inline constexpr env::EventType kLogTruncated{213, "log_truncated", {"group", "from", "role", "term"}};

// Entries left for a follower; heartbeats are not told.
inline constexpr env::EventType kAppendSent{214, "append_sent", {"group", "to", "first", "count"}};

// A message of `from` was dropped: it names a second leader of this term, or contradicts a committed entry.
inline constexpr env::EventType kContradicted{215, "contradicted", {"group", "from", "term"}};

// Opening the log cut off the unfinished write of a crash.
inline constexpr env::EventType kTailTorn{216, "tail_torn", {"group", "bytes"}};

// Of a leader: that member lacks an entry before `first`, the first of this log, and there are no snapshots: it cannot
// follow. Once per term and member.
inline constexpr env::EventType kLeftBehind{217, "left_behind", {"group", "member", "first"}};

// This log ends below `commit`, which was committed: until it has all of that again, this node gives no vote and no
// acknowledgement that counts (raft::Restored::commit). Once in a life at most, and so is its end.
inline constexpr env::EventType kFenced{218, "fenced", {"group", "commit"}};
inline constexpr env::EventType kFenceLifted{219, "fence_lifted", {"group", "commit"}};

}  // namespace lockstep::replica
