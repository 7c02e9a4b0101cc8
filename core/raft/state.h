// Everything a core remembers between steps: the state of Raft Figure 2, and what is under way.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/raft/byte_window.h"
#include "core/raft/log.h"
#include "core/raft/progress.h"
#include "core/raft/types.h"

namespace lockstep::raft {

// ---- roles, each with what only it needs ----

// A linearizable read that a follower has asked its leader about.
struct ForwardedRead {
  ReadId id;
  std::uint64_t context;
  Instant deadline;
};

struct Follower {
  NodeId leader{};                     // none: not known
  Instant heard{};                     // from that leader, last
  LogIndex verified{};                 // the log equals that leader's up to here
  std::vector<ForwardedRead> reads{};  // oldest first
};

struct PreCandidate {
  std::uint64_t granted = 0;  // bit = position in Config::voters
};

struct Candidate {
  std::uint64_t granted = 0;
  Ticket own_vote;  // counts when this is durable
};

// A read that waits for its round of confirmations (thesis §6.4).
struct LeaderRead {
  NodeId from{};           // none: asked here
  std::uint64_t name = 0;  // ReadId if asked here, else the follower's context
  LogIndex index{};
  std::uint64_t round = 0;
};

struct Leader {
  std::vector<Progress> peers;   // every other voter, in order of Config::voters
  LogIndex term_start;           // its first entry; counting replicas commits nothing before it (Raft §5.4.2)
  std::uint64_t round = 0;       // the last broadcast started to confirm reads
  std::vector<LeaderRead> held;  // arrived before an entry of the term was committed
  std::vector<LeaderRead> reads;  // ascending in round: the one in flight, and the next
  ByteWindow uncommitted;         // own proposals
};

// ---- work given out ----

// A Persist whose completion has not come. A truncation issued later lowers `last`, so that the completion of
// a write that was overwritten meanwhile cannot count for the new entries (the ABA race).
struct PendingWrite {
  Ticket ticket;
  LogIndex last;  // of the log, when this is durable
};

enum class LoadPurpose : std::uint8_t { kApply, kTerms, kPeerTerm, kPeerEntries };

struct PendingLoad {
  LoadPurpose purpose;
  Term term;    // in which it was asked; a leader's load is void in another
  NodeId peer;  // kPeerTerm, kPeerEntries
};

// After a restart the terms of the entries that a leader may yet replace are read from the log. Until then
// appends are not judged: without terms a delayed append cannot be told from a conflict.
struct TermRecovery {
  bool is_complete = true;
  bool is_loading = false;
  TermRuns found;
  LogIndex end;
};

// ---- the whole ----

struct State {
  State(Config config, const Restored& restored, Instant now);

  // Raft Figure 2.
  Config config;
  HardState hard_state;
  Log log;
  LogIndex commit;
  LogIndex applied;
  std::variant<Follower, PreCandidate, Candidate, Leader> role;

  LogIndex durable;  // the log is durable up to here
  LogIndex given;    // handed out to the state machine up to here
  LogIndex everywhere;
  bool is_fenced;  // Restored::commit is beyond what is durable and verified
  LogIndex fence;

  Instant started;
  bool has_stepped = false;
  Instant election_deadline;  // not for leaders
  std::uint64_t timeouts_drawn = 0;
  std::uint64_t last_context;  // of a forwarded read

  Ticket last_ticket;
  Ticket persisted;
  Ticket hard_state_ticket;  // the last that wrote the hard state
  std::vector<PendingWrite> writes;
  std::vector<PendingLoad> loads;  // answered in this order
  bool is_loading_to_apply = false;
  ByteWindow unapplied;
  TermRecovery recovery;

  std::size_t quorum() const { return config.voters.size() / 2 + 1; }
  bool is_quorum(std::uint64_t granted) const;
  std::uint64_t bit_of(NodeId voter) const;
  bool is_peer(NodeId node) const { return node != config.self && bit_of(node) != 0; }
  Role role_kind() const {
    constexpr Role kKinds[] = {Role::kFollower, Role::kPreCandidate, Role::kCandidate, Role::kLeader};
    return kKinds[role.index()];
  }
  NodeId leader() const;
  // No leader can disagree with the log at or below this index: it is committed. A fenced node's recorded
  // commit index says nothing about the log it has left, only the dropped prefix is beyond doubt.
  LogIndex settled() const { return is_fenced ? log.first().prev() : commit; }
};

// The highest value that a quorum has reached: `own` is this node's, `of(peer)` each other's.
// Quadratic in the number of voters, which is at most 7 in practice; saves a scratch buffer and a sort.
template <class Value, class Of>
Value reached_by_quorum(const State& state, const Leader& leader, Value own, Of of) {
  const auto count_at_least = [&](const Value& value) {
    std::size_t count = own >= value ? 1 : 0;
    for (const Progress& peer : leader.peers) count += of(peer) >= value ? 1 : 0;
    return count;
  };
  Value best{};
  if (count_at_least(own) >= state.quorum()) best = own;
  for (const Progress& peer : leader.peers)
    if (of(peer) > best && count_at_least(of(peer)) >= state.quorum()) best = of(peer);
  return best;
}

}  // namespace lockstep::raft
