// From committed entries to SQL, sessions and decisions.
#include "core/replica/state_machine.h"

#include <algorithm>

#include "base/check.h"
#include "core/replica/log.h"
#include "core/replica/sql_wire.h"

namespace lockstep::replica {

struct StateMachine::Pending {
  wire::Command* command = nullptr;  // on the arena
  bool readable = false;
  sql::EntryStamp stamp;
  AppliedCommand applied;

  bool is_maintenance() const { return readable && command->what_case() == wire::Command::kMaintain; }
};

namespace {

using What = AppliedCommand::What;
// What is done on the actor's thread, if it is short in its other respects too.
constexpr std::size_t kMostBriefEntries = 8;
constexpr std::size_t kMostBriefBytes = 16 << 10;

using Verdict = ReplicatedState::Admission::Verdict;

}  // namespace

Result<std::unique_ptr<StateMachine>> StateMachine::open(sql::Database& database, std::int64_t session_timeout_ns) {
  std::unique_ptr<StateMachine> machine(new StateMachine(session_timeout_ns));
  LOCKSTEP_TRY(opened, database.open_machine(machine->state_));
  machine->machine_ = std::move(opened);
  return machine;
}

Result<LogIndex> StateMachine::put_away() {
  LOCKSTEP_TRY_STATUS(machine_->put_away());
  return machine_->durable();
}

Result<LogIndex> StateMachine::sync() {
  LOCKSTEP_TRY_STATUS(machine_->sync());
  return machine_->durable();
}

std::vector<StateMachine::Pending> StateMachine::read(std::span<const raft::Entry> entries) {
  arena_.Reset();
  std::vector<Pending> pending(entries.size());
  std::int64_t time_ns = state_.entry_time_ns();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const raft::Entry& entry = entries[i];
    Pending& item = pending[i];
    item.command = google::protobuf::Arena::CreateMessage<wire::Command>(&arena_);
    item.readable = entry.kind == raft::EntryKind::kCommand &&
                    item.command->ParseFromArray(entry.data.view().data(), static_cast<int>(entry.data.size()));
    if (item.readable) time_ns = std::max(time_ns, item.command->time_ns());
    item.stamp = {.index = entry.index, .time_ns = time_ns, .seed = item.command->seed()};
    item.applied.index = entry.index;
    item.applied.term = entry.term;
    item.applied.entry_hash = entry_hash(entry);
    if (entry.kind == raft::EntryKind::kCommand && !item.readable) item.applied.what = What::kUnreadable;
  }
  return pending;
}

Result<ApplyResult> StateMachine::apply(std::span<const raft::Entry> entries) {
  std::vector<Pending> pending = read(entries);
  ApplyResult result;
  result.commands.reserve(pending.size());
  for (std::size_t first = 0; first < pending.size();) {
    std::size_t end = first + 1;
    if (!pending[first].is_maintenance())
      while (end < pending.size() && !pending[end].is_maintenance()) ++end;
    LOCKSTEP_TRY_STATUS(apply_group(std::span(pending).subspan(first, end - first), result));
    first = end;
  }
  LOCKSTEP_TRY_STATUS(machine_->checkpoint_if_due());
  result.durable = machine_->durable();
  result.bytes = machine_->bytes();
  return result;
}

Result<std::optional<ApplyResult>> StateMachine::apply_briefly(std::span<const raft::Entry> entries) {
  std::size_t bytes = 0;
  for (const raft::Entry& entry : entries) bytes += entry.data.size();
  if (entries.size() > kMostBriefEntries || bytes > kMostBriefBytes) return std::nullopt;
  std::vector<Pending> pending = read(entries);
  if (std::ranges::any_of(pending, &Pending::is_maintenance)) return std::nullopt;
  LOCKSTEP_TRY(report, machine_->apply_briefly(stamps_of(pending), [&](std::size_t at, sql::EntryScope& scope) {
    execute(pending[at], scope);
  }));
  if (!report) return std::nullopt;
  ApplyResult result;
  collect(pending, std::move(*report), result);
  result.durable = machine_->durable();
  result.bytes = machine_->bytes();
  return result;
}

std::vector<sql::EntryStamp> StateMachine::stamps_of(std::span<const Pending> group) {
  std::vector<sql::EntryStamp> stamps;
  stamps.reserve(group.size());
  for (const Pending& item : group) stamps.push_back(item.stamp);
  return stamps;
}

Status StateMachine::apply_group(std::span<Pending> group, ApplyResult& result) {
  const auto run = [&]() -> Result<sql::ApplyReport> {
    if (group.front().is_maintenance()) return maintain(group.front());
    return machine_->apply(stamps_of(group),
                           [&](std::size_t at, sql::EntryScope& scope) { execute(group[at], scope); });
  };
  LOCKSTEP_TRY(report, run());
  collect(group, std::move(report), result);
  return {};
}

Result<sql::ApplyReport> StateMachine::maintain(Pending& pending) {
  pending.applied.what = What::kMaintained;
  state_.advance_time(pending.stamp.time_ns);  // what follows must not depend on being read with this entry
  const auto what = pending.command->maintain().what() == wire::Maintain::VACUUM ? sql::Machine::Maintenance::kVacuum
                                                                                 : sql::Machine::Maintenance::kAnalyze;
  return machine_->maintain(pending.stamp, what);
}

void StateMachine::collect(std::span<Pending> group, sql::ApplyReport report, ApplyResult& result) {
  CHECK(report.entries.size() == group.size(), report.entries.size(), " of ", group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i].applied.digest = report.entries[i].digest;
    result.commands.push_back(std::move(group[i].applied));
  }
  std::move(report.versions.begin(), report.versions.end(), std::back_inserter(result.versions));
  std::move(report.changes.begin(), report.changes.end(), std::back_inserter(result.changes));
  result.one_by_one |= report.one_by_one;
}

void StateMachine::execute(Pending& pending, sql::EntryScope& scope) {
  AppliedCommand& applied = pending.applied;
  const LogIndex index = applied.index;
  applied.answer.clear();
  applied.executed = false;
  state_.advance_time(pending.stamp.time_ns);
  if (!pending.readable) return;
  const wire::Command& command = *pending.command;
  switch (command.what_case()) {
    case wire::Command::kOpenSession:
      applied.what = What::kSessionOpened;
      applied.session = index.value();
      state_.open_session(index.value());
      return;
    case wire::Command::kCloseSession:
      applied.what = What::kSessionClosed;
      if (state_.close_session(command.close_session().session()))
        applied.session = command.close_session().session();
      return;
    case wire::Command::kWrite:
      applied.what = What::kWrite;
      execute_write(command.write(), applied, scope);
      return;
    case wire::Command::kPrepare: execute_prepare(command.prepare(), applied); return;
    case wire::Command::kDecide: execute_decide(command.decide(), applied, scope); return;
    case wire::Command::kMaintain:
    case wire::Command::WHAT_NOT_SET: applied.what = What::kUnreadable; return;
  }
}

void StateMachine::execute_write(const wire::Write& write, AppliedCommand& applied, sql::EntryScope& scope) {
  if (answer_from_session(write, applied)) return;
  from_wire(write.statements(), statements_);
  const auto expected = from_wire(write.expected());
  const sql::BatchResult result = scope.execute(statements_, expected);
  if (write.statements_size() > kMostKeptStatements || write.ByteSizeLong() > kMostKeptBytes) statements_ = {};
  applied.executed = true;
  applied.outcome = static_cast<std::uint32_t>(result.outcome);
  wire::WriteOutcome& outcome = new_outcome();
  outcome.set_kind(wire::WriteOutcome::EXECUTED);
  to_wire(result, *outcome.mutable_result());
  record(outcome, applied);
}

void StateMachine::execute_prepare(const wire::Prepare& prepare, AppliedCommand& applied) {
  applied.what = What::kWrite;
  if (answer_from_session(prepare.write(), applied)) return;
  applied.what = What::kPrepared;
  applied.transaction = applied.index;
  wire::WriteOutcome& outcome = new_outcome();
  outcome.set_kind(wire::WriteOutcome::PENDING);
  outcome.AppendToString(&applied.answer);
  state_.prepare(applied.index, prepare.write().SerializeAsString());
}

void StateMachine::execute_decide(const wire::Decide& decide, AppliedCommand& applied, sql::EntryScope& scope) {
  applied.what = What::kNothing;
  applied.transaction = LogIndex(decide.transaction());
  const auto prepared = state_.take_prepared(applied.transaction);
  if (!prepared) return;
  wire::Write write;
  CHECK(write.ParseFromString(*prepared), "prepared transaction ", applied.transaction);
  applied.what = decide.commit() ? What::kCommitted : What::kAborted;
  if (decide.commit()) {
    execute_write(write, applied, scope);
  } else if (!answer_from_session(write, applied)) {
    wire::WriteOutcome& outcome = new_outcome();
    outcome.set_kind(wire::WriteOutcome::ABORTED);
    record(outcome, applied);
  }
}

// True if the session already settles this write: answered before, expired, or no such session. A write of no
// session is never settled.
bool StateMachine::answer_from_session(const wire::Write& write, AppliedCommand& applied) {
  applied.session = write.session();
  applied.sequence = write.sequence();
  if (is_sessionless(write)) return false;
  const auto admission = state_.admit(write.session(), write.sequence(), write.first_incomplete());
  if (admission.verdict == Verdict::kExecute) return false;
  wire::WriteOutcome& outcome = new_outcome();
  switch (admission.verdict) {
    case Verdict::kExecute: break;
    case Verdict::kStored:
      CHECK(outcome.ParseFromString(*admission.stored), "session ", write.session());
      outcome.set_deduplicated(true);
      break;
    case Verdict::kSequenceExpired: outcome.set_kind(wire::WriteOutcome::SEQUENCE_EXPIRED); break;
    case Verdict::kSessionUnknown: outcome.set_kind(wire::WriteOutcome::SESSION_UNKNOWN); break;
  }
  outcome.AppendToString(&applied.answer);
  return true;
}

wire::WriteOutcome& StateMachine::new_outcome() {
  return *google::protobuf::Arena::CreateMessage<wire::WriteOutcome>(&arena_);
}

void StateMachine::record(wire::WriteOutcome& outcome, AppliedCommand& applied) {
  outcome.set_index(applied.index.value());
  outcome.AppendToString(&applied.answer);
  if (applied.session != kNoSession) state_.record(applied.session, applied.sequence, applied.answer);
}

}  // namespace lockstep::replica
