// Proposing, deciding and reading: from requests to entries, and from applied entries to answers.
#include "core/service/node.h"

#include <algorithm>

#include "base/check.h"
#include "core/service/events.h"

namespace lockstep::service {
namespace {

constexpr GroupId kGroup{1};

wire::ReplyStatus status_of(raft::Rejection reason) {
  switch (reason) {
    case raft::Rejection::kNotLeader: return wire::NOT_LEADER;
    case raft::Rejection::kNoLeader: return wire::NO_LEADER;
    case raft::Rejection::kOverloaded: return wire::OVERLOADED;
    case raft::Rejection::kLeadershipLost: return wire::LEADERSHIP_LOST;
  }
  return wire::NO_LEADER;
}

}  // namespace

Node::Node(const env::Env& env, NodeConfig config)
    : env_(env),
      config_(std::move(config)),
      desk_(env_, *this, config_.max_write_bytes),
      stamps_(env_),
      replica_(env_, kGroup, config_.replica, *this),
      batcher_(config_.batch),
      transactions_(config_.transactions),
      waiting_reads_(config_.reads) {}

Node::~Node() = default;

// ---- turns ----------------------------------------------------------------------------------------------------

void Node::start() { replica_.start(); }

void Node::on_message(NodeId from, Channel channel, BytesView payload) {
  if (channel == Channel::kRaft) replica_.on_message(from, payload);
  if (channel == Channel::kRequest) desk_.on_request(from, payload);
}

void Node::on_alarm() {
  alarm_ = kNever;
  replica_.on_alarm();
}

void Node::on_client_gone(NodeId client) {
  if (waiting_reads_.withdraw_all_of(client)) replica_.drop_withdrawn_queries();
}

void Node::on_job_done(std::unique_ptr<env::Job> job) { job->done(); }

void Node::on_turn_end() {
  end_late_reads();
  if (!replica_.failed() && replica_.recovered()) {
    advance_transactions();
    flush_batch();
    confirm_reads();
    advance_retirement();
  }
  replica_.end_turn();
  const Instant next = std::min(
      {replica_.deadline(), batcher_.deadline(), transactions_.deadline(), waiting_reads_.deadline()});
  if (next == alarm_) return;
  alarm_ = next;
  env_.alarm.set(next);
}

void Node::on_recovered() { feed_.publish(Recovered{.fenced = replica_.view().fenced}); }

// ---- requests -------------------------------------------------------------------------------------------------

std::optional<Refusal> Node::refusal() const {
  if (failure_) return stopped(*failure_);
  if (!replica_.recovered()) return Refusal{wire::NOT_READY, "the node is recovering"};
  return std::nullopt;
}

bool Node::leads_or_redirects(const Caller& caller) {
  const raft::View now = replica_.view();
  if (now.role == raft::Role::kLeader) return true;
  if (now.leader.is_none()) {
    desk_.refuse(caller, wire::NO_LEADER, "no leader is known; try again");
  } else {
    desk_.refuse(caller, wire::NOT_LEADER, cat("n", now.leader, " leads"));
  }
  return false;
}

void Node::execute(const Caller& caller, wire::Command& command, const WriteTerms& terms) {
  if (!leads_or_redirects(caller)) return;
  if (leaving_ != Leaving::kNot)
    return desk_.refuse(caller, wire::NOT_READY, "this node is shutting down; try again");
  if (const std::string why = replica_.objection(command); !why.empty())
    return desk_.refuse(caller, wire::BAD_REQUEST, why);
  bool strong = false;
  if (command.has_write()) {
    strong = (terms.mode == wire::DEFAULT_MODE ? config_.write_mode : terms.mode) == wire::STRONG;
    const Duration pause = terms.pause_before_commit.value_or(config_.transactions.pause_before_commit);
    if (strong || pause > Duration::zero()) {
      wire::Write write = std::move(*command.mutable_write());
      *command.mutable_prepare()->mutable_write() = std::move(write);
    }
  }
  propose({.caller = caller, .strong = strong, .pause = terms.pause_before_commit}, command);
}

void Node::query(const Caller& caller, sql::Statement statement, wire::ReadLevel level, Duration patience) {
  const auto ticket = waiting_reads_.admit(caller, patience, env_.clock.monotonic_now());
  if (!ticket) return desk_.refuse(caller, wire::OVERLOADED, ticket.error().message);
  Read read{*ticket, caller, std::move(statement)};
  if (level == wire::LOCAL) {
    run_query(std::move(read), level);
  } else {
    asked_.push_back(std::move(read));
  }
}

void Node::withdraw(NodeId client, std::uint64_t call) {
  const auto caller = waiting_reads_.withdraw(client, call);
  if (!caller) return;
  desk_.refuse(*caller, wire::TIMED_OUT, "the query was withdrawn");
  replica_.drop_withdrawn_queries();
}

void Node::end_late_reads() {
  const std::vector<Caller> late = waiting_reads_.expire(env_.clock.monotonic_now());
  for (const Caller& caller : late) desk_.time_is_over(caller);
  if (!late.empty()) replica_.drop_withdrawn_queries();
}

// What arrived in one turn is confirmed as one read: any moment between the last arrival and the answer will do.
void Node::confirm_reads() {
  if (asked_.empty()) return;
  const raft::ReadId id(++next_read_);
  reads_[id] = std::exchange(asked_, {});
  replica_.read(id);
}

void Node::run_query(Read read, wire::ReadLevel level) {
  const sql::WithdrawalPtr withdrawal = waiting_reads_.withdrawal(read.ticket);
  replica_.query(read.caller.client, std::move(read.statement), withdrawal,
                 [this, ticket = read.ticket, caller = read.caller, level](const sql::QueryResult& result) {
                   if (!waiting_reads_.end(ticket)) return;
                   desk_.answer(caller, result,
                                level == wire::LOCAL ? replica_.leader_silence() : Duration::zero());
                 });
}

void Node::describe(wire::StatusReply& status) const {
  const raft::View now = replica_.view();
  status.set_node(env_.self.value());
  status.set_role(static_cast<std::uint32_t>(now.role));
  status.set_term(now.term.value());
  status.set_leader(now.leader.value());
  status.set_first_index(now.first.value());
  status.set_last_index(now.last.value());
  status.set_commit_index(now.commit.value());
  status.set_applied_index(replica_.applied().value());
  status.set_digest(replica_.digest());
  status.set_can_serve(now.can_serve);
  status.set_role_changes(counters_.role_changes);
  status.set_elections(counters_.elections);
  status.set_applied_batches(counters_.applied_batches);
  status.set_applied_entries(counters_.applied_entries);
  if (now.role != raft::Role::kLeader) return;
  const std::vector<LogIndex> matches = replica_.voter_match();
  for (std::size_t i = 0; i < matches.size(); ++i) {
    wire::StatusReply::Match& match = *status.add_matches();
    match.set_node(config_.replica.raft.voters[i].value());
    match.set_index(matches[i].value());
  }
}

// ---- proposals ------------------------------------------------------------------------------------------------

void Node::propose(Proposal proposal, wire::Command& command) {
  stamps_.stamp(command);
  const raft::ProposalId id(++next_proposal_);
  proposed_[id] = std::move(proposal);
  // Nobody would ask for a decision again: the transaction would stay, and its client without an answer.
  batcher_.add({.id = id,
                .kind = raft::EntryKind::kCommand,
                .data = SharedBytes(command.SerializeAsString()),
                .makes_room = command.has_decide()},
               env_.clock.monotonic_now());
}

void Node::flush_batch() {
  auto due = batcher_.take_if_due(env_.clock.monotonic_now(), replica_.log_idle());
  if (!due.empty()) replica_.propose(std::move(due));
}

void Node::on_accepted(const raft::Accepted& accepted) {
  auto proposal = proposed_.extract(accepted.id);
  CHECK(!proposal.empty(), "proposal ", accepted.id);
  accepted_[accepted.index] = {accepted.term, std::move(proposal.mapped())};
}

void Node::on_rejected(const raft::Rejected& rejected) {
  if (const auto* id = std::get_if<raft::ProposalId>(&rejected.what)) {
    const auto proposal = proposed_.extract(*id);
    if (!proposal.empty()) desk_.refuse(proposal.mapped().caller, status_of(rejected.reason));
    return;
  }
  // A read that could not be confirmed has no effect: the client may simply ask again.
  for (const Read& read : take_reads(std::get<raft::ReadId>(rejected.what)))
    if (waiting_reads_.end(read.ticket))
      desk_.refuse(read.caller, wire::NO_LEADER, "leadership could not be confirmed");
}

void Node::on_role_changed(const raft::RoleChanged& change) {
  ++counters_.role_changes;
  // A member that needs no other votes leads within one step.
  const bool stands = change.role == raft::Role::kCandidate || change.role == raft::Role::kLeader;
  if (stands && std::exchange(counters_.stood_in, change.term) != change.term) ++counters_.elections;
  if (change.role != raft::Role::kLeader) abandon_proposals();
  feed_.publish(change);
}

void Node::on_left_behind(const raft::LeftBehind& behind) { feed_.publish(behind); }

// A deposed leader cannot know what becomes of its entries: the clients' retries will find out.
void Node::abandon_proposals() {
  for (const raft::Propose::One& waiting : batcher_.take_all()) {
    const auto proposal = proposed_.extract(waiting.id);
    desk_.refuse(proposal.mapped().caller, wire::NOT_LEADER);
  }
  for (const auto& [index, accepted] : std::exchange(accepted_, {}))
    desk_.refuse(accepted.proposal.caller, wire::LEADERSHIP_LOST);
  for (const auto& [transaction, proposal] : std::exchange(two_phase_, {}))
    desk_.refuse(proposal.caller, wire::LEADERSHIP_LOST);
  transactions_.clear();
}

void Node::on_applied(replica::ApplyResult& result) {
  ++counters_.applied_batches;
  counters_.applied_entries += result.commands.size();
  feed_.publish(result.changes);
  for (replica::AppliedCommand& command : result.commands) {
    const auto accepted = accepted_.extract(command.index);
    if (accepted.empty()) continue;
    if (accepted.mapped().term == command.term) {
      settle(accepted.mapped().proposal, command);
    } else {
      desk_.refuse(accepted.mapped().proposal.caller, wire::LEADERSHIP_LOST);
    }
  }
}

void Node::settle(const Proposal& proposal, const replica::AppliedCommand& command) {
  using What = replica::AppliedCommand::What;
  if (command.what == What::kPrepared) {
    two_phase_[command.transaction] = proposal;
    transactions_.prepared(command.transaction, proposal.strong, proposal.pause, env_.clock.monotonic_now());
  } else if (command.what == What::kCommitted || command.what == What::kAborted) {
    const auto waiting = two_phase_.extract(command.transaction);
    transactions_.decided(command.transaction);
    if (!waiting.empty()) desk_.answer(waiting.mapped().caller, command);
  } else {
    desk_.answer(proposal.caller, command);
  }
}

// ---- two-phase writes -----------------------------------------------------------------------------------------

void Node::on_progress() { abort_left_over(); }

// Transactions of earlier leaders that nobody will decide any more. All of them, and the decisions that there are, come
// before this leader's first entry.
void Node::abort_left_over() {
  const raft::View now = replica_.view();
  if (now.role != raft::Role::kLeader || cleaned_term_ == now.term || replica_.applied() < now.term_start) return;
  cleaned_term_ = now.term;
  for (const LogIndex transaction : replica_.undecided())
    if (!two_phase_.contains(transaction)) decide(transaction, false);
}

void Node::advance_transactions() {
  if (two_phase_.empty()) return;
  const auto match = replica_.voter_match();
  if (match.empty()) return;
  const LogIndex everywhere = *std::min_element(match.begin(), match.end());
  const auto due = transactions_.advance(env_.clock.monotonic_now(), everywhere);
  for (const LogIndex transaction : due.durable)
    env_.trace.emit({kTransactionDurable, {transaction.value(), two_phase_[transaction].strong ? 1u : 0u}});
  for (const LogIndex transaction : due.commit)
    env_.probe.reached(kBeforeCommit, transaction.value(), [this, transaction] {
      if (two_phase_.contains(transaction)) decide(transaction, true);
      on_turn_end();
    });
  for (const LogIndex transaction : due.abort) {
    env_.trace.emit({kTransactionGivenUp, {transaction.value()}});
    decide(transaction, false);
  }
}

void Node::decide(LogIndex transaction, bool commit) {
  wire::Command command;
  command.mutable_decide()->set_transaction(transaction.value());
  command.mutable_decide()->set_commit(commit);
  propose({}, command);
}

// ---- leaving --------------------------------------------------------------------------------------------------

void Node::retire(std::function<void()> done) {
  CHECK(leaving_ == Leaving::kNot, "a node leaves once");
  leaving_ = Leaving::kAnswering;
  on_retired_ = std::move(done);
}

// Commands that were taken are answered first: their outcome is known then. A follower has taken none.
void Node::advance_retirement() {
  if (leaving_ != Leaving::kAnswering) return;
  if (!proposed_.empty() || !accepted_.empty() || !two_phase_.empty()) return;
  leaving_ = Leaving::kFlushing;
  if (replica_.view().role == raft::Role::kLeader) replica_.step_down();
  replica_.sync([this] { on_retired_(); });
}

// ---- reads and answers ----------------------------------------------------------------------------------------

void Node::on_read_ready(raft::ReadId id) {
  for (Read& read : take_reads(id)) {
    if (waiting_reads_.is_awaited(read.ticket)) {
      run_query(std::move(read), wire::LINEARIZABLE);
    } else {
      waiting_reads_.end(read.ticket);
    }
  }
}

Node::Reads Node::take_reads(raft::ReadId id) {
  auto reads = reads_.extract(id);
  CHECK(!reads.empty(), "read ", id);
  return std::move(reads.mapped());
}

void Node::on_failed(const Error& error) {
  failure_ = error;
  abandon_proposals();
  const Refusal why = stopped(error);
  reads_.clear();
  asked_.clear();
  for (const Caller& caller : waiting_reads_.withdraw_all()) desk_.refuse(caller, why.status, why.message);
}

std::unique_ptr<Node> make_followed_node(const env::Env& env, NodeConfig config, FeedSubscriber& subscriber) {
  config.replica.apply.sql.feed = true;
  auto node = std::make_unique<Node>(env, std::move(config));
  node->feed().subscribe(subscriber);
  return node;
}

}  // namespace lockstep::service
