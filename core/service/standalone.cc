// From requests to entries of the apply lane, without a detour.
#include "core/service/standalone.h"

#include "base/check.h"
#include "core/replica/events.h"

namespace lockstep::service {
namespace {

constexpr GroupId kGroup{1};
constexpr Term kTerm{1};  // the only one: nobody else can lead

replica::ApplyConfig with_synced_commits(replica::ApplyConfig config) {
  config.sql.sync_commits = true;
  return config;
}

}  // namespace

StandaloneNode::StandaloneNode(const env::Env& env, StandaloneConfig config)
    : env_(env),
      config_(std::move(config)),
      desk_(env_, *this, config_.max_write_bytes),
      stamps_(env_),
      apply_lane_(env_, kGroup, with_synced_commits(config_.apply),
                  [this](Result<replica::ApplyResult> result) {
                    if (result) {
                      on_applied(*result);
                    } else {
                      stop(result.error());
                    }
                  }),
      waiting_reads_(config_.reads) {}

StandaloneNode::~StandaloneNode() = default;

// ---- turns ------------------------------------------------------------------------------------------------

void StandaloneNode::start() {
  apply_lane_.open([this](Status opened) {
    if (opened) {
      on_opened();
    } else {
      stop(opened.error());
    }
  });
}

void StandaloneNode::on_opened() {
  last_ = apply_lane_.applied();
  env_.trace.emit(
      {replica::kRecovered,
       {kGroup.value(), last_.next().value(), last_.value(), last_.value(), last_.value(), kTerm.value()}});
  const raft::RoleChanged leads{.role = raft::Role::kLeader, .term = kTerm, .leader = env_.self};
  env_.trace.emit(
      {replica::kRoleChanged,
       {kGroup.value(), static_cast<std::uint64_t>(leads.role), kTerm.value(), env_.self.value()}});
  feed_.publish(Recovered{});
  feed_.publish(leads);
}

void StandaloneNode::on_message(NodeId from, Channel channel, BytesView payload) {
  if (channel == Channel::kRequest) desk_.on_request(from, payload);
}

// Also after a failure: it is the answer to what still waits.
void StandaloneNode::on_turn_end() {
  end_late_reads();
  apply_lane_.end_turn(false);
  if (on_retired_ && waiting_.empty()) put_away(std::exchange(on_retired_, nullptr));
}

void StandaloneNode::on_client_gone(NodeId client) {
  if (waiting_reads_.withdraw_all_of(client)) apply_lane_.drop_withdrawn_queries();
}

void StandaloneNode::end_late_reads() {
  const std::vector<Caller> late = waiting_reads_.expire(env_.clock.monotonic_now());
  for (const Caller& caller : late) desk_.time_is_over(caller);
  if (!late.empty()) apply_lane_.drop_withdrawn_queries();
  const Instant next = waiting_reads_.deadline();
  if (std::exchange(alarm_, next) != next) env_.alarm.set(next);
}

// Commits are synced, so what was answered is durable; who leaves in good order leaves one file.
void StandaloneNode::put_away(std::function<void()> done) {
  if (failure_ || !apply_lane_.is_open()) return done();
  apply_lane_.put_away([this, done = std::move(done)](Result<LogIndex> durable) {
    if (!durable) stop(durable.error());
    done();
  });
}

void StandaloneNode::retire(std::function<void()> done) {
  leaving_ = true;
  on_retired_ = std::move(done);
}

// ---- requests ---------------------------------------------------------------------------------------------

std::optional<Refusal> StandaloneNode::refusal() const {
  if (failure_) return stopped(*failure_);
  if (!apply_lane_.is_open()) return Refusal{wire::NOT_READY, "the node is recovering"};
  return std::nullopt;
}

void StandaloneNode::execute(const Caller& caller, wire::Command& command, const WriteTerms&) {
  if (leaving_) {
    desk_.refuse(caller, wire::NOT_READY, "this node is shutting down; try again");
    return;
  }
  if (const std::string why = apply_lane_.objection(command); !why.empty()) {
    desk_.refuse(caller, wire::BAD_REQUEST, why);
    return;
  }
  if (waiting_bytes_ >= config_.max_waiting_bytes) {
    desk_.refuse(caller, wire::OVERLOADED,
                 cat("more than ", config_.max_waiting_bytes, " bytes of writes are waiting"));
    return;
  }
  stamps_.stamp(command);
  SharedBytes data(command.SerializeAsString());
  last_ = last_.next();
  waiting_.push_back({.caller = caller, .bytes = data.size()});
  waiting_bytes_ += data.size();
  apply_lane_.add(
      {.index = last_, .term = kTerm, .kind = raft::EntryKind::kCommand, .data = std::move(data)});
}

void StandaloneNode::query(const Caller& caller, sql::Statement statement, wire::ReadLevel,
                           Duration patience) {
  const auto ticket = waiting_reads_.admit(caller, patience, env_.clock.monotonic_now());
  if (!ticket) {
    desk_.refuse(caller, wire::OVERLOADED, ticket.error().message);
    return;
  }
  const auto answered = [this, caller, ticket = *ticket](const Result<sql::QueryResult>& result) {
    const bool is_awaited = waiting_reads_.end(ticket);
    if (!result) stop(result.error());
    if (!is_awaited) return;
    if (failure_) {
      desk_.refuse(caller, wire::STOPPED, stopped(*failure_).message);
    } else {
      desk_.answer(caller, *result, Duration::zero());
    }
  };
  apply_lane_.query(caller.client, std::move(statement), waiting_reads_.withdrawal(*ticket), answered);
}

void StandaloneNode::withdraw(NodeId client, std::uint64_t call) {
  const auto caller = waiting_reads_.withdraw(client, call);
  if (!caller) return;
  desk_.refuse(*caller, wire::TIMED_OUT, "the query was withdrawn");
  apply_lane_.drop_withdrawn_queries();
}

void StandaloneNode::describe(wire::StatusReply& status) const {
  const LogIndex applied = apply_lane_.applied();
  status.set_node(env_.self.value());
  status.set_role(static_cast<std::uint32_t>(raft::Role::kLeader));
  status.set_term(kTerm.value());
  status.set_leader(env_.self.value());
  status.set_first_index(applied.next().value());  // there is no log
  status.set_last_index(last_.value());
  status.set_commit_index(applied.value());
  status.set_applied_index(applied.value());
  status.set_digest(apply_lane_.digest());
  status.set_can_serve(true);
  status.set_applied_batches(applied_batches_);
  status.set_applied_entries(applied_entries_);
}

// ---- answers ----------------------------------------------------------------------------------------------

void StandaloneNode::on_applied(const replica::ApplyResult& result) {
  if (failure_) return;
  CHECK(result.durable == result.commands.back().index, "applied ", result.commands.back().index,
        ", durable ", result.durable);
  ++applied_batches_;
  applied_entries_ += result.commands.size();
  feed_.publish(result.changes);
  for (const replica::AppliedCommand& command : result.commands) {
    const Waiting done = waiting_.front();
    waiting_.pop_front();
    waiting_bytes_ -= done.bytes;
    desk_.answer(done.caller, command);
  }
}

// What waits may have been executed, and made durable or not.
void StandaloneNode::stop(const Error& error) {
  if (failure_) return;
  failure_ = error;
  env_.trace.emit({replica::kNodeFailed, {kGroup.value()}, error.message});
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    desk_.refuse(waiting.caller, wire::STOPPED, stopped(error).message);
}

}  // namespace lockstep::service
