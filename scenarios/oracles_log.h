// Oracles of the replicated log: the rules of Raft Figure 3 about entries, and what must stay on disk.
#pragma once

#include <map>
#include <vector>

#include "scenarios/log_oracle.h"

namespace lockstep::scenarios {

class LeaderAppendOnly final : public LogOracle {
 public:
  std::string_view name() const override { return "leader-append-only"; }
  std::string_view promise() const override {
    return "A leader never overwrites or deletes entries of its own log; it only appends (Raft Figure 3).";
  }

 private:
  void on_durable(const Observation&, Group&, Member&, const DurableEntry&) override;
  void on_truncated(const Observation&, Group&, Member&, const Truncation&) override;
};

class LogMatching final : public LogOracle {
 public:
  explicit LogMatching(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "log-matching"; }
  std::string_view promise() const override {
    return "Two logs that hold an entry of the same index and term hold the same entry there, and the same entries "
           "before it (Raft Figure 3).";
  }

 private:
  struct Known {
    Term term;      // zero: nothing known
    Term previous;  // zero: not known, or before the log
    std::uint64_t hash = 0;
    NodeId node;  // who made it durable first
  };
  struct Entries {
    PagedTable<Known> usual;                            // the first term that was seen at an index
    std::map<std::pair<LogIndex, Term>, Known> others;  // and the terms that were seen there later
  };
  void on_durable(const Observation&, Group&, Member&, const DurableEntry&) override;
  void on_prefix_dropped(Group&) override;
  Known& known(Entries& entries, const DurableEntry& entry);

  std::size_t voters_;
  FlatTable<GroupId, Entries> entries_;
};

class LeaderCompleteness final : public LogOracle {
 public:
  std::string_view name() const override { return "leader-completeness"; }
  std::string_view promise() const override {
    return "An entry that was committed in one term is in the logs of the leaders of all later terms (Raft Figure 3).";
  }

 private:
  // A leader as its log was when its first own entry became durable: by then all before it was durable too.
  struct Leader {
    NodeId node;
    Term term;
    LogIndex first_own;
    LogTerms log;  // up to first_own
  };
  static constexpr std::size_t kMostLeaders = 64;  // older ones can hardly be contradicted any more

  void on_durable(const Observation&, Group&, Member&, const DurableEntry&) override;
  void on_commit(const Observation&, Group&, const CommitPoint&) override;
  void on_applied(const Observation&, Group&, const AppliedEntry&) override;
  void judge(const Observation& observation, const Leader& leader, LogIndex committed, Term in_term, Term entry_term);

  FlatTable<GroupId, std::vector<Leader>> leaders_;  // in order of term
};

class CommittedStays final : public LogOracle {
 public:
  std::string_view name() const override { return "committed-stays"; }
  std::string_view promise() const override {
    return "A committed entry is never cut off or replaced in a log that holds it, and no later leader puts another "
           "in its place (Raft §5.4).";
  }

 private:
  void on_durable(const Observation&, Group&, Member&, const DurableEntry&) override;
  void on_truncated(const Observation&, Group&, Member&, const Truncation&) override;
};

class DurableStays final : public LogOracle {
 public:
  std::string_view name() const override { return "durable-stays"; }
  std::string_view promise() const override {
    return "Entries that a node reported as durable are in its log after any crash, unless a later leader had to "
           "replace them (Raft Figure 2, persistent state).";
  }

 private:
  void on_recovered(const Observation&, Group&, Member&, const Recovery&) override;
};

class CommitHasQuorum final : public LogOracle {
 public:
  explicit CommitHasQuorum(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "commit-has-quorum"; }
  std::string_view promise() const override {
    return "An index is declared committed only when a majority has made an entry of the leader's own term durable "
           "there (Raft §5.3, §5.4.2).";
  }

 private:
  void on_commit(const Observation&, Group&, const CommitPoint&) override;

  std::size_t voters_;
};

}  // namespace lockstep::scenarios
