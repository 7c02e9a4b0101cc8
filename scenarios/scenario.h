// A scenario as it runs: what a scenario file says, with every default filled in and every unit turned into a type.
//
// Plain values: a Scenario is made by parse_scenario() (parse_scenario.h), which guarantees what the comments here
// call "checked", or by code (chaos, shrinking), and can be written back with to_json(). docs/scenarios.md is the
// guide for those who write files; the JSON Schema is in scenarios/schema/.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "config/consensus.h"
#include "scenarios/faults.h"
#include "scenarios/field.h"
#include "scenarios/quantities.h"
#include "scenarios/workloads.h"

namespace lockstep::scenarios {

// ---- the world ------------------------------------------------------------------------------------------------

enum class System : std::uint8_t {
  kRaftSql,
  kStandaloneSql,
  kHub,  // as kRaftSql, and each node is a hub
};
using config::Batching;
using config::Consensus;
using config::WriteMode;

struct Cluster {
  std::uint32_t nodes = 3;  // named n1, n2, ...
  // Unlike a real node's, small batches that wait for nothing: more entries per run, and more ways to group
  // them.
  Consensus consensus{.batch = {.max_entries = 64, .max_bytes = 256 << 10, .max_delay = {}}};
  bool operator==(const Cluster&) const = default;
};

struct Network {
  Spread latency{std::chrono::milliseconds(1), std::chrono::milliseconds(4)};  // one way, every link
  Probability loss;
  Probability duplicate;
  Probability reorder;  // a frame is held back by up to twice the p99, so that later ones overtake it
  bool operator==(const Network&) const = default;
};

// How much lasting damage the faults of disks may do.
enum class Budget : std::uint8_t {
  kAtlas,      // to a minority of the nodes: the cluster has to survive and serve. What is beyond is withheld
  kUnlimited,  // to all of them: the cluster may stop, it may never lie
};

struct DiskProfile {
  Budget budget = Budget::kAtlas;
  Spread sync{std::chrono::milliseconds(1), std::chrono::milliseconds(4)};
  bool operator==(const DiskProfile&) const = default;
};

// Each process draws its wall clock's offset and its clock's drift uniformly from [-max, max].
struct Clocks {
  Duration max_offset{};
  std::uint32_t max_drift_ppm = 0;
  bool operator==(const Clocks&) const = default;
};

// ---- the end --------------------------------------------------------------------------------------------------

enum class Heal : std::uint8_t {
  kQuorumThenAll,  // only a random quorum at first: it must converge and serve; then all
  kAll,
};

struct Finally {
  Heal heal = Heal::kQuorumThenAll;
  Duration converge_within = std::chrono::seconds(10);  // for each of the two phases
  bool operator==(const Finally&) const = default;
};

// What a fault that never takes effect makes of a run.
enum class IdleFaults : std::uint8_t {
  kVacuous,  // it did not do what it was made for
  kAllowed,  // nothing, as long as another one does
};

struct Expect {
  bool linearizable = true;     // of every history with linearizable reads
  std::uint64_t lost_writes = 0;  // acknowledged and not found: at most so many per table
  bool converged = true;        // equal versions and digests on all nodes at the end
  // Of service, while a quorum is sound and connected; never less than ten election timeouts and two pauses before
  // commit.
  Duration available_within = std::chrono::seconds(5);
  std::uint64_t min_ok = 1;     // fewer successful operations: the run is vacuous
  IdleFaults idle_faults = IdleFaults::kVacuous;
  // Faults (places in the list) that must have struck between some write's Prepare being durable and its decision.
  std::vector<std::uint32_t> in_pause_window;
  bool operator==(const Expect&) const = default;
};

// ---- the whole ------------------------------------------------------------------------------------------------

struct Scenario {
  std::string name;
  std::string about;
  System system = System::kRaftSql;
  std::uint64_t seed = 1;
  Cluster cluster;
  Network network;
  DiskProfile disk;
  Clocks clocks;
  std::optional<Field> field;      // checked: there is one if, and only if, the system is kHub
  std::vector<Workload> workload;  // all at once, each from its own start; checked: at least one
  std::vector<Fault> faults;
  Finally finally;
  Expect expect;
  bool operator==(const Scenario&) const = default;
};

Duration workloads_end(const Scenario& scenario);     // when the last one, and the field, ends: then the end phase begins
std::uint32_t client_count(const Scenario& scenario);
// Where the network itself loses frames, a client may be unlucky several times: the bound once more for each percent.
Duration under_loss(const Network& network, Duration bound);
Duration least_patience(const Cluster& cluster);  // ten election timeouts and two pauses before commit: no bound is shorter

// ---- text -----------------------------------------------------------------------------------------------------

using lockstep::to_string;  // of durations
std::string_view to_string(System system);
std::string_view to_string(Heal heal);
std::string_view to_string(Budget budget);
std::string_view to_string(IdleFaults idle);

// The scenario file that says exactly this, with every default written out; parsing it gives an equal Scenario.
nlohmann::ordered_json to_json(const Scenario& scenario);

}  // namespace lockstep::scenarios
