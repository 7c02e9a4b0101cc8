// Who stopped itself, whose disk was harmed, and whether the one explains the other.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "reports/verdict.h"
#include "scenarios/oracle.h"

namespace lockstep::scenarios {

// A node or an edge whose storage or memory has failed stops itself: that is what it has to do.
class NodeHealth {
 public:
  static std::span<const env::EventType* const> listens_to();
  // Of any event.
  void on_event(const Observation& observation);

  // Of a run with so many members and edges.
  reports::Verdict verdict(std::size_t nodes, std::size_t edges) const;

 private:
  struct Harm {
    Duration at{};
    std::string what;  // the first time
  };
  void note_trouble(const Observation& observation);
  void note_stopped(const Observation& observation);
  void excuse(const Observation& observation);

  std::map<NodeId, Harm> harmed_;    // whose disk is not as it was written
  std::set<NodeId> failed_;          // whose disk or memory has failed in this life
  // Of a process, for one reason.
  struct Stop {
    NodeId node;
    std::string reason;
    Duration first{};
    std::uint64_t times = 0;
  };
  std::vector<std::string> sudden_;  // stops for no reason that the faults of the run gave
  std::vector<Stop> excused_;
  std::uint64_t excused_count_ = 0;
};

}  // namespace lockstep::scenarios
