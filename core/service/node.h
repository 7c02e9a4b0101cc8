// A member of a cluster: proposes what clients ask to the Raft group, and serves confirmed reads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/env/actor.h"
#include "core/replica/replica.h"
#include "core/service/batcher.h"
#include "core/service/feed.h"
#include "core/service/front_desk.h"
#include "core/service/retiring.h"
#include "core/service/stamps.h"
#include "core/service/transactions.h"
#include "core/service/waiting_reads.h"

namespace lockstep::service {

// Between "durable as the mode asks" and the proposal of the decision; the object is the transaction.
inline constexpr env::ProbePoint kBeforeCommit{"txn.before_commit"};

struct NodeConfig {
  replica::ReplicaConfig replica;
  wire::WriteMode write_mode = wire::QUORUM;  // of requests that name none
  TransactionOptions transactions;            // a pause > 0 makes every write a two-phase write
  BatchLimits batch;
  ReadLimits reads;
  std::size_t max_write_bytes = 16 << 20;  // of a request
};

class Node : public env::Actor, public Retiring, private Executor, private replica::ReplicaListener {
 public:
  // Keeps a copy of `env`; its ports outlive the node.
  Node(const env::Env& env, NodeConfig config);
  ~Node() override;

  void start() override;
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override;
  void on_client_gone(NodeId client) override;
  void on_job_done(std::unique_ptr<env::Job> job) override;
  // Proposes what the turn brought: requests that arrived together share one proposal step.
  void on_turn_end() override;
  void retire(std::function<void()> done) override;
  const Error* failure() const override { return failure_ ? &*failure_ : nullptr; }

  const replica::Replica& replica() const { return replica_; }
  AppliedFeed& feed() { return feed_; }

 private:
  // A proposal of this leader, from the batcher to its answer.
  struct Proposal {
    Caller caller;  // none: the node's own (decisions)
    bool strong = false;
    std::optional<Duration> pause{};  // none: as configured
  };
  struct Accepted {
    Term term;
    Proposal proposal;
  };
  struct Read {
    ReadTicket ticket;
    Caller caller;
    sql::Statement statement;
  };
  using Reads = std::vector<Read>;

  std::optional<Refusal> refusal() const override;
  NodeId leader() const override { return replica_.view().leader; }
  void execute(const Caller& caller, wire::Command& command, const WriteTerms& terms) override;
  void query(const Caller& caller, sql::Statement statement, wire::ReadLevel level,
             Duration patience) override;
  void withdraw(NodeId client, std::uint64_t call) override;
  std::uint64_t version(const std::string& table) const override { return replica_.version(table); }
  void describe(wire::StatusReply& status) const override;

  void on_recovered() override;
  void on_role_changed(const raft::RoleChanged& change) override;
  void on_left_behind(const raft::LeftBehind& behind) override;
  void on_accepted(const raft::Accepted& accepted) override;
  void on_rejected(const raft::Rejected& rejected) override;
  void on_applied(replica::ApplyResult& result) override;
  void on_read_ready(raft::ReadId id) override;
  void on_progress() override;
  void on_failed(const Error& error) override;

  // True if this node leads; otherwise the caller has been told where to go.
  bool leads_or_redirects(const Caller& caller);
  void confirm_reads();
  Reads take_reads(raft::ReadId id);
  void run_query(Read read, wire::ReadLevel level);
  void end_late_reads();

  void propose(Proposal proposal, wire::Command& command);
  void decide(LogIndex transaction, bool commit);
  void abort_left_over();
  void settle(const Proposal& proposal, const replica::AppliedCommand& command);
  void flush_batch();
  void advance_transactions();
  void abandon_proposals();
  void advance_retirement();

  env::Env env_;
  NodeConfig config_;
  AppliedFeed feed_;
  FrontDesk desk_;
  Stamps stamps_;
  replica::Replica replica_;
  Batcher batcher_;
  Transactions transactions_;

  std::uint64_t next_proposal_ = 0;
  std::uint64_t next_read_ = 0;
  std::map<raft::ProposalId, Proposal> proposed_;  // not yet accepted
  std::map<LogIndex, Accepted> accepted_;          // waiting to be applied
  std::map<LogIndex, Proposal> two_phase_;         // prepared here, waiting for the decision
  Reads asked_;                                    // linearizable reads of this turn
  std::map<raft::ReadId, Reads> reads_;            // waiting for confirmation, by the turn they came in
  WaitingReads waiting_reads_;                     // of both levels, until they are answered
  Term cleaned_term_;                              // left-over transactions were aborted in this term
  enum class Leaving { kNot, kAnswering, kFlushing } leaving_ = Leaving::kNot;
  std::function<void()> on_retired_;
  std::optional<Error> failure_;
  struct Counters {  // since this life began
    std::uint64_t role_changes = 0;
    std::uint64_t elections = 0;
    Term stood_in;
    std::uint64_t applied_batches = 0;
    std::uint64_t applied_entries = 0;
  } counters_;
  Instant alarm_ = kNever;
};

// One whose rows, as they change, and roles are told to this subscriber, which outlives it.
std::unique_ptr<Node> make_followed_node(const env::Env& env, NodeConfig config, FeedSubscriber& subscriber);

}  // namespace lockstep::service
