// The report of one run: what it was, what happened, what was concluded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "reports/convergence.h"
#include "reports/fidelity.h"
#include "reports/verdict.h"

namespace lockstep::reports {

// One time that a fault struck.
struct FaultStrike {
  Duration at{};
  std::optional<Duration> until{};                // not given: until the end phase
  std::vector<std::string> hosts{};               // whom it hit; empty for network faults
  std::vector<std::vector<std::string>> groups{};  // of a network fault: between whom; empty: between all
  bool one_way = false;                            // only what the first group sends to the second
};

// One fault of the scenario. A fault that never fired makes a run vacuous, unless idle faults are allowed.
struct FaultRecord {
  std::string kind;         // "crash", "partition"
  std::string description;  // one line: what it hit and when
  std::uint64_t fired = 0;  // how often it took effect
  std::string skipped{};    // why this world cannot do it; empty if it can. Then it counts for nothing
  std::vector<FaultStrike> strikes{};
};

// Of a process of a real run: what it wrote down for people.
struct NodeLog {
  std::string node;
  std::map<std::string, std::uint64_t> levels;  // lines of each; "other": of none
  std::vector<std::string> complaints;          // the last lines at the levels warning and above
};

enum class World : std::uint8_t { kSimulated, kReal };

struct Report {
  std::string scenario;
  std::string version{};  // of the program; empty: not known
  std::uint64_t seed = 0;
  World world = World::kSimulated;
  std::uint64_t trace_hash = 0;  // of a simulated run: no two real ones are equal
  Duration simulated{};          // by the clock of the run's world
  Duration real{};               // shown to people, never part of what is compared between runs
  std::uint64_t trace_events = 0;
  OperationCounts operations;
  std::optional<Elections> elections{};
  Duration throughput_bucket{};  // how long one bucket of `throughput` is
  std::vector<std::uint64_t>
      throughput;            // operations that succeeded in each bucket, from the begin of the run
  std::uint64_t min_ok = 0;  // fewer successful operations make the run vacuous
  bool idle_faults_allowed = false;  // some faults may find no occasion; not all of them
  std::vector<FaultRecord> faults;
  std::vector<Verdict> verdicts;
  std::vector<ReplicaState>
      replicas{};  // at the end, of those that answered; tables that the runner read there
  std::vector<std::string>
      not_applied;                   // of a real run: what the scenario asks for and the world does not give
  std::vector<NodeLog> logs{};       // of a real run
  std::string kept;                  // of a real run that does not hold: where data and logs of the nodes are
  std::optional<Fidelity> fidelity;  // of a real run

  // So many faults never fired that the run is vacuous.
  bool lacks_faults() const;
  // The worst of the verdicts; vacuous if nothing is violated but faults are lacking or too little succeeded.
  Outcome outcome() const;
};

}  // namespace lockstep::reports
