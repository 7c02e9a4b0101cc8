// One step under way: the state it changes, the effects it collects, and the verbs all concerns use.
#pragma once

#include <utility>

#include "core/raft/state.h"
#include "core/raft/types.h"

namespace lockstep::raft {

using Body = decltype(Message::body);

struct Step {
  State& state;
  Effects& effects;
  Instant now;

  // The one Persist of this step, made when first needed. Its ticket is known at once.
  Persist& persist();

  // Term and vote change together and are written together (Raft Figure 2). A vote is never withdrawn in its
  // term.
  void set_hard_state(HardState hard_state);

  void append(const Entry& entry);
  void truncate_from(LogIndex index);

  // Nothing is said in a term, for a candidate or about a log before what it stands on is durable: the
  // message waits for the hard state, and for `needs` if that is later. Because tickets are ordered, a vote
  // request also waits for the log it boasts of. (A candidate that forgot entries in a crash, then campaigned
  // again in the same term, could otherwise win with votes that were given to the longer log.)
  void send(NodeId to, Body body, Ticket needs = Ticket()) {
    send_in(state.hard_state.term, to, std::move(body), needs);
  }
  // In another term than one's own: pre-votes only (thesis §9.6).
  void send_in(Term term, NodeId to, Body body, Ticket needs = Ticket());

  // The ticket to wait for until the log is durable up to `index`; Ticket() if it is.
  Ticket ticket_covering(LogIndex index) const;

  void load(PendingLoad what, LogIndex first, LogIndex end, std::size_t limit_bytes);
  void reject(decltype(Rejected::what) what, Rejection reason);

  // Completes the Persist with what is only known at the end of the step.
  void finish();
};

}  // namespace lockstep::raft
