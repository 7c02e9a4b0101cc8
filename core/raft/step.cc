// The verbs of a step: what is written, what may be sent when, what is loaded.
#include "core/raft/step.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::raft {

Persist& Step::persist() {
  if (!effects.persist) {
    effects.persist.emplace();
    state.last_ticket = state.last_ticket.next();
    effects.persist->ticket = state.last_ticket;
    effects.persist->term = state.hard_state.term;
  }
  return *effects.persist;
}

void Step::set_hard_state(HardState hard_state) {
  CHECK(hard_state.term > state.hard_state.term ||
            (hard_state.term == state.hard_state.term && state.hard_state.vote.is_none()),
        "term ", state.hard_state.term, " vote ", state.hard_state.vote, " to term ", hard_state.term,
        " vote ", hard_state.vote);
  state.hard_state = hard_state;
  persist().hard_state = hard_state;
  persist().term = hard_state.term;
  state.hard_state_ticket = persist().ticket;
}

void Step::append(const Entry& entry) {
  state.log.append(entry);
  persist().entries.push_back(entry);
}

void Step::truncate_from(LogIndex index) {
  CHECK(index > state.settled(), "truncate from ", index, ", settled ", state.settled());
  CHECK(persist().entries.empty(), "a truncation comes before the entries of its step");
  persist().truncate_from = index;
  state.log.truncate_from(index);
  state.durable = std::min(state.durable, index.prev());
  for (PendingWrite& write : state.writes) write.last = std::min(write.last, index.prev());
}

void Step::send_in(Term term, NodeId to, Body body, Ticket needs) {
  const Ticket after = std::max(needs, state.hard_state_ticket);
  Message message{state.config.self, to, term, std::move(body)};
  if (after <= state.persisted)
    effects.send_now.push_back(std::move(message));
  else
    effects.send_after.push_back({after, std::move(message)});
}

Ticket Step::ticket_covering(LogIndex index) const {
  if (index <= state.durable) return Ticket();
  for (const PendingWrite& write : state.writes)
    if (write.last >= index) return write.ticket;
  CHECK(effects.persist && index <= state.log.last(), "nothing is written that covers index ", index);
  return effects.persist->ticket;
}

void Step::load(PendingLoad what, LogIndex first, LogIndex end, std::size_t limit_bytes) {
  CHECK(first >= state.log.first() && first < end, "load [", first, ", ", end, ") of a log that begins at ",
        state.log.first());
  state.loads.push_back(what);
  effects.loads.push_back({first, end, limit_bytes});
}

void Step::reject(decltype(Rejected::what) what, Rejection reason) {
  effects.rejected.push_back({what, reason, NodeId()});
}

void Step::finish() {
  for (Rejected& rejected : effects.rejected) rejected.leader = state.leader();
  if (!effects.persist) return;
  effects.persist->commit = state.commit;
  state.writes.push_back({effects.persist->ticket, state.log.last()});
}

}  // namespace lockstep::raft
