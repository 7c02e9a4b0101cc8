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
#include "core/replica/digest_watch.h"
#include "core/replica/log.h"
#include "core/replica/raft_wire.h"
#include "core/replica/read_pool.h"
#include "core/replica/state_machine.h"
#include "storage/kv/store.h"
#include "storage/sql/database.h"

namespace lockstep::replica {

// Points where the outside may pause or crash a node.
inline constexpr env::ProbePoint kBeforePersist{"raft.before_persist"};
inline constexpr env::ProbePoint kAfterPersist{"raft.after_persist"};
inline constexpr env::ProbePoint kBeforeApply{"replica.before_apply"};

struct ReplicaConfig {
  raft::Config raft;
  kv::Options kv;
  sql::Options sql;
  Duration session_timeout = std::chrono::hours(1);  // by entry time
  std::size_t max_apply_entries = 256;               // in one SQLite transaction
  std::uint64_t drop_prefix_entries = 2048;          // the log prefix is dropped in steps of at least this
  unsigned readers = 2;
};

// What the service above is told. Calls may call back into the replica.
class ReplicaListener {
 public:
  virtual ~ReplicaListener() = default;
  virtual void on_recovered() = 0;
  virtual void on_role_changed(const raft::RoleChanged& change) = 0;
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
  Instant deadline() const;

  void propose(std::vector<raft::Propose::One> proposals);
  // Confirms a linearizable read; on_read_ready or on_rejected follows.
  void read(raft::ReadId id);
  // Runs a query on a reader lane; the snapshot holds everything applied when it is called.
  void query(sql::Statement statement, std::function<void(sql::QueryResult)> then);
  void step_down();

  bool recovered() const { return core_.has_value(); }
  bool failed() const { return failed_; }
  raft::View view() const;
  std::vector<LogIndex> voter_match() const;
  LogIndex applied() const { return applied_; }
  std::uint64_t digest() const { return digest_; }
  // 0 for a table that was never written.
  std::uint64_t version(const std::string& table) const;
  // Prepared transactions without a decision, as applied here.
  const std::map<LogIndex, bool>& undecided() const { return undecided_; }
  // Nothing of this node's log is on its way to the disk.
  bool log_idle() const { return !persisting_ && persists_.empty(); }
  // Time since a leader was heard (0 on the leader itself).
  Duration leader_silence() const;

 private:
  void open_log();
  void open_machine();
  void finish_recovery();
  void enqueue(raft::Input input);
  void step(const raft::Input& input);
  void execute(raft::Effects& effects);
  void send(const raft::Message& message);
  std::vector<DigestReport> digests_for(NodeId peer);
  void heed_digests();
  void persist_next();
  void persisted(std::vector<raft::Persist> done);
  void load(const raft::Load& load);
  void apply_next();
  void applied(ApplyResult result);
  void trace_consensus(const raft::Effects& effects);
  void trace_durable(const raft::Persist& persist);
  void trace_applied(const ApplyResult& result);
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
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<StateMachine> machine_;
  std::unique_ptr<ReadPool> read_pool_;
  std::optional<raft::Restored> restored_;
  bool failed_ = false;

  std::optional<raft::Core> core_;
  raft::Effects effects_;
  std::deque<raft::Input> inputs_;
  bool stepping_ = false;
  LogIndex traced_commit_;
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

  std::vector<raft::Entry> to_apply_;
  bool applying_ = false;
  LogIndex applied_;
  LogIndex durable_;  // of the database
  std::uint64_t digest_ = 0;
  std::map<std::string, std::uint64_t> versions_;
  std::map<LogIndex, bool> undecided_;
  std::map<LogIndex, std::vector<raft::ReadId>> waiting_reads_;
  bool dropping_ = false;
  Instant leader_heard_{};
};

}  // namespace lockstep::replica
