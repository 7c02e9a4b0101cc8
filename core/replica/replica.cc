// The loop around the pure core: inputs in, effects out to lanes, transport and listener.
#include "core/replica/replica.h"

#include <algorithm>

#include "base/check.h"
#include "core/replica/events.h"
#include "core/replica/lanes.h"

namespace lockstep::replica {
namespace {

// Of the log, written on the actor's thread if the host likes.
constexpr std::size_t kMostBriefBytes = 64 << 10;

}  // namespace

Replica::Replica(const env::Env& env, GroupId group, ReplicaConfig config, ReplicaListener& listener)
    : env_(env),
      group_(group),
      config_(std::move(config)),
      listener_(listener),
      digests_(env.self, config_.raft.voters.size()),
      apply_lane_(env, group, config_.apply, [this](Result<ApplyResult> result) {
        if (succeeded(result)) on_applied(*result);
      }) {}

Replica::~Replica() = default;

// ---- recovery -------------------------------------------------------------------------------------------------

void Replica::start() {
  open_log();
  open_database();
}

void Replica::open_log() {
  struct Opened {
    std::unique_ptr<kv::Store> store;
    std::unique_ptr<Log> log;
    raft::Restored restored;
    kv::Recovery recovery;
  };
  auto open = [this]() -> Result<Opened> {
    Opened opened;
    LOCKSTEP_TRY(store, kv::Store::open(env_.disk, config_.kv, &opened.recovery));
    opened.store = std::move(store);
    opened.log = std::make_unique<Log>(*opened.store, group_);
    LOCKSTEP_TRY(restored, opened.log->restore());
    opened.restored = restored;
    return opened;
  };
  env_.lanes.submit(kLogLane, make_job(std::move(open), [this](Result<Opened> opened) {
    if (!succeeded(opened)) return;
    store_ = std::move(opened->store);
    log_ = std::move(opened->log);
    restored_ = opened->restored;
    if (opened->recovery.torn_tail_bytes > 0)
      env_.trace.emit({kTailTorn, {group_.value(), opened->recovery.torn_tail_bytes}});
    finish_recovery();
  }));
}

void Replica::open_database() {
  apply_lane_.open([this](Status opened) {
    if (succeeded(opened)) finish_recovery();
  });
}

void Replica::finish_recovery() {
  if (!restored_ || !apply_lane_.is_open()) return;
  raft::Restored& restored = *restored_;
  restored.applied = applied();
  // What the database holds was committed, whatever the log remembers of it.
  restored.commit = std::max(restored.commit, applied());
  env_.trace.emit({kRecovered,
                   {group_.value(), restored.first_index.value(), restored.last_index.value(), restored.commit.value(),
                    applied().value(), restored.hard_state.term.value()}});
  if (const std::string loss = loss_in(restored); !loss.empty()) {
    fail_node({ErrorCode::kCorrupt, cat(loss, ". Put back what was lost, or restore the directory whole")});
    return;
  }
  core_.emplace(config_.raft, restored, env_.clock.monotonic_now());
  if (core_->view().fenced) {
    fence_ = restored.commit;
    env_.trace.emit({kFenced, {group_.value(), fence_->value()}});
  }
  leader_heard_ = env_.clock.monotonic_now();
  listener_.on_recovered();
}

// What is missing from the stores that no log and no other member can bring back; empty: nothing.
std::string Replica::loss_in(const raft::Restored& restored) const {
  if (applied() < restored.first_index.prev()) {
    return cat("expected a database that has applied entry ", restored.first_index.prev(),
               ", before which the log was dropped; it has applied ",
               applied() == LogIndex() ? "nothing" : cat(applied()));
  }
  // The log is durable before the database; a member that has forgotten its votes could vote twice in one
  // term.
  if (applied() > LogIndex() && restored.hard_state.term == Term()) {
    return cat("expected the log behind a database that has applied entry ", applied(),
               ", the log holds nothing: this member has forgotten its votes");
  }
  // Other members can bring back the end of a log; one without others would wait for ever.
  if (config_.raft.voters.size() == 1 && restored.commit > restored.last_index) {
    return cat("expected a log up to entry ", restored.commit, ", which was committed; it ends at ",
               restored.last_index, ", and there is no other member that could bring back the rest");
  }
  return {};
}

// ---- inputs ---------------------------------------------------------------------------------------------------

void Replica::on_message(NodeId from, BytesView payload) {
  if (!core_ || failed_) return;
  auto peer = wire_.decode(from, env_.self, payload);
  if (!peer || peer->group != group_) return;  // a peer's mistake costs that frame, nothing else
  if (!peer->digests.empty()) {
    for (const DigestReport& report : peer->digests) digests_.reported(report);
    heed_digests();
  }
  if (std::holds_alternative<raft::AppendRequest>(peer->message.body) && peer->message.term >= core_->view().term)
    leader_heard_ = env_.clock.monotonic_now();
  enqueue({env_.clock.monotonic_now(), std::move(peer->message)});
}

void Replica::on_alarm() {
  if (!core_ || failed_) return;
  const Instant now = env_.clock.monotonic_now();
  if (now >= core_->deadline()) enqueue({now, raft::DeadlineReached{}});
  if (now < persist_deadline_) return;
  // A leader whose disk hangs can apply and answer nothing, while its heartbeats keep all others from leading.
  persist_deadline_ = kNever;
  if (core_->view().role == raft::Role::kLeader) step_down();
}

void Replica::end_turn() {
  if (!core_ || failed_) return;
  persist_next();
  // A leader's clients wait for answers, and reads for what they must see; nobody waits for the rest.
  const bool at_leisure = core_ && core_->view().role != raft::Role::kLeader && waiting_reads_.empty();
  apply_lane_.end_turn(at_leisure);
  drop_prefix_if_due();
}

Instant Replica::deadline() const {
  if (!core_ || failed_) return kNever;
  return std::min({core_->deadline(), persist_deadline_, apply_lane_.deadline()});
}

void Replica::propose(std::vector<raft::Propose::One> proposals) {
  enqueue({env_.clock.monotonic_now(), raft::Propose{std::move(proposals)}});
}

void Replica::read(raft::ReadId id) { enqueue({env_.clock.monotonic_now(), raft::ReadRequest{id}}); }

void Replica::step_down() { enqueue({env_.clock.monotonic_now(), raft::StepDown{}}); }

// A listener may call back while effects are executed: its input waits for the end of that step.
void Replica::enqueue(raft::Input input) {
  if (failed_) return;
  CHECK(core_.has_value(), "input before recovery");
  if (stepping_) {
    inputs_.push_back(std::move(input));
    return;
  }
  stepping_ = true;
  step(input);
  while (!inputs_.empty() && !failed_) {
    const raft::Input next = std::move(inputs_.front());
    inputs_.pop_front();
    step(next);
  }
  stepping_ = false;
  if (!failed_) listener_.on_progress();
}

void Replica::step(const raft::Input& input) {
  core_->step(input, effects_);
  execute(effects_);
}

// ---- effects, in the order of their declaration ------------------------------------------------------------------

void Replica::execute(raft::Effects& effects) {
  trace_consensus(effects);
  if (effects.role_changed) listener_.on_role_changed(*effects.role_changed);
  if (effects.left_behind) listener_.on_left_behind(*effects.left_behind);
  for (const raft::Accepted& accepted : effects.accepted) listener_.on_accepted(accepted);
  if (effects.persist) persists_.push_back(std::move(*effects.persist));
  for (const raft::Message& message : effects.send_now) send(message);
  for (raft::DelayedSend& delayed : effects.send_after) delayed_sends_.push_back(std::move(delayed));
  for (const raft::Load& request : effects.loads) load(request);
  for (raft::Entry& entry : effects.apply) apply_lane_.add(std::move(entry));
  for (const raft::ReadReady& ready : effects.reads_ready) waiting_reads_[ready.index].push_back(ready.id);
  for (const raft::Rejected& rejected : effects.rejected) listener_.on_rejected(rejected);
  serve_reads();
}

void Replica::trace_consensus(const raft::Effects& effects) {
  if (const auto& change = effects.role_changed)
    env_.trace.emit({kRoleChanged,
                     {group_.value(), static_cast<std::uint64_t>(change->role), change->term.value(),
                      change->leader.value()}});
  const raft::View now = core_->view();
  if (effects.contradicted_by)
    env_.trace.emit({kContradicted, {group_.value(), effects.contradicted_by->value(), now.term.value()}});
  if (const auto& behind = effects.left_behind)
    env_.trace.emit({kLeftBehind, {group_.value(), behind->member.value(), behind->first.value()}});
  if (fence_ && !now.fenced) {
    env_.trace.emit({kFenceLifted, {group_.value(), fence_->value()}});
    fence_.reset();
  }
  if (now.commit == traced_commit_) return;
  traced_commit_ = now.commit;
  env_.trace.emit({kCommitAdvanced, {group_.value(), now.commit.value(), now.term.value()}});
}

void Replica::send(const raft::Message& message) {
  if (const auto* append = std::get_if<raft::AppendRequest>(&message.body); append && !append->entries.empty())
    env_.trace.emit({kAppendSent,
                     {group_.value(), message.to.value(), append->entries.front().index.value(),
                      append->entries.size()}});
  env_.transport.send(message.to, Channel::kRaft, wire_.encode(group_, message, digests_for(message.to)));
}

// News at once, and again now and then, because frames get lost.
std::vector<DigestReport> Replica::digests_for(NodeId peer) {
  constexpr unsigned kRepeatEvery = 64;
  if (digests_.revision() == 0) return {};
  Told& told = told_[peer];
  if (told.revision == digests_.revision() && ++told.messages_since < kRepeatEvery) return {};
  told = {.revision = digests_.revision(), .messages_since = 0};
  return digests_.reports();
}

// A node whose database is not the majority's must not serve it; a leader hands over first.
void Replica::heed_digests() {
  if (failed_) return;
  const auto objection = digests_.objection();
  if (!objection) return;
  if (core_->view().role == raft::Role::kLeader) step_down();
  fail_node({ErrorCode::kCorrupt, *objection});
}

// One write and one sync for everything that waits (group commit).
void Replica::persist_next() {
  if (persisting_ || persists_.empty()) return;
  persisting_ = true;
  persist_deadline_ = env_.clock.monotonic_now() + 2 * config_.raft.election_timeout;
  std::size_t bytes = 0;
  std::size_t entries = 0;
  for (const raft::Persist& persist : persists_) {
    entries += persist.entries.size();
    for (const raft::Entry& entry : persist.entries) bytes += entry.data.size();
  }
  auto write = [this, batch = std::exchange(persists_, {})]() mutable -> Result<std::vector<raft::Persist>> {
    LOCKSTEP_TRY_STATUS(log_->persist(batch));
    return std::move(batch);
  };
  auto done = [this](Result<std::vector<raft::Persist>> batch) {
    if (succeeded(batch)) persisted(std::move(*batch));
  };
  // Where entries come in company, more will come while the disk works: then the actor collects them for the next sync.
  const bool brief = entries <= 1 && bytes <= kMostBriefBytes;
  auto briefly = [brief](auto& run) {
    using Done = decltype(run());
    return brief ? std::optional<Done>(run()) : std::nullopt;
  };
  auto job = std::make_shared<std::unique_ptr<env::Job>>(make_job(std::move(write), std::move(done), briefly));
  env_.probe.reached(kBeforePersist, 0, [this, job] { env_.lanes.submit(kLogLane, std::move(*job)); });
}

void Replica::persisted(std::vector<raft::Persist> done) {
  for (const raft::Persist& persist : done) trace_durable(persist);
  env_.probe.reached(kAfterPersist, 0, [this, ticket = done.back().ticket] {
    persisting_ = false;
    persist_deadline_ = kNever;
    while (!delayed_sends_.empty() && delayed_sends_.front().after <= ticket) {
      send(delayed_sends_.front().message);
      delayed_sends_.pop_front();
    }
    enqueue({env_.clock.monotonic_now(), raft::Persisted{ticket}});
  });
}

void Replica::trace_durable(const raft::Persist& persist) {
  const std::uint64_t group = group_.value();
  if (const auto& state = persist.hard_state)
    env_.trace.emit({kHardStateDurable, {group, state->term.value(), state->vote.value()}});
  if (persist.truncate_from)
    env_.trace.emit({kLogTruncated,
                     {group, persist.truncate_from->value(), static_cast<std::uint64_t>(core_->view().role),
                      persist.term.value()}});
  if (!env_.trace.wants(kEntryDurable)) return;
  for (const raft::Entry& entry : persist.entries)
    env_.trace.emit({kEntryDurable, {group, entry.index.value(), entry.term.value(), entry_hash(entry)}});
}

void Replica::load(const raft::Load& load) {
  auto read = [this, load] { return log_->load(load); };
  env_.lanes.submit(kLogLane, make_job(std::move(read), [this, load](Result<std::vector<raft::Entry>> entries) {
    if (succeeded(entries))
      enqueue({env_.clock.monotonic_now(), raft::Loaded{load.first, std::move(*entries)}});
  }));
}

// ---- the apply lane -------------------------------------------------------------------------------------------

void Replica::on_applied(ApplyResult& result) {
  for (const AppliedCommand& command : result.commands) digests_.applied(command.index, command.digest);
  listener_.on_applied(result);
  heed_digests();
  enqueue({env_.clock.monotonic_now(), raft::Applied{applied()}});
}

void Replica::serve_reads() {
  while (!waiting_reads_.empty() && waiting_reads_.begin()->first <= applied()) {
    const auto ready = waiting_reads_.extract(waiting_reads_.begin());
    for (const raft::ReadId id : ready.mapped()) listener_.on_read_ready(id);
  }
}

void Replica::query(NodeId client, sql::Statement statement, sql::WithdrawalPtr withdrawal,
                    std::function<void(sql::QueryResult)> then) {
  apply_lane_.query(client, std::move(statement), std::move(withdrawal),
                    [this, then = std::move(then)](Result<sql::QueryResult> result) {
                      if (succeeded(result)) then(std::move(*result));
                    });
}

void Replica::sync(std::function<void()> then) {
  apply_lane_.sync([this, then = std::move(then)](Result<LogIndex> durable) {
    if (succeeded(durable)) then();
  });
}

// ---- dropping the log prefix ----------------------------------------------------------------------------------

// What every member has in its log and this node's database holds durably is needed by nobody.
void Replica::drop_prefix_if_due() {
  if (dropping_ || apply_lane_.busy()) return;
  const raft::View now = core_->view();
  const LogIndex target = std::min(now.everywhere, applied());
  if (target < now.first + config_.drop_prefix_entries) return;
  dropping_ = true;
  apply_lane_.sync([this, target](Result<LogIndex> durable) {
    if (succeeded(durable)) drop_prefix(std::min(target, *durable).next(), *durable);
  });
}

void Replica::drop_prefix(LogIndex first, LogIndex durable) {
  auto drop = [this, first]() -> Result<Term> {
    LOCKSTEP_TRY(last, log_->load({.first = first.prev(), .end = first, .limit_bytes = 0}));
    if (last.empty()) return fail(ErrorCode::kCorrupt, cat("expected log entry ", first.prev()));
    LOCKSTEP_TRY_STATUS(log_->drop_prefix(first, last.front().term));
    return last.front().term;
  };
  env_.lanes.submit(kLogLane, make_job(std::move(drop), [this, first, durable](Result<Term> previous_term) {
    if (!succeeded(previous_term)) return;
    dropping_ = false;
    env_.trace.emit({kPrefixDropped,
                     {group_.value(), first.value(), durable.value(), core_->view().everywhere.value()}});
    enqueue({env_.clock.monotonic_now(), raft::PrefixDropped{first, *previous_term}});
    clean_log();
  }));
}

// One bounded step after another, so that appends get in between.
void Replica::clean_log() {
  auto step = [this] { return store_->clean_step(); };
  env_.lanes.submit(kLogLane, make_job(std::move(step), [this](Result<bool> more) {
    if (succeeded(more) && *more) clean_log();
  }));
}

// ---- the rest -------------------------------------------------------------------------------------------------

raft::View Replica::view() const { return core_ ? core_->view() : raft::View{}; }

std::vector<LogIndex> Replica::voter_match() const { return core_ ? core_->voter_match() : std::vector<LogIndex>{}; }

Duration Replica::leader_silence() const {
  return view().role == raft::Role::kLeader ? Duration::zero() : env_.clock.monotonic_now() - leader_heard_;
}

template <class T>
bool Replica::succeeded(const Result<T>& result) {
  if (failed_) return false;
  if (!result) fail_node(result.error());
  return result.has_value();
}

void Replica::fail_node(const Error& error) {
  failed_ = true;
  inputs_.clear();
  env_.trace.emit({kNodeFailed, {group_.value()}, error.message});
  listener_.on_failed(error);
}

}  // namespace lockstep::replica
