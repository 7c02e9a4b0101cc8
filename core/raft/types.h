// The vocabulary of consensus: entries, messages, and what goes into and comes out of one step of the core.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"

namespace lockstep::raft {

// What an entry asks for. Values are on disk and on the wire.
enum class EntryKind : std::uint8_t {
  kNoop = 1,     // a leader's first entry of its term (Raft §5.4.2, thesis §6.4)
  kCommand = 2,  // opaque to consensus
};

struct Entry {
  LogIndex index;
  Term term;
  EntryKind kind = EntryKind::kNoop;
  SharedBytes data;
  bool operator==(const Entry&) const = default;
};

// What must be durable together before any vote or acknowledgement (Raft Figure 2, "persistent state").
struct HardState {
  Term term;
  NodeId vote;  // none: has not voted in this term
  bool operator==(const HardState&) const = default;
};

// ---- messages between members ---------------------------------------------------------------------------------

// Raft §5.2; with `pre_vote` (thesis §9.6) it changes nothing at the receiver and `term` is the one it would run in.
struct VoteRequest {
  bool pre_vote = false;
  bool leader_gave_way = false;  // it is asked for by the leader itself (thesis §3.10): that one is heard from is no reason to refuse
  LogIndex last_index{};
  Term last_term{};
  bool operator==(const VoteRequest&) const = default;
};

struct VoteResponse {
  bool pre_vote = false;
  bool granted = false;
  bool operator==(const VoteResponse&) const = default;
};

// Raft §5.3. Without entries it is a heartbeat. `round` numbers the leader's broadcasts within its term; the
// receiver echoes it, which is what confirms leadership for ReadIndex (thesis §6.4) and check-quorum (§6.2).
struct AppendRequest {
  LogIndex previous_index{};
  Term previous_term{};
  std::vector<Entry> entries{};
  LogIndex commit{};
  std::uint64_t round = 0;
  LogIndex everywhere{};  // every member has the log durably up to here; the prefix may be dropped
  bool operator==(const AppendRequest&) const = default;
};

struct AppendResponse {
  bool success = false;
  bool fenced = false;      // keeps the entries, but must not be counted (see Restored::commit)
  LogIndex match{};         // success: durable and equal to the leader's log up to here
  LogIndex rejected{};      // failure: the request's previous_index
  LogIndex hint_index{};    // failure: where the leader should probe next (the conflicting term's start, or the end)
  Term hint_term{};         // failure: the term at hint_index in the responder's log; zero: not known
  std::uint64_t round = 0;  // echo
  bool operator==(const AppendResponse&) const = default;
};

// A follower asks the leader for a read index (thesis §6.4, "read-only requests at followers").
struct ReadIndexRequest {
  std::uint64_t context = 0;  // the follower's own number; never used twice
  bool operator==(const ReadIndexRequest&) const = default;
};

struct ReadIndexResponse {
  std::uint64_t context = 0;
  bool granted = false;  // false: the asked node cannot confirm it is leader now
  LogIndex index{};
  bool operator==(const ReadIndexResponse&) const = default;
};

// From a leader that gives up to the follower that should lead now: it need not wait for its timeout (thesis §3.10).
struct TimeoutNow {
  bool operator==(const TimeoutNow&) const = default;
};

struct Message {
  NodeId from;
  NodeId to;
  Term term;
  std::variant<VoteRequest, VoteResponse, AppendRequest, AppendResponse, ReadIndexRequest, ReadIndexResponse, TimeoutNow> body;
  bool operator==(const Message&) const = default;
};

// ---- inputs ---------------------------------------------------------------------------------------------------

// Numbers one persist effect; completions carry it, so that a stale one cannot count (etcd-io/raft append_aba_race).
using Ticket = Ordinal<struct TicketTag>;
// The caller's name for one read.
using ReadId = Id<struct ReadIdTag>;
// The caller's name for one proposal.
using ProposalId = Id<struct ProposalIdTag>;

struct DeadlineReached {};                                                // deadline() has passed
struct Propose {
  struct One {
    ProposalId id;
    EntryKind kind;
    SharedBytes data;
    bool makes_room = false;  // ends what a proposal before it has begun: taken however much is uncommitted
  };
  std::vector<One> proposals;
};
struct ReadRequest { ReadId id; };                                        // linearizable; leader or follower
struct Persisted { Ticket ticket; };                                      // that effect, and all before it, are durable
struct Loaded { LogIndex first; std::vector<Entry> entries; };            // answer to Load; empty: no longer in the log
struct Applied { LogIndex index; };                                       // the state machine has executed up to here
struct PrefixDropped { LogIndex first; Term previous_term; };             // the log now begins at `first`
struct StepDown {};                                                       // a leader gives up (it leaves, or its own digest is in the minority)

struct Input {
  Instant now;
  std::variant<DeadlineReached, Message, Propose, ReadRequest, Persisted, Loaded, Applied, PrefixDropped, StepDown> what;
};

// ---- effects --------------------------------------------------------------------------------------------------

enum class Role : std::uint8_t { kFollower = 1, kPreCandidate = 2, kCandidate = 3, kLeader = 4 };
std::string_view to_string(Role role);

// One atomic, durable write to the log: truncate, then append, with the hard state. Executed in ticket order.
// `commit` is recorded with it (fencing, docs/format/kv.md).
struct Persist {
  Ticket ticket;
  Term term;  // of this node when it ordered the write; the disk may be slow, and the term another by then
  std::optional<HardState> hard_state;
  std::optional<LogIndex> truncate_from;  // entries at and after this index are deleted
  std::vector<Entry> entries;             // consecutive; the first replaces truncate_from or follows the last entry
  LogIndex commit;
};

// May be sent only when Persist `after` is durable: votes and acknowledgements.
struct DelayedSend {
  Ticket after;
  Message message;
};

// Read entries [first, end) from the log, as many as fit in `limit_bytes` (at least one); answer with Loaded.
struct Load {
  LogIndex first;
  LogIndex end;
  std::size_t limit_bytes;
};

struct ReadReady {
  ReadId id;
  LogIndex index;  // serve it when the state machine has applied this
};

enum class Rejection : std::uint8_t {
  kNotLeader = 1,     // a proposal at a node that does not lead; `leader` is a hint
  kNoLeader = 2,      // nobody is known to lead
  kOverloaded = 3,    // too many uncommitted bytes
  kLeadershipLost = 4,// a read that could not be confirmed; for proposals: replaced or unknown, see `index`
};
std::string_view to_string(Rejection reason);

struct Rejected {
  std::variant<ProposalId, ReadId> what;
  Rejection reason;
  NodeId leader;  // none: not known
};

// A proposal got its place in the log. It may still be replaced by another leader's entry at that index.
struct Accepted {
  ProposalId id;
  LogIndex index;
  Term term;
};

struct RoleChanged {
  Role role;
  Term term;
  NodeId leader;  // none: not known
};

// A member has lost what this leader's log does not have any more, and there are no snapshots: it cannot follow.
struct LeftBehind {
  NodeId member;
  LogIndex first;  // of the leader's log
  bool operator==(const LeftBehind&) const = default;
};

// In execution order. Vectors keep their capacity over clear(), so that a quiet step allocates nothing.
struct Effects {
  std::optional<RoleChanged> role_changed;
  std::vector<Accepted> accepted;
  std::optional<Persist> persist;
  std::vector<Message> send_now;
  std::vector<DelayedSend> send_after;
  std::vector<Load> loads;
  std::vector<Entry> apply;  // committed, consecutive, each exactly once per incarnation, in order
  std::vector<ReadReady> reads_ready;
  std::vector<Rejected> rejected;
  std::optional<NodeId> contradicted_by;  // its message cannot be true beside what is known here: dropped
  std::optional<LeftBehind> left_behind;   // found out just now

  void clear();
};

// ---- construction ---------------------------------------------------------------------------------------------

struct Config {
  NodeId self;
  std::vector<NodeId> voters;  // all members, self included; sorted, no duplicates
  Duration election_timeout = std::chrono::milliseconds(300);   // each wait is drawn from [1, 2) times this
  Duration heartbeat_interval = std::chrono::milliseconds(50);  // below a third of the election timeout
  std::uint64_t seed = 0;
  std::size_t max_append_bytes = 256 << 10;        // entries per AppendRequest (at least one)
  std::size_t max_inflight_appends = 64;           // per follower, unacknowledged
  std::size_t max_uncommitted_bytes = 64 << 20;    // the leader refuses proposals beyond it
  std::size_t max_tail_bytes = 16 << 20;           // recent entries kept in memory; older ones are loaded
  std::size_t max_unapplied_bytes = 16 << 20;      // given out in `apply` and not yet reported Applied
};

// What the log held when the process started.
struct Restored {
  HardState hard_state;
  LogIndex first_index{1};  // of the log; earlier entries were dropped
  Term previous_term;       // of the entry before first_index (zero at the beginning)
  LogIndex last_index;      // first_index.prev() if the log is empty
  Term last_term;
  LogIndex commit;          // the highest commit index recorded; above last_index: acknowledged entries are missing,
                            // and the node is fenced (no vote, no counted acknowledgement) until its log has it again
  LogIndex applied;         // by the state machine; counts as committed even if `commit` was recorded before that
};

}  // namespace lockstep::raft
