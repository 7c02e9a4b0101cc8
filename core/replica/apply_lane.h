// The apply lane and the database on it: entries wait here, go into one SQLite transaction together, and come
// back with what they did.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/env/actor.h"
#include "core/replica/read_pool.h"
#include "core/replica/state_machine.h"
#include "storage/sql/database.h"

namespace lockstep::replica {

// A point where the outside may pause or crash a node.
inline constexpr env::ProbePoint kBeforeApply{"replica.before_apply"};

struct ApplyConfig {
  sql::Options sql;
  Duration session_timeout = std::chrono::hours(1);  // by entry time
  std::size_t max_entries = 256;                     // in one SQLite transaction
  unsigned readers = 2;
  std::uint64_t max_vacuum_bytes = std::uint64_t{1} << 30;  // of a database that may be vacuumed
  // Where nobody waits for them (followers), entries may wait so long for others to share a transaction with.
  Duration leisure = std::chrono::milliseconds(2);
};

// Belongs to the actor; what it says about the database is as of the last result.
class ApplyLane {
 public:
  // Told of every group of entries, or of the failure after which this node must stop.
  using OnApplied = std::function<void(Result<ApplyResult>)>;

  // The environment outlives the lane.
  ApplyLane(const env::Env& env, GroupId group, ApplyConfig config, OnApplied on_applied);
  ~ApplyLane();

  // Opens or creates the database.
  void open(std::function<void(Status)> then);
  bool is_open() const { return machine_ != nullptr; }

  // In order, without gaps.
  void add(raft::Entry entry) { waiting_.push_back(std::move(entry)); }
  // Begins with what waits, entries and queries, unless their lanes are at work: what comes meanwhile goes next,
  // together.
  void end_turn(bool at_leisure);
  // When what waits at leisure must be begun with.
  Instant deadline() const;
  bool busy() const { return busy_; }
  // Makes everything applied durable.
  using OnDurable = std::function<void(Result<LogIndex>)>;
  void sync(OnDurable then);
  // The same, in one file; nothing is added afterwards.
  void put_away(OnDurable then);
  // Runs a query on a reader lane after the turn; the snapshot holds everything applied when it is called. `then`
  // gets an error if this node's disk failed.
  void query(NodeId client, sql::Statement statement, sql::WithdrawalPtr withdrawal, ReadPool::Then then);
  // See ReadPool; some may have been withdrawn.
  void drop_withdrawn_queries();

  LogIndex applied() const { return applied_; }
  LogIndex durable() const { return durable_; }
  std::uint64_t digest() const { return digest_; }
  // 0 for a table that was never written.
  std::uint64_t version(const std::string& table) const;
  // Why this command would ask too much of every member; empty: it does not.
  std::string objection(const wire::Command& command) const;
  // Prepared transactions without a decision.
  const std::set<LogIndex>& undecided() const { return undecided_; }

 private:
  void apply_next();
  void make_durable(Result<LogIndex> (StateMachine::*how)(), OnDurable then);
  void note_opened(std::unique_ptr<StateMachine> machine);
  void note_applied(const ApplyResult& result);
  void trace_applied(const ApplyResult& result);

  const env::Env& env_;
  GroupId group_;
  ApplyConfig config_;
  OnApplied on_applied_;

  // Owned here, used on their lanes only.
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<StateMachine> machine_;
  std::unique_ptr<ReadPool> read_pool_;

  std::vector<raft::Entry> waiting_;
  Instant oldest_waiting_ = kNever;
  bool busy_ = false;
  LogIndex applied_;
  LogIndex durable_;
  std::uint64_t digest_ = 0;
  std::uint64_t bytes_ = 0;
  std::map<std::string, std::uint64_t> versions_;
  std::set<LogIndex> undecided_;
};

}  // namespace lockstep::replica
