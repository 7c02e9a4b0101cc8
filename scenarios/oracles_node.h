// Oracles of single members: who leads, what never goes back, and in which order the prefix of a log may go.
#pragma once

#include <map>
#include <set>

#include "scenarios/oracle.h"
#include "scenarios/oracle_tables.h"
#include "scenarios/replica_facts.h"

namespace lockstep::scenarios {

class ElectionSafety final : public Oracle {
 public:
  explicit ElectionSafety(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "election-safety"; }
  std::string_view promise() const override {
    return "At most one leader is elected in a term, by a majority whose votes are durable (Raft Figures 2 and 3).";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Election {
    NodeId leader;                              // none: nobody has led
    std::set<std::pair<NodeId, NodeId>> votes;  // made durable: of whom, for whom; for none: nobody knows for whom
  };
  struct Group {
    std::set<NodeId> members;            // who has told its term
    std::map<Term, Election> elections;  // one per term of the run
  };
  void on_leads(const Observation& observation, Group& group, Term term);

  std::size_t voters_;
  FlatTable<GroupId, Group> groups_;
};

class Monotonic final : public Oracle {
 public:
  std::string_view name() const override { return "monotonic"; }
  std::string_view promise() const override {
    return "Term and commit index never go back, a vote is given once per term, and entries are applied one after "
           "another without a gap, over crashes too (Raft Figure 2).";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Life {
    Incarnation incarnation;
    Term term;
    LogIndex commit;
    LogIndex applied;
    bool is_applied_known = false;
  };
  struct Member {
    Term durable_term;
    NodeId vote;  // in durable_term; none: not known to have voted
    bool is_harmed = false;  // its disk may not hold what it called durable
    Life life;    // the present one
  };
  struct Group {
    FlatTable<NodeId, Member> members;
    LogIndex committed;  // the highest that anybody reported
  };
  void on_hard_state(const Observation& observation, Member& member);
  void on_recovered(const Observation& observation, Group& group, Member& member);
  void on_role(const Observation& observation, Member& member);
  void on_commit(const Observation& observation, Group& group, Member& member);
  void on_applied(const Observation& observation, Member& member);
  void check_term(const Observation& observation, Member& member, Term term);

  FlatTable<GroupId, Group> groups_;
};

class PrefixOrder final : public Oracle {
 public:
  explicit PrefixOrder(std::size_t voters) : voters_(voters) {}
  std::string_view name() const override { return "prefix-order"; }
  std::string_view promise() const override {
    return "What is dropped from a log is durable in its node's database, applied and committed there, and durable in "
           "the log of every voter.";
  }
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) override;

 private:
  struct Member {
    LogIndex log_last;  // durable
    LogIndex commit;
    LogIndex applied;
    bool is_wiped = false;  // its disk was taken away: the others could not know
  };
  using Group = FlatTable<NodeId, Member>;
  void on_prefix_dropped(const Observation& observation, Group& members);
  void on_applied(const Observation& observation, Member& member);

  std::size_t voters_;
  FlatTable<GroupId, Group> groups_;
};

}  // namespace lockstep::scenarios
