// Oracles of the replicated state machine: same entries, same results, same database, each write and decision once.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "scenarios/log_terms.h"
#include "scenarios/oracle.h"
#include "scenarios/oracle_tables.h"
#include "scenarios/replica_facts.h"

namespace lockstep::scenarios {

class StateMachineSafety final : public Oracle {
 public:
  explicit StateMachineSafety(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "state-machine-safety"; }
  std::string_view promise() const override {
    return "If a node has applied an entry at an index, no node ever applies another entry there, nor with another "
           "result (Raft Figure 3).";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Known {
    NodeId node;  // who applied it first; none: nobody yet
    Term term;
    std::uint64_t hash = 0;
    std::uint64_t result = 0;
  };
  struct Group {
    PagedTable<Known> entries;
    LogStarts starts;
  };
  std::size_t voters_;
  FlatTable<GroupId, Group> groups_;
  // Their disks have lied about syncs and forgotten: a database of theirs may hold pages of several ages, each with a
  // good seal, until the digests of the others tell them, and they stop. What they get from entries meanwhile is no fault of the
  // cluster's; that they stop is seen at the end, when databases must not differ.
  std::set<NodeId> betrayed_;
};

class ReplicaDigest final : public Oracle {
 public:
  explicit ReplicaDigest(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "replica-digest"; }
  std::string_view promise() const override {
    return "After the same index the databases of all nodes hold the same rows, as their digests say.";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Known {
    NodeId node;  // who applied it first; none: nobody yet
    std::uint64_t digest = 0;
  };
  struct Group {
    PagedTable<Known> digests;
    LogStarts starts;
  };
  std::size_t voters_;
  FlatTable<GroupId, Group> groups_;
  std::set<NodeId> betrayed_;  // as above
};

// Remembers eight bytes per write for the whole run: a duplicate may come at any time.
class ExactlyOnce final : public Oracle {
 public:
  std::string_view name() const override { return "exactly-once"; }
  std::string_view promise() const override {
    return "A write of a session is executed by at most one entry of the log, however often it is retried "
           "(thesis §6.3).";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  using Session = PagedTable<LogIndex, 64>;  // where each sequence was executed
  std::map<std::pair<GroupId, std::uint64_t>, Session> sessions_;
};

// For a database without a log behind it.
class AppliedStays final : public Oracle {
 public:
  std::string_view name() const override { return "applied-stays"; }
  std::string_view promise() const override {
    return "What a standalone database has applied is in it after any crash, and entries are applied without a gap.";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  FlatTable<NodeId, LogIndex> applied_;
  std::set<NodeId> harmed_;  // whose disk may not hold what was applied
};

// No LogOracle: to that a wiped node holds nothing, but the leader goes by what it was told.
class PreparedDurable final : public Oracle {
 public:
  explicit PreparedDurable(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "prepared-durable"; }
  std::string_view promise() const override {
    return "A transaction is called prepared only when a majority of the voters, for a strong one every voter, "
           "has it durable in its log.";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Member {
    LogTerms log;  // what is durable; of a harmed one what it has said to be: the others could not know
    bool is_harmed = false;
  };
  void on_recovered(const Observation& observation);
  void on_prepared(const Observation& observation);
  // Of the entries that somebody has at this index, how many may have the one that most have.
  std::size_t holders(LogIndex index) const;

  std::size_t voters_;
  FlatTable<NodeId, Member> members_;  // the service has one group
  LogTerms committed_;                 // as applied
};

class Transactions final : public Oracle {
 public:
  std::string_view name() const override { return "transactions"; }
  std::string_view promise() const override {
    return "A prepared transaction gets one decision, at one index, the same on every node, and none is decided that "
           "was not prepared.";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Transaction {
    bool is_prepared = false;
    LogIndex decided_at;  // zero: not yet
    bool is_committed = false;
    NodeId decided_by;  // who applied the decision first
  };
  struct Range {
    LogIndex first;
    LogIndex last;
  };
  struct Group {
    std::map<LogIndex, Transaction> transactions;
    FlatTable<NodeId, LogIndex> applied;
    std::vector<Range> unseen;  // applied in a life that ended before it could say so
    bool may_be_prepared(LogIndex transaction) const;
  };
  void on_recovered(const Observation& observation, Group& group);
  void on_decided(const Observation& observation, Group& group);

  FlatTable<GroupId, Group> groups_;
};

}  // namespace lockstep::scenarios
