// Routing, proposing and answering; what a request may cost is bounded here.
#include "core/service/node.h"

#include <algorithm>

#include "base/check.h"
#include "base/prng.h"
#include "core/replica/sql_wire.h"
#include "core/service/events.h"

namespace lockstep::service {
namespace {

constexpr GroupId kGroup{1};
constexpr Purpose kEntrySeed{"service.entry_seed"};

wire::ReplyStatus status_of(raft::Rejection reason) {
  switch (reason) {
    case raft::Rejection::kNotLeader: return wire::NOT_LEADER;
    case raft::Rejection::kNoLeader: return wire::NO_LEADER;
    case raft::Rejection::kOverloaded: return wire::OVERLOADED;
    case raft::Rejection::kLeadershipLost: return wire::LEADERSHIP_LOST;
  }
  return wire::NO_LEADER;
}

void set_outcome(wire::Reply& reply, const replica::AppliedCommand& command) {
  CHECK(reply.mutable_write()->ParseFromString(command.answer), "the answer of entry ", command.index);
}

}  // namespace

Node::Node(const env::Env& env, NodeConfig config)
    : env_(env),
      config_(std::move(config)),
      replica_(env_, kGroup, config_.replica, *this),
      batcher_(config_.batch),
      transactions_(config_.transactions) {}

Node::~Node() = default;

// ---- turns ----------------------------------------------------------------------------------------------------

void Node::start() { replica_.start(); }

void Node::on_message(NodeId from, Channel channel, BytesView payload) {
  if (channel == Channel::kRaft) replica_.on_message(from, payload);
  if (channel == Channel::kRequest) on_request(from, payload);
}

void Node::on_alarm() {
  alarm_ = kNever;
  replica_.on_alarm();
}

void Node::on_job_done(std::unique_ptr<env::Job> job) { job->done(); }

void Node::on_turn_end() {
  if (!replica_.failed() && replica_.recovered()) {
    advance_transactions();
    flush_batch();
  }
  const Instant next = std::min({replica_.deadline(), batcher_.deadline(), transactions_.deadline()});
  if (next == alarm_) return;
  alarm_ = next;
  env_.alarm.set(next);
}

// ---- requests -------------------------------------------------------------------------------------------------

void Node::on_request(NodeId client, BytesView payload) {
  wire::Request request;
  if (!request.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    reply_status({client, 0}, wire::BAD_REQUEST, "expected a lockstep.wire.Request, found bytes that do not parse");
    return;
  }
  const Caller caller{client, request.call()};
  env_.trace.emit({kRequested, {client.value(), request.call(), static_cast<std::uint64_t>(request.what_case())}});
  if (replica_.failed()) {
    reply_status(caller, wire::STOPPED, failure_);
  } else if (!replica_.recovered()) {
    reply_status(caller, wire::NOT_READY, "the node is recovering");
  } else {
    route(caller, request);
  }
}

void Node::route(const Caller& caller, wire::Request& request) {
  wire::Command command;
  switch (request.what_case()) {
    case wire::Request::kOpenSession:
      command.mutable_open_session();
      if (leads_or_redirects(caller)) propose({caller}, command);
      return;
    case wire::Request::kCloseSession:
      command.mutable_close_session()->set_session(request.close_session().session());
      if (leads_or_redirects(caller)) propose({caller}, command);
      return;
    case wire::Request::kWrite:
      if (leads_or_redirects(caller)) write(caller, *request.mutable_write());
      return;
    case wire::Request::kQuery: query(caller, request.query()); return;
    case wire::Request::kGetVersion: {
      wire::Reply answer;
      answer.set_version(replica_.version(request.get_version().table()));
      reply(caller, answer);
      return;
    }
    case wire::Request::kStatus: node_status(caller); return;
    case wire::Request::kMaintain:
      if (request.maintain().what() == wire::Maintain::NONE) break;
      command.mutable_maintain()->set_what(request.maintain().what());
      if (leads_or_redirects(caller)) propose({caller}, command);
      return;
    case wire::Request::WHAT_NOT_SET: break;
  }
  reply_status(caller, wire::BAD_REQUEST, "expected a request of a known kind");
}

bool Node::leads_or_redirects(const Caller& caller) {
  const raft::View now = replica_.view();
  if (now.role == raft::Role::kLeader) return true;
  if (now.leader.is_none()) {
    reply_status(caller, wire::NO_LEADER, "no leader is known; try again");
  } else {
    reply_status(caller, wire::NOT_LEADER, cat("n", now.leader, " leads"));
  }
  return false;
}

void Node::write(const Caller& caller, wire::WriteRequest& request) {
  const bool numbered = request.write().sequence() > 0 || replica::is_sessionless(request.write());
  if (request.write().statements_size() == 0 || !numbered) {
    reply_status(caller, wire::BAD_REQUEST,
                 "expected at least one statement, and a sequence from 1 on unless it is of no session");
    return;
  }
  if (request.ByteSizeLong() > config_.max_write_bytes) {
    reply_status(caller, wire::BAD_REQUEST, cat("expected a write of at most ", config_.max_write_bytes, " bytes"));
    return;
  }
  const wire::WriteMode mode = request.mode() == wire::DEFAULT_MODE ? config_.write_mode : request.mode();
  const bool strong = mode == wire::STRONG;
  const bool two_phase = strong || config_.transactions.pause_before_commit > Duration::zero();
  wire::Command command;
  wire::Write& target =
      two_phase ? *command.mutable_prepare()->mutable_write() : *command.mutable_write();
  target.Swap(request.mutable_write());
  propose({.caller = caller, .strong = strong}, command);
}

void Node::query(const Caller& caller, const wire::QueryRequest& request) {
  sql::Statement statement = replica::from_wire(request.statement());
  if (request.level() == wire::LOCAL) {
    run_query(caller, std::move(statement), true);
  } else if (reads_.size() >= config_.max_waiting_reads) {
    reply_status(caller, wire::OVERLOADED, cat("more than ", config_.max_waiting_reads, " reads are waiting"));
  } else {
    const raft::ReadId id(++next_read_);
    reads_[id] = {caller, std::move(statement)};
    replica_.read(id);
  }
}

void Node::run_query(const Caller& caller, sql::Statement statement, bool local) {
  replica_.query(std::move(statement), [this, caller, local](sql::QueryResult result) {
    wire::Reply answer;
    wire::QueryReply& query = *answer.mutable_query();
    query.set_outcome(static_cast<std::uint32_t>(result.outcome));
    query.set_message(result.message);
    replica::to_wire(result.rows, *query.mutable_rows());
    query.set_applied(result.applied.value());
    if (local) query.set_staleness_ns(static_cast<std::uint64_t>(replica_.leader_silence().count()));
    reply(caller, answer);
  });
}

void Node::node_status(const Caller& caller) {
  const raft::View now = replica_.view();
  wire::Reply answer;
  wire::StatusReply& status = *answer.mutable_node_status();
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
  reply(caller, answer);
}

// ---- proposals ------------------------------------------------------------------------------------------------

void Node::propose(Proposal proposal, wire::Command& command) {
  command.set_time_ns(env_.clock.wall_now().time_since_epoch().count());
  command.set_seed(draw(env_.seed, kEntrySeed, 0, next_seed_++));
  const raft::ProposalId id(++next_proposal_);
  proposed_[id] = std::move(proposal);
  batcher_.add({id, raft::EntryKind::kCommand, SharedBytes(command.SerializeAsString())},
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
    if (!proposal.empty()) reply_status(proposal.mapped().caller, status_of(rejected.reason));
    return;
  }
  const auto read = reads_.extract(std::get<raft::ReadId>(rejected.what));
  // A read that could not be confirmed has no effect: the client may simply ask again.
  if (!read.empty()) reply_status(read.mapped().caller, wire::NO_LEADER, "leadership could not be confirmed");
}

void Node::on_role_changed(const raft::RoleChanged& change) {
  if (change.role != raft::Role::kLeader) abandon_proposals();
  feed_.publish(change);
}

// A deposed leader cannot know what becomes of its entries: the clients' retries will find out.
void Node::abandon_proposals() {
  for (const raft::Propose::One& waiting : batcher_.take_all()) {
    const auto proposal = proposed_.extract(waiting.id);
    reply_status(proposal.mapped().caller, wire::NOT_LEADER);
  }
  for (const auto& [index, accepted] : std::exchange(accepted_, {}))
    reply_status(accepted.proposal.caller, wire::LEADERSHIP_LOST);
  for (const auto& [transaction, proposal] : std::exchange(two_phase_, {}))
    reply_status(proposal.caller, wire::LEADERSHIP_LOST);
  transactions_.clear();
}

void Node::on_applied(replica::ApplyResult& result) {
  feed_.publish(result.changes);
  for (replica::AppliedCommand& command : result.commands) {
    const auto accepted = accepted_.extract(command.index);
    if (accepted.empty()) continue;
    if (accepted.mapped().term == command.term) {
      settle(accepted.mapped().proposal, command);
    } else {
      reply_status(accepted.mapped().proposal.caller, wire::LEADERSHIP_LOST);
    }
  }
}

void Node::settle(const Proposal& proposal, replica::AppliedCommand& command) {
  using What = replica::AppliedCommand::What;
  wire::Reply answer;
  switch (command.what) {
    case What::kSessionOpened:
      answer.set_session(command.session);
      reply(proposal.caller, answer);
      return;
    case What::kPrepared:
      two_phase_[command.transaction] = proposal;
      transactions_.prepared(command.transaction, proposal.strong, env_.clock.monotonic_now());
      return;
    case What::kCommitted:
    case What::kAborted: {
      const auto waiting = two_phase_.extract(command.transaction);
      transactions_.decided(command.transaction);
      if (waiting.empty()) return;
      set_outcome(answer, command);
      reply(waiting.mapped().caller, answer);
      return;
    }
    case What::kWrite:
      set_outcome(answer, command);
      reply(proposal.caller, answer);
      return;
    case What::kNothing:
    case What::kSessionClosed:
    case What::kMaintained: reply(proposal.caller, answer); return;
    case What::kUnreadable: reply_status(proposal.caller, wire::BAD_REQUEST); return;
  }
}

// ---- two-phase writes -----------------------------------------------------------------------------------------

void Node::on_progress() { abort_left_over(); }

// Transactions of earlier leaders that nobody will decide any more.
void Node::abort_left_over() {
  const raft::View now = replica_.view();
  if (now.role != raft::Role::kLeader || !now.can_serve || cleaned_term_ == now.term) return;
  if (replica_.applied() < now.commit) return;
  cleaned_term_ = now.term;
  for (const auto& [transaction, open] : replica_.undecided())
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
  for (const LogIndex transaction : due.abort) decide(transaction, false);
}

void Node::decide(LogIndex transaction, bool commit) {
  wire::Command command;
  command.mutable_decide()->set_transaction(transaction.value());
  command.mutable_decide()->set_commit(commit);
  propose({}, command);
}

// ---- reads and answers ----------------------------------------------------------------------------------------

void Node::on_read_ready(raft::ReadId id) {
  auto read = reads_.extract(id);
  CHECK(!read.empty(), "read ", id);
  run_query(read.mapped().caller, std::move(read.mapped().statement), false);
}

void Node::on_failed(const Error& error) {
  failure_ = cat("this node has stopped: ", error.message);
  abandon_proposals();
  for (const auto& [id, read] : std::exchange(reads_, {})) reply_status(read.caller, wire::STOPPED, failure_);
}

void Node::reply_status(const Caller& caller, wire::ReplyStatus status, std::string message) {
  wire::Reply answer;
  answer.set_status(status);
  answer.set_message(std::move(message));
  reply(caller, answer);
}

void Node::reply(const Caller& caller, wire::Reply& answer) {
  if (caller.client.is_none()) return;
  answer.set_call(caller.call);
  if (answer.status() == wire::STATUS_NONE) answer.set_status(wire::DONE);
  answer.set_leader(replica_.view().leader.value());
  env_.trace.emit({kReplied, {caller.client.value(), caller.call, static_cast<std::uint64_t>(answer.status())}});
  reply_bytes_.clear();
  answer.AppendToString(&reply_bytes_);
  env_.transport.send(caller.client, Channel::kReply, reply_bytes_);
}

}  // namespace lockstep::service
