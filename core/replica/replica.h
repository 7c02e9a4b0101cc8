// One member of one Raft group: executes the effects of consensus on the log lane, the apply lane and the network.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env/actor.h"
#include "core/raft/core.h"
#include "core/replica/apply_lane.h"
#include "core/replica/digest_watch.h"
#include "core/replica/log.h"
#include "core/replica/raft_wire.h"
#include "storage/kv/store.h"

namespace lockstep::replica {

// Points where the outside may pause or crash a node.
inline constexpr env::ProbePoint kBeforePersist{"raft.before_persist"};
inline constexpr env::ProbePoint kAfterPersist{"raft.after_persist"};

struct ReplicaConfig {
  raft::Config raft;
  kv::Options kv;
  ApplyConfig apply;
  std::uint64_t drop_prefix_entries = 2048;  // the log prefix is dropped in steps of at least this
};

// What the service above is told. Calls may call back into the replica.
class ReplicaListener {
 public:
  virtual ~ReplicaListener() = default;
  virtual void on_recovered() = 0;
  virtual void on_role_changed(const raft::RoleChanged& change) = 0;
  virtual void on_left_behind(const raft::LeftBehind& behind) = 0;
  virtual void on_accepted(const raft::Accepted& accepted) = 0;
  virtual void on_rejected(const raft::Rejected& rejected) = 0;
  virtual void on_applied(ApplyResult& result) = 0;
  virtual void on_read_ready(raft::ReadId id) = 0;  // applied far enough: read now
  virtual void on_progress() = 0;                   // after every step: durable or match indexes may have moved
  virtual void on_failed(const Error& error) = 0;   // this node must stop; nothing follows
};

class Replica {
 public:
  // The environment and the listener outlive the replica.
  Replica(const env::Env& env, GroupId group, ReplicaConfig config, ReplicaListener& listener);
  ~Replica();

  void start();
  void on_message(NodeId from, BytesView payload);
  void on_alarm();
  // Gives the lanes what the turn brought: one job each, so that what came together shares a sync, a transaction and
  // a hop.
  void end_turn();
  Instant deadline() const;

  void propose(std::vector<raft::Propose::One> proposals);
  // Confirms a linearizable read; on_read_ready or on_rejected follows.
  void read(raft::ReadId id);
  // See ApplyLane; `then` is not called any more once this node has stopped.
  void query(NodeId client, sql::Statement statement, sql::WithdrawalPtr withdrawal,
             std::function<void(sql::QueryResult)> then);
  void drop_withdrawn_queries() { apply_lane_.drop_withdrawn_queries(); }
  void step_down();
  // Makes everything applied durable in the database too; `then` is not called if the disk fails.
  void sync(std::function<void()> then);

  bool recovered() const { return core_.has_value(); }
  bool failed() const { return failed_; }
  raft::View view() const;
  std::vector<LogIndex> voter_match() const;
  // As applied here.
  LogIndex applied() const { return apply_lane_.applied(); }
  std::uint64_t digest() const { return apply_lane_.digest(); }
  std::uint64_t version(const std::string& table) const { return apply_lane_.version(table); }
  std::string objection(const wire::Command& command) const { return apply_lane_.objection(command); }
  const std::set<LogIndex>& undecided() const { return apply_lane_.undecided(); }
  // Nothing of this node's log is on its way to the disk.
  bool log_idle() const { return !persisting_ && persists_.empty(); }
  // Time since a leader was heard (0 on the leader itself).
  Duration leader_silence() const;

 private:
  void open_log();
  void open_database();
  void finish_recovery();
  std::string loss_in(const raft::Restored& restored) const;
  void enqueue(raft::Input input);
  void step(const raft::Input& input);
  void execute(raft::Effects& effects);
  void send(const raft::Message& message);
  std::vector<DigestReport> digests_for(NodeId peer);
  void heed_digests();
  void persist_next();
  void persisted(std::vector<raft::Persist> done);
  void load(const raft::Load& load);
  void on_applied(ApplyResult& result);
  void trace_consensus(const raft::Effects& effects);
  void trace_durable(const raft::Persist& persist);
  void serve_reads();
  void drop_prefix_if_due();
  void drop_prefix(LogIndex first, LogIndex durable);
  void clean_log();
  void fail_node(const Error& error);
  // Unwraps a lane's result; on an error stops the node and returns false.
  template <class T>
  bool succeeded(const Result<T>& result);

  const env::Env& env_;
  GroupId group_;
  ReplicaConfig config_;
  ReplicaListener& listener_;

  // Owned here, used on their lanes only.
  std::unique_ptr<kv::Store> store_;
  std::unique_ptr<Log> log_;
  std::optional<raft::Restored> restored_;
  bool failed_ = false;

  std::optional<raft::Core> core_;
  raft::Effects effects_;
  std::deque<raft::Input> inputs_;
  bool stepping_ = false;
  LogIndex traced_commit_;
  std::optional<LogIndex> fence_;  // while this node is fenced; as the trace was told
  RaftWire wire_;

  DigestWatch digests_;
  struct Told {  // what a peer was told of the digests
    std::uint64_t revision = 0;
    unsigned messages_since = 0;
  };
  std::map<NodeId, Told> told_;

  std::vector<raft::Persist> persists_;  // waiting for the log lane
  bool persisting_ = false;
  Instant persist_deadline_ = kNever;  // by then the write under way should be durable
  std::deque<raft::DelayedSend> delayed_sends_;

  ApplyLane apply_lane_;
  std::map<LogIndex, std::vector<raft::ReadId>> waiting_reads_;
  bool dropping_ = false;
  Instant leader_heard_{};
};

}  // namespace lockstep::replica
