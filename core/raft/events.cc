// Derives events from effects and from what moved between two views, so that the core itself emits nothing.
#include "core/raft/events.h"

#include "base/hash.h"

namespace lockstep::raft {
namespace {

void tell_persist(const Persist& persist, env::Trace& trace) {
  const std::uint64_t ticket = persist.ticket.value();
  if (persist.hard_state)
    trace.emit({kHardState, {persist.hard_state->term.value(), persist.hard_state->vote.value(), ticket}});
  if (persist.truncate_from) trace.emit({kTruncated, {persist.truncate_from->value(), ticket}});
  for (const Entry& entry : persist.entries)
    trace.emit({kAppended,
                {entry.index.value(), entry.term.value(), static_cast<std::uint64_t>(entry.kind),
                 hash64(entry.data.view()), ticket}});
}

void tell_progress(const View& before, const View& after, env::Trace& trace) {
  const std::uint64_t term = after.term.value();
  if (after.durable > before.durable) trace.emit({kDurable, {after.durable.value(), term}});
  if (after.commit > before.commit) trace.emit({kCommitted, {after.commit.value(), term}});
  if (before.fenced && !after.fenced) trace.emit({kFenceLifted, {after.durable.value()}});
}

void tell_rejected(const Rejected& rejected, env::Trace& trace) {
  const std::uint64_t name = std::visit([](auto id) { return id.value(); }, rejected.what);
  trace.emit({kRejected, {name, static_cast<std::uint64_t>(rejected.reason), rejected.leader.value()}});
}

}  // namespace

void tell_step(const View& before, const View& after, const Effects& effects, env::Trace& trace) {
  if (const auto& role = effects.role_changed)
    trace.emit(
        {kRoleChanged, {role->term.value(), static_cast<std::uint64_t>(role->role), role->leader.value()}});
  if (effects.persist) tell_persist(*effects.persist, trace);
  tell_progress(before, after, trace);
  for (const Entry& entry : effects.apply)
    trace.emit({kGiven, {entry.index.value(), entry.term.value(), hash64(entry.data.view())}});
  for (const ReadReady& ready : effects.reads_ready)
    trace.emit({kReadReady, {ready.id.value(), ready.index.value()}});
  for (const Rejected& rejected : effects.rejected) tell_rejected(rejected, trace);
}

void tell_sent(const Message& message, env::Trace& trace) {
  const std::uint64_t term = message.term.value();
  const std::uint64_t to = message.to.value();
  if (const auto* vote = std::get_if<VoteResponse>(&message.body)) {
    if (!vote->pre_vote) trace.emit({kVoteSent, {term, to, vote->granted ? 1u : 0u}});
  } else if (const auto* ack = std::get_if<AppendResponse>(&message.body)) {
    if (ack->success) trace.emit({kAckSent, {term, to, ack->match.value(), ack->fenced ? 1u : 0u}});
  }
}

}  // namespace lockstep::raft
