// Raft as one pure function: step(input) changes the state and says what the world must do. No I/O, no clock, no threads.
//
// Source: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended version), cited as
// Raft §; Ongaro's dissertation, cited as thesis §. One concern per file: election.cc, replication.cc, commit.cc,
// reads.cc; the numbered invariants are in invariants.h and are checked after every step.
#pragma once

#include "core/raft/state.h"
#include "core/raft/types.h"

namespace lockstep::raft {

struct View {
  Role role = Role::kFollower;
  Term term;
  NodeId leader;  // none: not known
  NodeId vote;
  LogIndex first;       // of the log
  LogIndex last;        // of the log, durable or not
  LogIndex durable;     // own log is durable up to here
  LogIndex commit;
  LogIndex given;       // the last entry handed out in Effects::apply
  LogIndex applied;     // as reported
  LogIndex everywhere;  // every member is known to have the log durably up to here
  LogIndex term_start;  // a leader's first entry of its term; zero: does not lead
  bool fenced = false;
  bool can_serve = false;  // a leader whose first entry of the term is committed
};

// A copyable value: equal states and equal inputs give equal effects.
class Core {
 public:
  Core(Config config, Restored restored, Instant now);

  // `effects` is cleared first. The caller executes them in the order of their declaration.
  void step(const Input& input, Effects& effects);

  // When step(DeadlineReached) is due; sooner is harmless. At first it is due at once: the first step also gives out
  // what was committed but not applied, and reads what it must know of its own log.
  Instant deadline() const;

  View view() const;

  // Leader only: the durable match index of each voter in Config::voters order (self included, fenced ones as 0).
  // For `strong` writes, which wait until every voter has an entry.
  std::vector<LogIndex> voter_match() const;

 private:
  State state_;
};

}  // namespace lockstep::raft
