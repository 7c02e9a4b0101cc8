// What the oracles of the log have in common: the durable log of every node and the committed one, kept from events.
#pragma once

#include <vector>

#include "scenarios/log_terms.h"
#include "scenarios/oracle.h"
#include "scenarios/oracle_tables.h"
#include "scenarios/replica_facts.h"

namespace lockstep::scenarios {

class LogOracle : public Oracle {
 public:
  std::span<const env::EventType* const> listens_to() const override;
  void on_event(const Observation& observation) final;

 protected:
  struct Member {
    LogTerms log;  // what is durable
    Term leads;    // zero: does not lead
    bool is_harmed = false;  // its disk may not hold what it called durable
    LogIndex old_commit;  // known from an earlier life: the term in which it was committed is not the present one
  };
  struct Group {
    GroupId id;
    FlatTable<NodeId, Member> members;
    LogTerms committed;               // as applied, by whoever applied an index first
    std::vector<CommitPoint> points;  // of the first reports; the last one of each term, in order of index
    LogStarts starts;

    CommitPoint newest_point() const { return points.empty() ? CommitPoint{} : points.back(); }
    // The first that says that `index` is committed; nullptr if none does.
    const CommitPoint* point_covering(LogIndex index) const;
  };

  // Each is called before the tables take the event in.
  virtual void on_durable(const Observation&, Group&, Member&, const DurableEntry&) {}
  virtual void on_truncated(const Observation&, Group&, Member&, const Truncation&) {}
  virtual void on_recovered(const Observation&, Group&, Member&, const Recovery&) {}
  virtual void on_commit(const Observation&, Group&, const CommitPoint&) {}
  virtual void on_applied(const Observation&, Group&, const AppliedEntry&) {}
  virtual void on_prefix_dropped(Group&) {}

 private:
  void take_durable(const Observation& observation, Group& group);
  void take_truncated(const Observation& observation, Group& group);
  void take_recovered(const Observation& observation, Group& group);
  void take_commit(const Observation& observation, Group& group);
  void take_applied(const Observation& observation, Group& group);
  // The operator took the disk away: what the node held is nobody's promise any more.
  void forget_disk(NodeId node);

  FlatTable<GroupId, Group> groups_;
};

}  // namespace lockstep::scenarios
