// What the schema cannot say about faults: targets that exist, verbs that fit their trigger, times that can
// come.
#include "scenarios/parse_faults.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/check.h"
#include "base/join.h"
#include "base/text.h"
#include "scenarios/plant_parts.h"

namespace lockstep::scenarios {
namespace {

using Kinds = std::initializer_list<TargetKind>;
using enum TargetKind;

constexpr Kinds kNodesToHit{kNode, kLeader, kFollower, kAll, kEdge, kCloud};
constexpr Kinds kMembers{kNode, kLeader, kFollower, kAll};
constexpr Kinds kNodesToRestart{kNode, kCrashed, kAll, kEdge, kCloud};
constexpr Kinds kSides{kNode, kClient, kLeader, kFollower, kOthers, kAll, kEdge, kCloud};
constexpr Kinds kProcesses{kNode, kClient, kLeader, kFollower, kAll, kEdge, kCloud};
constexpr Kinds kBridges{kNode, kLeader, kFollower};
constexpr Kinds kPlantsOf{kEdge};
constexpr Kinds kPeers{kNode, kClient, kLeader, kEdge, kCloud};

constexpr Duration kShortest{1};
constexpr std::int64_t kMostStrikes = 10'000;

class FaultReader {
 public:
  FaultReader(const json::Cursor& at, const Scenario& before, const Vocabulary& vocabulary)
      : at_(at), before_(before), vocabulary_(vocabulary) {}

  Fault fault() {
    Fault fault;
    fault.trigger = trigger();
    fault.action = action();
    check_lasting(fault);
    check_anchor(fault);
    return fault;
  }

 private:
  // ---- targets ----

  // How many there are of a kind that is counted; 1 of the others, 0: there is none here.
  std::uint32_t count_of(TargetKind kind) const {
    if (kind == kNode) return before_.cluster.nodes;
    if (kind == kClient) return client_count(before_);
    const bool of_field = kind == kEdge || kind == kCloud;
    if (of_field && !before_.field) return 0;
    return kind == kEdge ? before_.field->edges : 1;
  }
  static bool is_counted(TargetKind kind) { return kind == kNode || kind == kClient || kind == kEdge; }

  std::string choices(Kinds kinds) const {
    std::vector<std::string> out;
    for (const TargetKind kind : kinds) {
      const std::uint32_t last = count_of(kind);
      if (last == 0) continue;
      out.push_back(to_string(Target{kind, is_counted(kind) ? 1u : 0u}));
      if (is_counted(kind) && last > 1) append_text(out.back(), cat("..", to_string(Target{kind, last})));
    }
    return cat("a target (", joined(out), ")");
  }

  void check(const json::Cursor& at, const Target& target, Kinds kinds) const {
    if (std::find(kinds.begin(), kinds.end(), target.kind) == kinds.end()) return at.refuse(choices(kinds));
    const std::uint32_t count = count_of(target.kind);
    if (target.kind == kNode && target.number > count) {
      at.refuse(choices(kinds),
                count == 1 ? "the cluster has node n1 only" : cat("the cluster has nodes n1 to n", count));
    }
    if (target.kind == kClient && target.number > count) {
      at.refuse(choices(kinds), cat("the workloads have ", count, count == 1 ? " client" : " clients"));
    }
    if ((target.kind == kEdge && target.number > count) || (target.kind == kCloud && count == 0)) {
      at.refuse(choices(kinds), before_.field ? cat("the field has edges e1 to e", count)
                                              : "edges and a cloud are there in the system \"hub\" only");
    }
  }

  Targets targets(const json::Cursor& at, Kinds kinds) const {
    Targets out;
    read(at, out);
    const auto items = at.items();
    for (std::size_t i = 0; i < out.size(); ++i) check(items.empty() ? at : items[i], out[i], kinds);
    return out;
  }

  std::optional<Target> optional_target(const json::Cursor& object, std::string_view key) const {
    std::optional<Target> out;
    if (const auto at = object.member(key)) {
      read(*at, out);
      check(*at, *out, kPeers);
    }
    return out;
  }

  // ---- triggers ----

  Trigger trigger() const {
    if (const auto at = at_.member("at")) return at_time(*at);
    if (const auto every = at_.member("every")) return repeatedly(*every);
    if (const auto when = at_.member("when"))
      return when->has("probe") ? Trigger(at_probe(*when)) : at_event(*when);
    return after_fault(*at_.member("after"));
  }

  void check_comes(const json::Cursor& at, Duration time) const {
    const Duration end = workloads_end(before_);
    if (time >= end) at.refuse(cat("a time before ", to_string(end)), "the workloads have ended by then");
  }

  AtTime at_time(const json::Cursor& at) const {
    AtTime out;
    read(at, out.at);
    check_comes(at, out.at);
    return out;
  }

  Repeatedly repeatedly(const json::Cursor& at) const {
    Repeatedly out;
    if (at.node().is(json::Kind::kString)) {
      read_duration(at_, "every", kShortest, out.period);
    } else {
      read_duration(at, "period", kShortest, out.period);
    }
    out.from = out.period;
    read_member(at, "from", out.from);
    read_member(at, "until", out.until);
    read_member(at, "times", out.times);
    check_comes(at.nearest("from"), out.from);
    if (out.until && *out.until <= out.from)
      at.nearest("until").refuse(cat("a time after ", to_string(out.from)));
    if (out.period < kShortest) return out;  // refused above
    const Duration lasting = out.until.value_or(workloads_end(before_)) - out.from;
    if (!out.times && lasting / out.period > kMostStrikes) {
      at.nearest("period").refuse(cat("a period of at least ", to_string(lasting / kMostStrikes)),
                                  cat("a fault strikes ", kMostStrikes, " times at most"));
    }
    return out;
  }

  AtProbe at_probe(const json::Cursor& when) const {
    AtProbe out;
    const json::Cursor probe = *when.member("probe");
    read(probe, out.probe);
    check_name(probe, vocabulary_.probes, "a probe");
    if (!before_.field && out.probe.starts_with("edge."))
      probe.refuse("a probe that is reached", "without a \"field\" there are no edges");
    read_member(when, "nth", out.nth);
    out.node = optional_target(when, "node");
    for (const std::string_view key : {"from", "to"}) {
      if (const auto at = when.member(key))
        at->refuse("no such member beside \"probe\"", "it goes with \"event\"");
    }
    return out;
  }

  AtEvent at_event(const json::Cursor& when) const {
    AtEvent out;
    const json::Cursor event = *when.member("event");
    read(event, out.event);
    check_name(event, vocabulary_.events, "an event");
    read_member(when, "nth", out.nth);
    out.from = optional_target(when, "from");
    out.to = optional_target(when, "to");
    if (const auto node = when.member("node")) {
      node->refuse("no such member beside \"event\"", "it goes with \"probe\"; here it is \"from\"");
    }
    return out;
  }

  static void check_name(const json::Cursor& at, const std::vector<std::string_view>& known,
                         std::string_view what) {
    if (known.empty() || std::find(known.begin(), known.end(), at.text()) != known.end()) return;
    at.refuse(cat(what, " (", joined(known), ")"), json::suggestion(at.text(), known));
  }

  AfterFault after_fault(const json::Cursor& after) const {
    AfterFault out;
    read_member(after, "fault", out.fault);
    read_member(after, "by", out.by);
    if (out.fault < before_.faults.size()) return out;
    after.nearest("fault").refuse("the place of an earlier fault, counted from 0",
                                  cat("this is fault ", before_.faults.size()));
    out.fault = 0;
    return out;
  }

  // ---- verbs ----

  // Each verb of the language with the function that reads what stands beside it.
  using ReadVerb = Action (*)(const FaultReader& reader, const json::Cursor& value);
  struct Reading {
    std::string_view verb;
    ReadVerb read;
  };
  static const std::vector<Reading>& readings();

  Action action() const {
    for (const Reading& reading : readings())
      if (const auto value = at_.member(reading.verb)) return reading.read(*this, *value);
    CHECK(false, "the schema lets no fault pass without a verb");
    return Kill{};
  }

  template <class Verb, const Kinds& kKinds = kNodesToHit>
  static Action hitting(const FaultReader& reader, const json::Cursor& value) {
    return Verb{reader.targets(value, kKinds)};
  }

  template <class Verb>
  static Action with_share(const FaultReader& reader, const json::Cursor& value) {
    Verb out;
    read(value, out.share);
    if (out.share.parts_per_million == 0) value.refuse("a probability above zero");
    out.between = reader.links("between");
    return out;
  }

  static Action pause(const FaultReader& reader, const json::Cursor&) {
    Pause out;
    read_duration(reader.at_, "pause", kShortest, out.hold);
    return out;
  }

  static Action partition(const FaultReader& reader, const json::Cursor&) {
    if (const auto between = reader.at_.member("between"))
      between->refuse("no such member beside \"partition\"");
    return Partition{reader.links("partition")};
  }

  static Action delay(const FaultReader& reader, const json::Cursor& value) {
    Delay out;
    read(value, out.extra);
    if (out.extra.p99 <= Duration::zero()) value.refuse("a delay above zero");
    out.between = reader.links("between");
    return out;
  }

  static Action bandwidth(const FaultReader& reader, const json::Cursor& value) {
    Bandwidth out;
    read_member(value, "bytes_per_second", out.bytes_per_second);
    read_member(value, "queue_bytes", out.queue_bytes);
    out.between = reader.links("between");
    return out;
  }

  static Action clog(const FaultReader& reader, const json::Cursor& value) {
    Clog out;
    out.targets = reader.targets(*value.member("target"), kProcesses);
    if (const auto with = value.member("with")) out.with = reader.targets(*with, kProcesses);
    if (const auto direction = value.member("direction"))
      read_choice(*direction, std::array{Direction::kBoth, Direction::kSend, Direction::kReceive},
                  out.direction);
    return out;
  }

  static Action clock_change(const FaultReader& reader, const json::Cursor& clock) {
    ClockChange out;
    out.targets = reader.targets(*clock.member("target"), kNodesToHit);
    read_member(clock, "jump", out.jump);
    read_member(clock, "drift_ppm", out.drift_ppm);
    read_member(clock, "leap", out.leap);
    read_member(clock, "freeze", out.freeze);
    if (clock.has("tick")) read_duration(clock, "tick", kShortest, out.tick.emplace(kShortest));
    const bool says_something = std::ranges::any_of(std::array{"jump", "drift_ppm", "leap", "freeze", "tick"},
                                                    [&](const char* member) { return clock.has(member); });
    if (!says_something) clock.refuse("a jump, drift_ppm, leap, freeze or tick");
    return out;
  }

  static Action out_of_memory(const FaultReader& reader, const json::Cursor& value) {
    OutOfMemory out{.targets = reader.targets(*value.member("target"), kNodesToHit)};
    read_member(value, "nth", out.nth);
    read_member(value, "times", out.times);
    return out;
  }

  template <DiskKind kKind>
  static Action disk(const FaultReader& reader, const json::Cursor& value) {
    DiskFault out{.kind = kKind, .targets = reader.targets(*value.member("target"), kNodesToHit)};
    constexpr bool kIsOneWrite = kKind == DiskKind::kMisdirect || kKind == DiskKind::kPhantom;
    constexpr bool kIsCounted = kKind == DiskKind::kBadSector || kKind == DiskKind::kRot;
    if (kIsOneWrite) out.times = 1;
    if (kIsCounted) out.amount = 1;
    if (kKind == DiskKind::kSlow) {
      out.calls = Calls::kSyncs;
      read_member(value, "extra", out.extra);
      if (out.extra.p99 <= Duration::zero()) value.nearest("extra").refuse("a duration above zero");
    }
    if (const auto files = value.member("files"))
      read_files(*files, out);
    if (const auto calls = value.member("calls"))
      read_choice(*calls,
                  std::array{Calls::kAny, Calls::kReads, Calls::kWrites, Calls::kSyncs, Calls::kNames},
                  out.calls);
    read_member(value, "times", out.times);
    for (const std::string_view amount : {"free", "sectors", "bytes"}) read_member(value, amount, out.amount);
    return out;
  }

  static void read_files(const json::Cursor& files, DiskFault& out) {
    read_choice(files, std::array{Files::kAll, Files::kKv, Files::kSql, Files::kMain, Files::kWal}, out.files);
    const bool is_in_database = out.files != Files::kAll && out.files != Files::kKv;
    if (is_in_database && std::ranges::any_of(out.targets, [](const Target& target) { return target.kind == kEdge; }))
      files.refuse("\"all\" or \"kv\"", "an edge has no database");
  }

  template <devices::PlantFault kKind>
  static Action breakdown(const FaultReader& reader, const json::Cursor& value) {
    Breakdown out{.kind = kKind,
                  .targets = reader.targets(*value.member("target"), kPlantsOf),
                  .device = {},
                  .part = {}};
    read_member(value, "device", out.device);
    const std::string_view part = devices::is_of_sensor(kKind) ? "signal" : "actuator";
    read_member(value, part, out.part);
    if (reader.before_.field) reader.check_parts(value, out, part);
    return out;
  }

  // A device that the edges have, and a part of it or of one of them.
  void check_parts(const json::Cursor& value, const Breakdown& out, std::string_view part) const {
    std::vector<std::string> names;
    std::vector<std::string> parts;
    for (std::size_t place = 0; place < before_.field->devices.size(); ++place) {
      names.push_back(device_name(*before_.field, place));
      if (!out.device.empty() && out.device != names.back()) continue;
      for (std::string& name : part_names(before_.field->devices[place], out.kind))
        if (std::ranges::find(parts, name) == parts.end()) parts.push_back(std::move(name));
    }
    if (!out.device.empty() && std::ranges::find(names, out.device) == names.end())
      return value.nearest("device").refuse(cat("a device (", joined(names), ")"));
    if (!out.part.empty() && std::ranges::find(parts, out.part) == parts.end())
      value.nearest(part).refuse(cat(part == "signal" ? "a signal (" : "an actuator (", joined(parts), ")"));
  }

  Links links(std::string_view key) const {
    Links out;
    if (const auto groups = at_.member(key)) {
      std::vector<Target> seen;
      for (const json::Cursor& group : groups->items()) out.groups.push_back(side(group, seen));
    }
    read_member(at_, "one_way", out.one_way);
    if (out.one_way && out.groups.size() != 2) {
      at_.nearest(key).refuse("two groups", "one_way is from the first to the second");
    }
    return out;
  }

  Targets side(const json::Cursor& group, std::vector<Target>& seen) const {
    const Targets out = targets(group, kSides);
    const auto items = group.items();
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (std::find(seen.begin(), seen.end(), out[i]) != seen.end()) {
        items[i].refuse("every target in one group only");
      }
      seen.push_back(out[i]);
    }
    return out;
  }

  // ---- what fits together ----

  void check_lasting(Fault& fault) const {
    read_member(at_, "for", fault.lasting);
    const std::string verb(verb_of(fault.action));
    const auto given = at_.member("for");
    const VerbFacts& facts = facts_of(fault.action);
    if (given && facts.lasting == Lasting::kNever)
      given->refuse(cat("no \"for\" beside \"", verb, "\""), "it happens in one moment");
    if (given && *fault.lasting < kShortest) given->refuse("a duration above zero");
    if (!given && facts.lasting == Lasting::kNeeded) {
      at_.nearest(verb).refuse(cat("a \"for\" beside \"", verb, "\""), cat("a ", verb, " has to end"));
    }
    const auto* repeatedly = std::get_if<Repeatedly>(&fault.trigger);
    if (given && repeatedly != nullptr && *fault.lasting >= repeatedly->period) {
      given->refuse(cat("less than the period, ", to_string(repeatedly->period)));
    }
    for (const std::string_view key : {"between", "one_way"}) {
      const auto extra = at_.member(key);
      if (extra && !facts.has_links)
        extra->refuse(cat("no \"", key, "\" beside \"", verb, "\""), "it is about links");
    }
  }

  // Crash and pause happen to whoever reaches a probe, in the midst of that call.
  void check_anchor(const Fault& fault) const {
    if (!facts_of(fault.action).at_probe || std::holds_alternative<AtProbe>(fault.trigger)) return;
    const std::string verb(verb_of(fault.action));
    at_.nearest(verb).refuse(cat("a \"when\" with a \"probe\" beside \"", verb, "\""),
                             verb == "crash" ? "at another moment it is \"kill\"" : "");
  }

  const json::Cursor& at_;
  const Scenario& before_;
  const Vocabulary& vocabulary_;
};

const std::vector<FaultReader::Reading>& FaultReader::readings() {
  static const std::vector<Reading> all{
      {"kill", hitting<Kill>},
      {"leave", hitting<Leave, kMembers>},
      {"power_loss", hitting<PowerLoss>},
      {"restart", hitting<Restart, kNodesToRestart>},
      {"stall", hitting<Stall>},
      {"crash", hitting<Crash>},
      {"pause", pause},
      {"partition", partition},
      {"loss", with_share<Loss>},
      {"delay", delay},
      {"duplicate", with_share<Duplicate>},
      {"reorder", with_share<Reorder>},
      {"clock", clock_change},
      {"bridge", hitting<Bridge, kBridges>},
      {"corrupt", with_share<Corrupt>},
      {"bandwidth", bandwidth},
      {"clog", clog},
      {"swizzle", hitting<Swizzle>},
      {"reset", hitting<Reset, kProcesses>},
      {"out_of_memory", out_of_memory},
      {"disk_error", disk<DiskKind::kError>},
      {"disk_failed_sync", disk<DiskKind::kFailedSync>},
      {"disk_full", disk<DiskKind::kFull>},
      {"disk_stall", disk<DiskKind::kStall>},
      {"disk_slow", disk<DiskKind::kSlow>},
      {"disk_lie", disk<DiskKind::kLie>},
      {"disk_bad_sector", disk<DiskKind::kBadSector>},
      {"disk_misdirect", disk<DiskKind::kMisdirect>},
      {"disk_phantom", disk<DiskKind::kPhantom>},
      {"disk_rot", disk<DiskKind::kRot>},
      {"sensor_dropout", breakdown<devices::PlantFault::kSensorDropout>},
      {"sensor_stuck", breakdown<devices::PlantFault::kSensorStuck>},
      {"sensor_drift", breakdown<devices::PlantFault::kSensorDrift>},
      {"actuator_failed", breakdown<devices::PlantFault::kActuatorFailed>},
      {"actuator_stuck", breakdown<devices::PlantFault::kActuatorStuck>},
      {"actuator_lagging", breakdown<devices::PlantFault::kActuatorLagging>},
      {"actuator_weak", breakdown<devices::PlantFault::kActuatorWeak>},
  };
  return all;
}

}  // namespace

Fault read_fault(const json::Cursor& at, const Scenario& before, const Vocabulary& vocabulary) {
  return FaultReader(at, before, vocabulary).fault();
}

std::optional<Duration> first_strike(const Scenario& scenario, std::size_t fault) {
  CHECK(fault < scenario.faults.size(), "fault ", fault);
  const Trigger& trigger = scenario.faults[fault].trigger;
  if (const auto* at = std::get_if<AtTime>(&trigger)) return at->at;
  if (const auto* repeatedly = std::get_if<Repeatedly>(&trigger)) return repeatedly->from;
  const auto* after = std::get_if<AfterFault>(&trigger);
  if (after == nullptr || after->fault >= fault) return std::nullopt;
  const auto anchor = first_strike(scenario, after->fault);
  if (!anchor) return std::nullopt;
  return *anchor + after->by;
}

}  // namespace lockstep::scenarios
