// Jobs for the apply lane, and what the actor remembers of their results.
#include "core/replica/apply_lane.h"

#include <algorithm>

#include "base/hash.h"
#include "core/replica/events.h"
#include "core/replica/lanes.h"

namespace lockstep::replica {

ApplyLane::ApplyLane(const env::Env& env, GroupId group, ApplyConfig config, OnApplied on_applied)
    : env_(env), group_(group), config_(std::move(config)), on_applied_(std::move(on_applied)) {}

ApplyLane::~ApplyLane() = default;

void ApplyLane::open(std::function<void(Status)> then) {
  database_ = sql::Database::create(env_.disk, config_.sql);
  read_pool_ = std::make_unique<ReadPool>(env_.lanes, *database_, config_.readers);
  auto open = [this] { return StateMachine::open(*database_, config_.session_timeout.count()); };
  auto opened = [this, then = std::move(then)](Result<std::unique_ptr<StateMachine>> machine) {
    if (!machine) return then(std::unexpected(machine.error()));
    note_opened(std::move(*machine));
    then({});
  };
  env_.lanes.submit(kApplyLane, make_job(std::move(open), std::move(opened)));
}

void ApplyLane::note_opened(std::unique_ptr<StateMachine> machine) {
  machine_ = std::move(machine);
  applied_ = machine_->applied();
  durable_ = machine_->durable();
  digest_ = machine_->digest();
  bytes_ = machine_->bytes();
  for (const auto& [table, version] : machine_->versions()) versions_[table] = version;
  for (const LogIndex transaction : machine_->undecided()) undecided_.insert(transaction);
}

void ApplyLane::end_turn(bool at_leisure) {
  const Instant now = env_.clock.monotonic_now();
  if (!waiting_.empty() && oldest_waiting_ == kNever) oldest_waiting_ = now;
  if (!at_leisure || waiting_.size() >= config_.max_entries || now >= deadline()) apply_next();
  if (read_pool_) read_pool_->start();
}

void ApplyLane::apply_next() {
  if (busy_ || waiting_.empty()) return;
  busy_ = true;
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), config_.max_entries));
  const auto entries = std::make_shared<const std::vector<raft::Entry>>(
      std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  oldest_waiting_ = kNever;
  auto run = [this, entries] { return machine_->apply(*entries); };
  auto done = [this](Result<ApplyResult> result) {
    busy_ = false;
    if (result) note_applied(*result);
    on_applied_(std::move(result));
  };
  auto briefly = [this, entries](const auto&) { return briefly_done(machine_->apply_briefly(*entries)); };
  auto job = std::make_shared<std::unique_ptr<env::Job>>(make_job(std::move(run), std::move(done), std::move(briefly)));
  env_.probe.reached(kBeforeApply, 0, [this, job] { env_.lanes.submit(kApplyLane, std::move(*job)); });
}

Instant ApplyLane::deadline() const {
  return busy_ || oldest_waiting_ == kNever ? kNever : oldest_waiting_ + config_.leisure;
}

void ApplyLane::note_applied(const ApplyResult& result) {
  applied_ = result.commands.back().index;
  digest_ = result.commands.back().digest;
  durable_ = result.durable;
  bytes_ = result.bytes;
  for (const auto& [table, version] : result.versions) versions_[table] = version;
  for (const AppliedCommand& command : result.commands) {
    if (command.what == AppliedCommand::What::kPrepared) undecided_.insert(command.transaction);
    if (command.what == AppliedCommand::What::kCommitted || command.what == AppliedCommand::What::kAborted)
      undecided_.erase(command.transaction);
  }
  trace_applied(result);
}

void ApplyLane::trace_applied(const ApplyResult& result) {
  const std::uint64_t group = group_.value();
  if (result.one_by_one)
    env_.trace.emit({kAppliedOneByOne, {group, result.commands.front().index.value(), result.commands.size()}});
  const bool entries = env_.trace.wants(kEntryApplied);
  const bool writes = env_.trace.wants(kWriteExecuted);
  for (const AppliedCommand& command : result.commands) {
    if (entries)
      env_.trace.emit({kEntryApplied,
                       {group, command.index.value(), command.term.value(), command.entry_hash, command.digest,
                        hash64(command.answer, static_cast<std::uint64_t>(command.what))}});
    if (writes && command.executed)
      env_.trace.emit(
          {kWriteExecuted, {group, command.index.value(), command.session, command.sequence, command.outcome}});
    if (command.what == AppliedCommand::What::kWrite && !command.executed && command.session != kNoSession)
      env_.trace.emit({kWriteSettled, {group, command.index.value(), command.session, command.sequence}});
    if (command.what == AppliedCommand::What::kPrepared)
      env_.trace.emit({kTransactionPrepared, {group, command.transaction.value()}});
    if (command.what == AppliedCommand::What::kCommitted || command.what == AppliedCommand::What::kAborted)
      env_.trace.emit({kTransactionDecided,
                       {group, command.transaction.value(), command.index.value(),
                        command.what == AppliedCommand::What::kCommitted ? 1u : 0u}});
  }
}

void ApplyLane::sync(OnDurable then) { make_durable(&StateMachine::sync, std::move(then)); }

void ApplyLane::put_away(OnDurable then) { make_durable(&StateMachine::put_away, std::move(then)); }

void ApplyLane::make_durable(Result<LogIndex> (StateMachine::*how)(), OnDurable then) {
  auto run = [this, how] { return (*machine_.*how)(); };
  auto done = [this, then = std::move(then)](Result<LogIndex> durable) {
    if (durable) durable_ = *durable;
    then(std::move(durable));
  };
  env_.lanes.submit(kApplyLane, make_job(std::move(run), std::move(done)));
}

void ApplyLane::query(NodeId client, sql::Statement statement, sql::WithdrawalPtr withdrawal,
                      ReadPool::Then then) {
  read_pool_->submit(client, std::move(statement), std::move(withdrawal), std::move(then));
}

void ApplyLane::drop_withdrawn_queries() {
  if (read_pool_) read_pool_->drop_withdrawn();
}

std::uint64_t ApplyLane::version(const std::string& table) const {
  const auto found = versions_.find(table);
  return found == versions_.end() ? 0 : found->second;
}

// SQLite makes the copy in memory, and a frame of the WAL for each of its pages: where either has an end, every member
// would stop at this entry, and again whenever it is started.
std::string ApplyLane::objection(const wire::Command& command) const {
  if (command.maintain().what() != wire::Maintain::VACUUM || bytes_ <= config_.max_vacuum_bytes) return {};
  return cat("expected a database of at most ", config_.max_vacuum_bytes,
             " bytes, because every member makes the copy of VACUUM in memory; it has ", bytes_);
}

}  // namespace lockstep::replica
