// A database node of its own: the clients' protocol without Raft and without a log; SQLite makes each write
// durable.
#pragma once

#include <deque>
#include <functional>

#include "core/replica/apply_lane.h"
#include "core/service/feed.h"
#include "core/service/front_desk.h"
#include "core/service/retiring.h"
#include "core/service/stamps.h"
#include "core/service/waiting_reads.h"

namespace lockstep::service {

struct StandaloneConfig {
  replica::ApplyConfig apply;                // its commits are synced, whatever this says
  std::size_t max_waiting_bytes = 64 << 20;  // of commands without an outcome
  ReadLimits reads;
  std::size_t max_write_bytes = 16 << 20;  // of a request
};

// Group commit: the commands that come while a transaction is under way go into the next one together, a
// savepoint each, and are answered when its one sync is over. Of the modes of writing there is one: with one
// voter, durable here is durable everywhere, so no write needs two phases. Reads of both levels see all that
// was answered before.
class StandaloneNode : public env::Actor, public Retiring, private Executor {
 public:
  // Keeps a copy of `env`; its ports outlive the node.
  StandaloneNode(const env::Env& env, StandaloneConfig config);
  ~StandaloneNode() override;

  void start() override;
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override { alarm_ = kNever; }  // the end of the turn follows
  void on_client_gone(NodeId client) override;
  void on_job_done(std::unique_ptr<env::Job> job) override { job->done(); }
  // Begins the next transaction with what the turn brought.
  void on_turn_end() override;
  void retire(std::function<void()> done) override;
  const Error* failure() const override { return failure_ ? &*failure_ : nullptr; }

  const replica::ApplyLane& database() const { return apply_lane_; }
  AppliedFeed& feed() { return feed_; }

 private:
  struct Waiting {
    Caller caller;
    std::size_t bytes = 0;
  };

  std::optional<Refusal> refusal() const override;
  NodeId leader() const override { return env_.self; }
  void execute(const Caller& caller, wire::Command& command, const WriteTerms& terms) override;
  void query(const Caller& caller, sql::Statement statement, wire::ReadLevel level,
             Duration patience) override;
  void withdraw(NodeId client, std::uint64_t call) override;
  std::uint64_t version(const std::string& table) const override { return apply_lane_.version(table); }
  void describe(wire::StatusReply& status) const override;

  void end_late_reads();
  void put_away(std::function<void()> done);
  void on_opened();
  void on_applied(const replica::ApplyResult& result);
  void stop(const Error& error);

  env::Env env_;
  StandaloneConfig config_;
  AppliedFeed feed_;
  FrontDesk desk_;
  Stamps stamps_;
  replica::ApplyLane apply_lane_;

  LogIndex last_;                // given to a command
  std::deque<Waiting> waiting_;  // in the order of their indexes
  std::size_t waiting_bytes_ = 0;
  WaitingReads waiting_reads_;
  Instant alarm_ = kNever;
  std::uint64_t applied_batches_ = 0;  // since this life began
  std::uint64_t applied_entries_ = 0;
  std::function<void()> on_retired_;  // empty: nobody asked to leave, or it has been told
  bool leaving_ = false;
  std::optional<Error> failure_;
};

}  // namespace lockstep::service
