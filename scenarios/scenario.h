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

namespace lockstep::scenarios {

// ---- quantities -----------------------------------------------------------------------------------------------

// A probability in parts per million, 0 to 1,000,000; integers, because floating point decides nothing here.
struct Probability {
  std::uint32_t parts_per_million = 0;
  bool operator==(const Probability&) const = default;
};

// A distribution of durations by two of its quantiles (base/latency.h says which). Checked: median <= p99.
struct Spread {
  Duration median{};
  Duration p99{};
  bool operator==(const Spread&) const = default;
};

// So many operations in each period. Checked: count >= 1, period > 0.
struct Rate {
  std::uint32_t count = 1;
  Duration period = std::chrono::seconds(1);
  Duration interval() const { return period / count; }
  bool operator==(const Rate&) const = default;
};

// ---- the world ------------------------------------------------------------------------------------------------

enum class System : std::uint8_t { kRaftSql, kStandaloneSql };
enum class WriteMode : std::uint8_t { kQuorum, kStrong };  // who must have prepared before Commit
enum class ReadLevel : std::uint8_t { kLinearizable, kLocal };

// The thresholds of the batcher: a batch is closed by whichever is reached first.
struct Batching {
  std::uint32_t max_entries = 64;
  std::uint32_t max_bytes = 256 << 10;
  Duration max_delay{};  // zero: what waits goes out together, nothing waits for company
  bool operator==(const Batching&) const = default;
};

struct Cluster {
  std::uint32_t nodes = 3;  // named n1, n2, ...
  Duration election_timeout = std::chrono::milliseconds(300);
  Duration heartbeat_interval = std::chrono::milliseconds(50);  // checked: below a third of the election timeout;
                                                                // not given: a sixth of it
  WriteMode write_mode = WriteMode::kQuorum;
  Duration pause_before_commit{};  // above zero, or mode `strong`: writes are two-phase
  Duration prepare_timeout = std::chrono::seconds(2);  // a two-phase write not prepared by then is aborted
  Batching batch;
  std::uint64_t drop_prefix_entries = 2048;  // the log prefix that nobody needs is dropped in steps of at least this
  bool operator==(const Cluster&) const = default;
};

struct Network {
  Spread latency{std::chrono::milliseconds(1), std::chrono::milliseconds(4)};  // one way, every link
  Probability loss;
  Probability duplicate;
  Probability reorder;  // a frame is held back by up to twice the p99, so that later ones overtake it
  bool operator==(const Network&) const = default;
};

struct DiskProfile {
  Spread sync{std::chrono::milliseconds(1), std::chrono::milliseconds(4)};
  bool operator==(const DiskProfile&) const = default;
};

// Each process draws its wall clock's offset and its clock's drift uniformly from [-max, max].
struct Clocks {
  Duration max_offset{};
  std::uint32_t max_drift_ppm = 0;
  bool operator==(const Clocks&) const = default;
};

// ---- workloads ------------------------------------------------------------------------------------------------

// Closed loop: each client waits this long after an answer before its next operation.
struct Think {
  Duration time{};
  bool operator==(const Think&) const = default;
};

// The clients of one workload. They are named c1, c2, ... over all workloads in the order of the file.
struct Load {
  std::uint32_t clients = 4;
  std::variant<Think, Rate> pacing = Think{std::chrono::milliseconds(20)};  // a Rate is that of all clients together
  Duration start{};              // since the run began
  Duration lasting{};            // no operation begins after start + lasting
  std::optional<std::uint64_t> ops;  // and at most so many begin, over all clients
  Duration timeout = std::chrono::seconds(2);  // an operation without an answer by then: outcome unknown
  std::uint32_t pipeline = 1;    // so many operations of one client may be unanswered at a time
  bool operator==(const Load&) const = default;
};

// Registers with compare-and-set, kept in one SQL table: the history is judged for linearizability per key.
struct RegisterWorkload {
  Load load;
  std::uint32_t keys = 5;
  Probability reads{500'000};  // share of all operations
  Probability cas{200'000};    // share of all operations; the rest are plain writes. Checked: reads + cas <= 1
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const RegisterWorkload&) const = default;
};

// Inserts of unique values: each acknowledged one must be found at the end. Reads are GetVersion and the contents;
// versions must agree with the executed statements.
struct VersionedWrites {
  Load load;
  std::uint32_t tables = 1;
  std::uint32_t statements = 1;  // per write; above one: ExecuteBatch, all or nothing
  Probability reads{100'000};
  Probability breaking;  // share of the writes that end with a statement which must undo the whole write
  ReadLevel read_level = ReadLevel::kLinearizable;
  bool operator==(const VersionedWrites&) const = default;
};

// No writes: rounds in which one client compares versions and contents with what was acknowledged before.
// Checked: some versioned_writes workload starts earlier. Level local: every running node is asked.
struct Verify {
  Duration start{};
  std::uint32_t rounds = 3;
  Duration every = std::chrono::milliseconds(500);
  ReadLevel read_level = ReadLevel::kLinearizable;
  Duration timeout = std::chrono::seconds(2);
  bool operator==(const Verify&) const = default;
};

using Workload = std::variant<RegisterWorkload, VersionedWrites, Verify>;
std::uint32_t client_count(const Workload& workload);  // a Verify has one
Duration start_of(const Workload& workload);
Duration end_of(const Workload& workload);

// ---- faults ---------------------------------------------------------------------------------------------------

enum class TargetKind : std::uint8_t {
  kNode,      // n<number>
  kClient,    // c<number>
  kLeader,    // the node that leads in the highest term when the fault strikes
  kFollower,  // one running node that does not lead, drawn by seed; the same one for as long as the fault lasts
  kOthers,    // in groups: every node and client that no other group names
  kCrashed,   // every node that a fault brought down and nothing has restarted
  kAll,       // every node, no client
};

struct Target {
  TargetKind kind = TargetKind::kAll;
  std::uint32_t number = 0;  // from 1 for kNode and kClient, else 0. Checked: it exists in this scenario
  bool operator==(const Target&) const = default;
};

using Targets = std::vector<Target>;  // never empty

// Links between members of different groups; with one_way only those from the first group to the second
// (checked: then there are exactly two). Hosts that stand in no group are untouched. No group at all: every link.
struct Links {
  std::vector<Targets> groups;
  bool one_way = false;
  bool operator==(const Links&) const = default;
};

// When a fault strikes. All times count from the begin of the run.
struct AtTime {
  Duration at{};
  bool operator==(const AtTime&) const = default;
};
struct Repeatedly {  // at from, from + period, ..., before `until` (not given: the workloads' end), at most `times`
  Duration period{};
  Duration from{};  // not given: one period
  std::optional<Duration> until;
  std::optional<std::uint32_t> times;
  bool operator==(const Repeatedly&) const = default;
};
struct AtProbe {  // the n-th time that `node` (not given: any process) reaches the probe
  std::string probe;
  std::uint32_t nth = 1;
  std::optional<Target> node;
  bool operator==(const AtProbe&) const = default;
};
struct AtEvent {  // the n-th such event in the trace of `from` (not given: any process) about the peer `to` (any)
  std::string event;
  std::uint32_t nth = 1;
  std::optional<Target> from;
  std::optional<Target> to;
  bool operator==(const AtEvent&) const = default;
};
struct AfterFault {  // `by` after the fault at that place in the list struck (first time). Checked: an earlier place
  std::uint32_t fault = 0;
  Duration by{};
  bool operator==(const AfterFault&) const = default;
};
using Trigger = std::variant<AtTime, Repeatedly, AtProbe, AtEvent, AfterFault>;

// What a fault does. Kill and Crash end the process and keep what it wrote; PowerLoss applies the disk's crash model.
struct Kill { Targets targets; bool operator==(const Kill&) const = default; };
struct PowerLoss { Targets targets; bool operator==(const PowerLoss&) const = default; };
struct Restart { Targets targets; bool operator==(const Restart&) const = default; };  // running ones: no effect
struct Stall { Targets targets; bool operator==(const Stall&) const = default; };      // as SIGSTOP; needs `lasting`
// At the very call of a probe (checked: AtProbe), before what follows it.
struct Crash { Targets targets; bool operator==(const Crash&) const = default; };
// Holds the one piece of work that reached the probe (checked: AtProbe) for so long.
struct Pause { Duration hold{}; bool operator==(const Pause&) const = default; };
struct Partition { Links between; bool operator==(const Partition&) const = default; };
struct Loss { Probability share; Links between; bool operator==(const Loss&) const = default; };
struct Delay { Spread extra; Links between; bool operator==(const Delay&) const = default; };  // on top of the latency
struct Duplicate { Probability share; Links between; bool operator==(const Duplicate&) const = default; };
struct Reorder { Probability share; Links between; bool operator==(const Reorder&) const = default; };
struct ClockChange {  // the wall clock jumps by `jump`, which may be negative; the drift is set if given
  Targets targets;
  Duration jump{};
  std::optional<std::int32_t> drift_ppm;
  bool operator==(const ClockChange&) const = default;
};
using Action = std::variant<Kill, PowerLoss, Restart, Stall, Crash, Pause, Partition, Loss, Delay, Duplicate, Reorder,
                            ClockChange>;

struct Fault {
  Trigger trigger;
  Action action;
  // How long it lasts: a killed node is restarted, a stalled one goes on, a network fault is healed. Not given: until
  // the end phase (checked: given for Stall; never for Restart, Pause and ClockChange).
  std::optional<Duration> lasting;
  bool operator==(const Fault&) const = default;
};

std::string_view verb_of(const Action& action);  // as in the file: "kill", "power_loss", ...

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

struct Expect {
  bool linearizable = true;     // of every history with linearizable reads
  std::uint64_t lost_writes = 0;  // acknowledged and not found: at most so many per table
  bool converged = true;        // equal versions and digests on all nodes at the end
  std::uint64_t min_ok = 1;     // fewer successful operations: the run is vacuous
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
  std::vector<Workload> workload;  // all at once, each from its own start; checked: at least one
  std::vector<Fault> faults;
  Finally finally;
  Expect expect;
  bool operator==(const Scenario&) const = default;
};

Duration workloads_end(const Scenario& scenario);     // when the last one ends and the end phase begins
std::uint32_t client_count(const Scenario& scenario);

// ---- text -----------------------------------------------------------------------------------------------------

std::string to_string(const Target& target);
using lockstep::to_string;  // of durations
std::string_view to_string(System system);
std::string_view to_string(WriteMode mode);
std::string_view to_string(ReadLevel level);
std::string_view to_string(Heal heal);

// The scenario file that says exactly this, with every default written out; parsing it gives an equal Scenario.
nlohmann::ordered_json to_json(const Scenario& scenario);

}  // namespace lockstep::scenarios
