// What can be done to a cluster: when (triggers), what (actions) and to whom (targets), as a scenario file says it.
//
// Plain values like scenarios/scenario.h, of which they are a part. The verbs of the language, with what each may be
// combined with, are the table all_verbs().
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "edge/devices/plant.h"
#include "scenarios/quantities.h"

namespace lockstep::scenarios {

// ---- whom -----------------------------------------------------------------------------------------------------

enum class TargetKind : std::uint8_t {
  kNode,      // n<number>
  kClient,    // c<number>
  kLeader,    // the node that leads in the highest term when the fault strikes
  kFollower,  // one running node that does not lead, drawn by seed; the same one for as long as the fault lasts
  kOthers,    // in groups: every node, client and edge, and the cloud, that no other group names
  kCrashed,   // every node that a fault brought down and nothing has restarted
  kAll,       // every node, no client
  kEdge,      // e<number>
  kCloud,
};

struct Target {
  TargetKind kind = TargetKind::kAll;
  std::uint32_t number = 0;  // from 1 for kNode, kClient and kEdge, else 0. Checked: it exists in this scenario
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

// ---- when: all times count from the begin of the run ------------------------------------------------------------

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

// ---- what: processes ------------------------------------------------------------------------------------------

// Kill and Crash end the process and keep what it wrote; PowerLoss applies the disk's crash model.
struct Kill { Targets targets; bool operator==(const Kill&) const = default; };
// As SIGTERM: it ends in good order, or is killed when it is told again, started again, or has taken too long.
struct Leave { Targets targets; bool operator==(const Leave&) const = default; };
struct PowerLoss { Targets targets; bool operator==(const PowerLoss&) const = default; };
struct Restart { Targets targets; bool operator==(const Restart&) const = default; };  // running ones: no effect
struct Stall { Targets targets; bool operator==(const Stall&) const = default; };      // as SIGSTOP
// At the very call of a probe, before what follows it.
struct Crash { Targets targets; bool operator==(const Crash&) const = default; };
// Holds the one piece of work that reached the probe for so long.
struct Pause { Duration hold{}; bool operator==(const Pause&) const = default; };

// Of what SQLite allocates there, the n-th from now on is refused, and as many after it as `times` says.
struct OutOfMemory {
  Targets targets;
  std::uint32_t nth = 1;
  std::uint32_t times = 1;
  bool operator==(const OutOfMemory&) const = default;
};

// ---- what: the network ----------------------------------------------------------------------------------------

struct Partition { Links between; bool operator==(const Partition&) const = default; };
// The other nodes in two halves, drawn by seed, that hear each other only through this one.
struct Bridge { Targets targets; bool operator==(const Bridge&) const = default; };
struct Loss { Probability share; Links between; bool operator==(const Loss&) const = default; };
struct Delay { Spread extra; Links between; bool operator==(const Delay&) const = default; };  // on top of the latency
struct Duplicate { Probability share; Links between; bool operator==(const Duplicate&) const = default; };
struct Reorder { Probability share; Links between; bool operator==(const Reorder&) const = default; };
// A bit of the encoded frame is flipped: the receiver notices, and drops it.
struct Corrupt { Probability share; Links between; bool operator==(const Corrupt&) const = default; };
struct Bandwidth {  // each direction of each link
  std::uint64_t bytes_per_second = 1;
  std::uint64_t queue_bytes = 256 << 10;  // a frame that finds more waiting is lost
  Links between;
  bool operator==(const Bandwidth&) const = default;

  // A full queue takes so long.
  Duration drain() const { return std::chrono::seconds(queue_bytes / bytes_per_second); }
};
// Frames wait until the fault ends, and come then: those that the targets send, receive or both, to and from `with`
// (not given: everybody).
enum class Direction : std::uint8_t { kBoth, kSend, kReceive };
struct Clog {
  Targets targets;
  Targets with;
  Direction direction = Direction::kBoth;
  bool operator==(const Clog&) const = default;
};
// Each target is clogged, one after another in a drawn order, in the first half of the fault's time; in the second half
// they are freed, in another order.
struct Swizzle { Targets targets; bool operator==(const Swizzle&) const = default; };
// The connections of the targets with all others: what is under way is lost.
struct Reset { Targets targets; bool operator==(const Reset&) const = default; };

// ---- what: clocks ---------------------------------------------------------------------------------------------

struct ClockChange {
  Targets targets;
  Duration jump{};                        // of the wall clock; may be negative
  std::optional<std::int32_t> drift_ppm;  // set, if given
  Duration leap{};                        // of wall and monotonic clock, forward
  Duration freeze{};                      // both stand still for so long
  std::optional<Duration> tick;           // both show only its multiples, if given
  bool operator==(const ClockChange&) const = default;
};

// ---- what: disks ----------------------------------------------------------------------------------------------

enum class DiskKind : std::uint8_t {
  kError,       // calls fail
  kFailedSync,  // syncs fail
  kFull,        // `amount` bytes more, then no space
  kStall,       // calls do not come back before the fault ends
  kSlow,        // calls take `extra` longer
  kLie,         // syncs answer OK and make nothing durable
  kBadSector,   // `amount` sectors cannot be read while it lasts
  kMisdirect,   // writes go to another place of the same file
  kPhantom,     // writes answer OK and do nothing
  kRot,         // a bit flips in `amount` bytes
};
inline constexpr std::size_t kDiskKinds = 10;

enum class Files : std::uint8_t { kAll, kKv, kSql, kMain, kWal };  // of the log, the database; of that only
enum class Calls : std::uint8_t { kAny, kReads, kWrites, kSyncs, kNames };

struct DiskFault {
  DiskKind kind = DiskKind::kError;
  Targets targets;
  Files files = Files::kAll;
  Calls calls = Calls::kAny;            // of kError and kSlow (not given there: syncs)
  std::optional<std::uint32_t> times{};  // so many calls; not given: as long as it lasts. kMisdirect, kPhantom: 1
  std::uint64_t amount = 0;             // of kFull; of kBadSector and kRot at least 1
  Spread extra{};                       // of kSlow
  bool operator==(const DiskFault&) const = default;
};

// ---- what: plants ---------------------------------------------------------------------------------------------

struct Breakdown {
  devices::PlantFault kind{};
  Targets targets;     // edges
  std::string device;  // by name (plant_parts.h); empty: each of the edge's devices
  std::string part;    // a signal or an actuator, by the kind; empty: each that the device has
  bool operator==(const Breakdown&) const = default;
};

// ---- the whole ------------------------------------------------------------------------------------------------

using Action = std::variant<Kill, Leave, PowerLoss, Restart, Stall, Crash, Pause, Partition, Loss, Delay, Duplicate, Reorder,
                            ClockChange, Bridge, Corrupt, Bandwidth, Clog, Swizzle, Reset, OutOfMemory, DiskFault,
                            Breakdown>;

struct Fault {
  Trigger trigger;
  Action action;
  // How long it lasts: a killed node is restarted, a stalled one goes on, a fault of network or disk is over, and nodes
  // that stopped for it are restarted. Not given: until the end phase. The verb says whether it has one.
  std::optional<Duration> lasting;
  bool operator==(const Fault&) const = default;
};

// ---- the table of verbs -----------------------------------------------------------------------------------------

enum class Family : std::uint8_t { kProcess, kNetwork, kClock, kDisk, kPlant };
enum class Lasting : std::uint8_t { kNever, kOptional, kNeeded };
// What a cluster owes under it, as long as the other faults allow (docs/scenarios.md, "Budgets").
enum class Harm : std::uint8_t {
  kPasses,   // when it is over, nothing is left of it: any nodes, at any time
  kDamages,  // what it hit is lost for good; the node may never come back: a minority of the nodes
  kBetrays,  // nobody can notice; a minority, and nothing else may go wrong while these have no power
};

struct VerbFacts {
  std::string_view name;  // as in the file
  Family family;
  Lasting lasting;
  Harm harm = Harm::kPasses;
  bool has_links = false;  // `between` and `one_way` may stand beside it
  bool at_probe = false;   // happens inside the call of a probe: its trigger is an AtProbe
};

std::span<const VerbFacts> all_verbs();
const VerbFacts& facts_of(const Action& action);
inline std::string_view verb_of(const Action& action) { return facts_of(action).name; }

using lockstep::to_string;  // of durations
std::string to_string(const Target& target);
std::string_view to_string(Direction direction);
std::string_view to_string(Files files);
std::string_view to_string(Calls calls);

nlohmann::ordered_json json_of(const Spread& spread);
nlohmann::ordered_json json_of(Probability probability);
// As an element of the list of faults.
nlohmann::ordered_json json_of(const Fault& fault);

}  // namespace lockstep::scenarios
