// What a leader knows of one follower, and how it decides what to send to it next (Raft §5.3).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/raft/types.h"

namespace lockstep::raft {

// Probe: the follower's log is not known to match at next - 1; one append with entries is outstanding at
// most, and a lost one is found out by the next heartbeat. Replicate: it matched; appends are pipelined and
// `next` runs ahead.
enum class ProgressMode : std::uint8_t { kProbe, kReplicate };

class Progress {
 public:
  Progress(NodeId id, LogIndex next, Instant now) : id_(id), next_(next), heard_(now), sent_(now) {}

  NodeId id() const { return id_; }
  ProgressMode mode() const { return mode_; }
  LogIndex next() const { return next_; }    // the first entry not sent yet
  Instant heard() const { return heard_; }   // its last answer in this term
  Instant sent() const { return sent_; }     // our last append to it
  LogIndex match() const { return match_; }  // durable there and equal to our log up to here
  // What may be counted: a fenced follower keeps entries, but promises nothing (Restored::commit).
  LogIndex counted_match() const { return is_fenced_ ? LogIndex() : match_; }
  std::uint64_t counted_round() const { return is_fenced_ ? 0 : round_; }

  bool can_send_entries(std::size_t max_inflight) const;
  // Acknowledged everything that was sent, but does not know how far that is committed.
  bool lacks_commit(LogIndex commit) const;

  void note_heard(const AppendResponse& response, Instant now);
  // Whether match grew.
  bool accept(LogIndex match);
  // Moves next back. `floor`: the lowest index that can be sent. Whether anything moved; if not, the answer
  // was stale or there is nothing older to offer, and sending again would only repeat it.
  bool reject(LogIndex rejected, LogIndex next, LogIndex floor);

  // Whether it is news that nothing can be sent to it any more: it lacks the last of the entries before `floor`, all of
  // which it has acknowledged once. Asked before reject().
  bool is_found_left_behind(LogIndex rejected, LogIndex floor);

  void note_sent(const AppendRequest& request, Instant now);
  // Nothing before `first` can be sent any more, also to one that has lost it.
  void forget_before(LogIndex first) { next_ = std::max(next_, first); }

  // The term of an entry before `next` that had to be loaded, or that was the last one sent.
  std::optional<Term> learned_term_at(LogIndex index) const {
    return index == learned_index_ ? std::optional(learned_term_) : std::nullopt;
  }
  void learn_term(LogIndex index, Term term) {
    learned_index_ = index;
    learned_term_ = term;
  }

  bool is_loading() const { return is_loading_; }
  void set_loading(bool loading) { is_loading_ = loading; }

 private:
  NodeId id_;
  ProgressMode mode_ = ProgressMode::kProbe;
  bool probe_sent_ = false;
  bool is_fenced_ = false;
  bool is_loading_ = false;
  bool is_left_behind_ = false;
  LogIndex match_;
  LogIndex next_;
  std::uint64_t round_ = 0;  // the highest round it echoed
  LogIndex commit_sent_;     // the highest commit index it could take from our messages
  Instant heard_;
  Instant sent_;
  LogIndex learned_index_;
  Term learned_term_;
  std::vector<LogIndex> inflight_;  // the last index of each unacknowledged append, ascending; replicate only
};

}  // namespace lockstep::raft
