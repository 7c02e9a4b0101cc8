// The rules about what entries do, compared over all nodes and lives.
#include "scenarios/oracles_state.h"

#include <algorithm>

#include "core/replica/events.h"
#include "core/replica/state_machine.h"
#include "core/service/events.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr const env::EventType* kAppliedAndDropped[] = {&replica::kEntryApplied, &replica::kPrefixDropped,
                                                        &sim::kDiskForgot};

}  // namespace

// ---- state machine safety ---------------------------------------------------------------------------------------

std::span<const env::EventType* const> StateMachineSafety::listens_to() const { return kAppliedAndDropped; }

void StateMachineSafety::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  if (event.type->number == sim::kDiskForgot.number) return void(betrayed_.insert(observation.node));
  Group& group = groups_[group_of(event)];
  if (event.type->number == replica::kPrefixDropped.number) {
    group.starts.note(observation.node, LogIndex(event.fields[1]));
    return group.entries.forget_before(group.starts.lowest(voters_).value());
  }
  const AppliedEntry entry(event);
  const bool is_betrayed = betrayed_.contains(observation.node);
  Known& known = group.entries[entry.index.value()];
  if (known.node.is_none()) {
    if (is_betrayed) return;
    known = {observation.node, entry.term, entry.hash, entry.result};
    return;
  }
  count_check();
  if (known.term != entry.term || known.hash != entry.hash) {
    violate(observation, cat("n", observation.node, " applied an entry of term ", entry.term, " at index ",
                             entry.index, "; n", known.node, " applied another there, of term ", known.term));
  } else if (known.result != entry.result && !is_betrayed) {
    violate(observation, cat("n", observation.node, " got another result than n", known.node, " from entry ",
                             entry.index));
  }
}

// ---- replica digest ---------------------------------------------------------------------------------------------

std::span<const env::EventType* const> ReplicaDigest::listens_to() const { return kAppliedAndDropped; }

void ReplicaDigest::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  if (event.type->number == sim::kDiskForgot.number) return void(betrayed_.insert(observation.node));
  Group& group = groups_[group_of(event)];
  if (event.type->number == replica::kPrefixDropped.number) {
    group.starts.note(observation.node, LogIndex(event.fields[1]));
    return group.digests.forget_before(group.starts.lowest(voters_).value());
  }
  if (betrayed_.contains(observation.node)) return;
  const AppliedEntry entry(event);
  Known& known = group.digests[entry.index.value()];
  if (known.node.is_none()) {
    known = {observation.node, entry.digest};
    return;
  }
  count_check();
  if (known.digest != entry.digest)
    violate(observation, cat("the database of n", observation.node, " differs from that of n", known.node,
                             " after entry ", entry.index));
}

// ---- exactly once -----------------------------------------------------------------------------------------------

std::span<const env::EventType* const> ExactlyOnce::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&replica::kWriteExecuted};
  return kListened;
}

void ExactlyOnce::on_event(const Observation& observation) {
  const auto& fields = observation.event.fields;
  const LogIndex index(fields[1]);
  const std::uint64_t session = fields[2];
  const std::uint64_t sequence = fields[3];
  if (session == replica::kNoSession) return;  // each is a write of its own
  count_check();
  LogIndex& executed_at = sessions_[{group_of(observation.event), session}][sequence];
  if (executed_at == LogIndex()) executed_at = index;
  if (executed_at != index)
    violate(observation, cat("n", observation.node, " executed write ", sequence, " of session ", session,
                             " at index ", index, "; it had been executed at index ", executed_at));
}

// ---- applied stays ----------------------------------------------------------------------------------------------

std::span<const env::EventType* const> AppliedStays::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&replica::kEntryApplied, &replica::kRecovered, &sim::kDiskWiped,
                                                        &sim::kDiskFault, &sim::kDiskForgot};
  return kListened;
}

void AppliedStays::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  LogIndex& applied = applied_[observation.node];
  if (event.type->number == sim::kDiskFault.number && !harms_storage(event)) return;
  if (takes_from_storage(event)) {
    harmed_.insert(observation.node);
    return;
  }
  count_check();
  if (event.type->number == replica::kRecovered.number) {
    const LogIndex found = Recovery(event).applied;
    if (found < applied && !harmed_.contains(observation.node))
      violate(observation, cat("n", observation.node, " came back with entry ", found, " after it had applied entry ",
                               applied));
    applied = found;
    return;
  }
  const LogIndex index = AppliedEntry(event).index;
  if (index != applied.next())
    violate(observation, cat("n", observation.node, " applied entry ", index, " after entry ", applied));
  applied = index;
}

// ---- prepared durable -------------------------------------------------------------------------------------------

std::span<const env::EventType* const> PreparedDurable::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &replica::kEntryDurable,       &replica::kLogTruncated, &replica::kRecovered, &replica::kEntryApplied,
      &service::kTransactionDurable, &sim::kDiskWiped,        &sim::kDiskFault,     &sim::kDiskForgot};
  return kListened;
}

void PreparedDurable::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  LogTerms& log = members_[observation.node].log;
  switch (event.type->number) {
    case replica::kEntryDurable.number: {
      const DurableEntry entry(event);
      return log.put(entry.index, entry.term);
    }
    case replica::kEntryApplied.number: {
      const AppliedEntry entry(event);
      if (entry.index > committed_.last()) committed_.put(entry.index, entry.term);
      return;
    }
    case replica::kLogTruncated.number: return log.cut(Truncation(event).from);
    case replica::kRecovered.number: return on_recovered(observation);
    case sim::kDiskFault.number:
    case sim::kDiskForgot.number:
    case sim::kDiskWiped.number:
      if (takes_from_storage(event)) members_[observation.node].is_harmed = true;
      return;
    default: return on_prepared(observation);
  }
}

void PreparedDurable::on_recovered(const Observation& observation) {
  const Recovery recovery(observation.event);
  Member& member = members_[observation.node];
  if (!member.is_harmed) {
    member.log.recover(recovery.last, recovery.term, committed_);
  } else if (recovery.last > member.log.last()) {
    member.log.put(recovery.last, Term());
  }
}

std::size_t PreparedDurable::holders(LogIndex index) const {
  std::size_t most = 0;
  for (const auto& [node, owner] : members_) {
    if (owner.log.last() < index) continue;
    const Term term = owner.log.at(index);
    std::size_t own = 0;
    for (const auto& [other, member] : members_) own += member.log.may_hold(index, term) ? 1 : 0;
    most = std::max(most, own);
  }
  return most;
}

void PreparedDurable::on_prepared(const Observation& observation) {
  const LogIndex transaction(observation.event.fields[0]);
  const bool is_strong = observation.event.fields[1] != 0;
  count_check();
  const std::size_t held_by = holders(transaction);
  const std::size_t needed = is_strong ? voters_ : voters_ / 2 + 1;
  if (held_by >= needed) return;
  violate(observation,
          cat("n", observation.node, " called ", is_strong ? "strong " : "", "transaction ", transaction,
              " prepared when ", held_by, " of ", voters_, " voters had it durable"));
}

// ---- transactions -----------------------------------------------------------------------------------------------

std::span<const env::EventType* const> Transactions::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&replica::kTransactionPrepared, &replica::kTransactionDecided,
                                                        &replica::kEntryApplied, &replica::kRecovered};
  return kListened;
}

void Transactions::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  Group& group = groups_[group_of(event)];
  const LogIndex index(event.fields[1]);
  switch (event.type->number) {
    case replica::kEntryApplied.number: group.applied[observation.node] = index; return;
    case replica::kTransactionPrepared.number: group.transactions[index].is_prepared = true; return;
    case replica::kTransactionDecided.number: return on_decided(observation, group);
    case replica::kRecovered.number: return on_recovered(observation, group);
    default: return;
  }
}

void Transactions::on_recovered(const Observation& observation, Group& group) {
  const Recovery recovery(observation.event);
  LogIndex& applied = group.applied[observation.node];
  if (recovery.applied > applied) group.unseen.push_back({applied.next(), recovery.applied});
  applied = recovery.applied;
}

bool Transactions::Group::may_be_prepared(LogIndex transaction) const {
  return std::any_of(unseen.begin(), unseen.end(), [&](const Range& range) {
    return range.first <= transaction && transaction <= range.last;
  });
}

void Transactions::on_decided(const Observation& observation, Group& group) {
  const LogIndex id(observation.event.fields[1]);
  const LogIndex index(observation.event.fields[2]);
  const bool is_committed = observation.event.fields[3] != 0;
  count_check();
  Transaction& transaction = group.transactions[id];
  const std::string_view verb = is_committed ? "committed" : "aborted";
  if (!transaction.is_prepared && !group.may_be_prepared(id))
    violate(observation, cat("n", observation.node, " ", verb, " transaction ", id, ", which nobody had prepared"));
  if (transaction.decided_at == LogIndex()) {
    transaction = {.is_prepared = true,
                   .decided_at = index,
                   .is_committed = is_committed,
                   .decided_by = observation.node};
  } else if (transaction.decided_at != index || transaction.is_committed != is_committed) {
    violate(observation, cat("n", observation.node, " ", verb, " transaction ", id, " at index ", index, "; n",
                             transaction.decided_by, transaction.is_committed ? " committed" : " aborted",
                             " it at index ", transaction.decided_at));
  }
}

}  // namespace lockstep::scenarios
