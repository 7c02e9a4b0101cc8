// What must hold after every step, whatever happened: numbered, checked in release too, in constant time.
#pragma once

#include "core/raft/state.h"
#include "core/raft/types.h"

namespace lockstep::raft {

// Of the state before a step, what the checks compare with.
struct Summary {
  explicit Summary(const State& state);

  HardState hard_state;
  Role role;
  LogIndex last;
  LogIndex settled;
  LogIndex commit;
  LogIndex given;
  LogIndex applied;
  LogIndex everywhere;
  bool is_fenced;
};

//  1  the term never goes back
//  2  within a term a vote is given at most once and never withdrawn (Raft §5.2)
//  3  the commit index never goes back
//  4  the commit index is within the log, unless fenced
//  5  nothing is handed out that is not committed and durable, unless before the start
//  6  what was handed out stays handed out, each entry once and in order
//  7  nothing is applied that was not handed out
//  8  a leader only appends (Raft §5.3, leader append-only)
//  9  nothing settled is cut off (Raft §5.4, leader completeness as seen from one node)
// 10  the log is durable up to within the log
// 11  a leader voted for itself and is not fenced
// 12  only a candidate of the same term becomes leader (a candidacy may begin and end in one step if alone)
// 13  the log begins no later than the entry after the last one applied
// 14  `everywhere` never goes back and is durable here, unless fenced
// 15  no vote is given by a fenced node, and a lifted fence does not come back
// 16  writes under way are ordered, by ticket and by what they make durable
void check_invariants(const Summary& before, const State& state, const Effects& effects);

}  // namespace lockstep::raft
