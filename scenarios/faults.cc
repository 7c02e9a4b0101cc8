// The table of verbs, and faults as elements of a scenario file.
#include "scenarios/faults.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::scenarios {
namespace {

using Json = nlohmann::ordered_json;

template <class... Cases>
struct Visitor : Cases... {
  using Cases::operator()...;
};

constexpr VerbFacts of_plant(std::string_view name) {
  return {.name = name, .family = Family::kPlant, .lasting = Lasting::kOptional};
}

// In the order of Action's alternatives; the last two of these stand for as many verbs as there are kinds of
// DiskFault and of Breakdown.
constexpr std::array kVerbs{
    VerbFacts{.name = "kill", .family = Family::kProcess, .lasting = Lasting::kOptional},
    VerbFacts{.name = "leave", .family = Family::kProcess, .lasting = Lasting::kOptional},
    VerbFacts{.name = "power_loss", .family = Family::kProcess, .lasting = Lasting::kOptional},
    VerbFacts{.name = "restart", .family = Family::kProcess, .lasting = Lasting::kNever},
    VerbFacts{.name = "stall", .family = Family::kProcess, .lasting = Lasting::kNeeded},
    VerbFacts{.name = "crash", .family = Family::kProcess, .lasting = Lasting::kOptional, .at_probe = true},
    VerbFacts{.name = "pause", .family = Family::kProcess, .lasting = Lasting::kNever, .at_probe = true},
    VerbFacts{
        .name = "partition", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{.name = "loss", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{.name = "delay", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{
        .name = "duplicate", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{
        .name = "reorder", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{.name = "clock", .family = Family::kClock, .lasting = Lasting::kNever},
    VerbFacts{.name = "bridge", .family = Family::kNetwork, .lasting = Lasting::kOptional},
    VerbFacts{
        .name = "corrupt", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{
        .name = "bandwidth", .family = Family::kNetwork, .lasting = Lasting::kOptional, .has_links = true},
    VerbFacts{.name = "clog", .family = Family::kNetwork, .lasting = Lasting::kNeeded},
    VerbFacts{.name = "swizzle", .family = Family::kNetwork, .lasting = Lasting::kNeeded},
    VerbFacts{.name = "reset", .family = Family::kNetwork, .lasting = Lasting::kNever},
    VerbFacts{.name = "out_of_memory", .family = Family::kProcess, .lasting = Lasting::kOptional},
    VerbFacts{.name = "disk_error", .family = Family::kDisk, .lasting = Lasting::kOptional},
    VerbFacts{.name = "disk_failed_sync", .family = Family::kDisk, .lasting = Lasting::kOptional},
    VerbFacts{.name = "disk_full", .family = Family::kDisk, .lasting = Lasting::kOptional},
    VerbFacts{.name = "disk_stall", .family = Family::kDisk, .lasting = Lasting::kNeeded},
    VerbFacts{.name = "disk_slow", .family = Family::kDisk, .lasting = Lasting::kOptional},
    VerbFacts{
        .name = "disk_lie", .family = Family::kDisk, .lasting = Lasting::kOptional, .harm = Harm::kBetrays},
    VerbFacts{.name = "disk_bad_sector", .family = Family::kDisk, .lasting = Lasting::kOptional},
    VerbFacts{.name = "disk_misdirect",
              .family = Family::kDisk,
              .lasting = Lasting::kOptional,
              .harm = Harm::kDamages},
    VerbFacts{.name = "disk_phantom",
              .family = Family::kDisk,
              .lasting = Lasting::kOptional,
              .harm = Harm::kDamages},
    VerbFacts{
        .name = "disk_rot", .family = Family::kDisk, .lasting = Lasting::kNever, .harm = Harm::kDamages},
    of_plant("sensor_dropout"),
    of_plant("sensor_stuck"),
    of_plant("sensor_drift"),
    of_plant("actuator_failed"),
    of_plant("actuator_stuck"),
    of_plant("actuator_lagging"),
    of_plant("actuator_weak"),
};
constexpr std::size_t kFirstOfDisk = std::variant_size_v<Action> - 2;
constexpr std::size_t kFirstOfPlant = kFirstOfDisk + kDiskKinds;
static_assert(kVerbs.size() == kFirstOfPlant + devices::kPlantFaults);
static_assert(kVerbs[kFirstOfPlant + static_cast<std::size_t>(devices::PlantFault::kActuatorWeak)].name ==
              "actuator_weak");
static_assert(kVerbs[kFirstOfDisk].name == "disk_error");
static_assert(kVerbs[kFirstOfDisk + static_cast<std::size_t>(DiskKind::kRot)].name == "disk_rot");

Json json_of(const Targets& targets) {
  if (targets.size() == 1) return to_string(targets.front());
  Json out = Json::array();
  for (const Target& target : targets) out.push_back(to_string(target));
  return out;
}

Json json_of(const std::vector<Targets>& groups) {
  Json out = Json::array();
  for (const Targets& group : groups) {
    Json side = Json::array();
    for (const Target& target : group) side.push_back(to_string(target));
    out.push_back(std::move(side));
  }
  return out;
}

void put(Json& out, const Trigger& trigger) {
  std::visit(Visitor{
                 [&](const AtTime& at) { out["at"] = to_string(at.at); },
                 [&](const Repeatedly& every) {
                   Json& json =
                       out["every"] = {{"period", to_string(every.period)}, {"from", to_string(every.from)}};
                   if (every.until) json["until"] = to_string(*every.until);
                   if (every.times) json["times"] = *every.times;
                 },
                 [&](const AtProbe& when) {
                   Json& json = out["when"] = {{"probe", when.probe}, {"nth", when.nth}};
                   if (when.node) json["node"] = to_string(*when.node);
                 },
                 [&](const AtEvent& when) {
                   Json& json = out["when"] = {{"event", when.event}, {"nth", when.nth}};
                   if (when.from) json["from"] = to_string(*when.from);
                   if (when.to) json["to"] = to_string(*when.to);
                 },
                 [&](const AfterFault& after) {
                   out["after"] = {{"fault", after.fault}, {"by", to_string(after.by)}};
                 },
             },
             trigger);
}

void put(Json& out, const Links& links, std::string_view key) {
  if (!links.groups.empty()) out[std::string(key)] = json_of(links.groups);
  if (links.one_way) out["one_way"] = true;
}

Json json_of(const ClockChange& act) {
  Json out{{"target", json_of(act.targets)},
           {"jump", to_string(act.jump)},
           {"leap", to_string(act.leap)},
           {"freeze", to_string(act.freeze)}};
  if (act.drift_ppm) out["drift_ppm"] = *act.drift_ppm;
  if (act.tick) out["tick"] = to_string(*act.tick);
  return out;
}

Json json_of(const Clog& act) {
  Json out{{"target", json_of(act.targets)}, {"direction", to_string(act.direction)}};
  if (!act.with.empty()) out["with"] = json_of(act.with);
  return out;
}

// The member that carries `amount`; empty: the kind has none.
std::string_view amount_of(DiskKind kind) {
  switch (kind) {
    case DiskKind::kFull: return "free";
    case DiskKind::kBadSector: return "sectors";
    case DiskKind::kRot: return "bytes";
    default: return "";
  }
}

Json json_of(const DiskFault& act) {
  Json out{{"target", json_of(act.targets)}, {"files", to_string(act.files)}};
  if (act.kind == DiskKind::kError || act.kind == DiskKind::kSlow) out["calls"] = to_string(act.calls);
  if (act.kind == DiskKind::kSlow) out["extra"] = json_of(act.extra);
  if (const auto amount = amount_of(act.kind); !amount.empty()) out[std::string(amount)] = act.amount;
  if (act.times) out["times"] = *act.times;
  return out;
}

Json json_of(const Breakdown& act) {
  Json out{{"target", json_of(act.targets)}};
  if (!act.device.empty()) out["device"] = act.device;
  if (!act.part.empty()) out[devices::is_of_sensor(act.kind) ? "signal" : "actuator"] = act.part;
  return out;
}

void put(Json& out, const Action& action) {
  const std::string verb(verb_of(action));
  const auto hit = [&](const auto& act) { out[verb] = json_of(act.targets); };
  const auto share = [&](const auto& act) {
    out[verb] = json_of(act.share);
    put(out, act.between, "between");
  };
  std::visit(Visitor{
                 [&](const Kill& act) { hit(act); },
                 [&](const Leave& act) { hit(act); },
                 [&](const PowerLoss& act) { hit(act); },
                 [&](const Restart& act) { hit(act); },
                 [&](const Stall& act) { hit(act); },
                 [&](const Crash& act) { hit(act); },
                 [&](const Pause& act) { out[verb] = to_string(act.hold); },
                 [&](const Partition& act) { put(out, act.between, verb); },
                 [&](const Loss& act) { share(act); },
                 [&](const Delay& act) {
                   out[verb] = json_of(act.extra);
                   put(out, act.between, "between");
                 },
                 [&](const Duplicate& act) { share(act); },
                 [&](const Reorder& act) { share(act); },
                 [&](const ClockChange& act) { out[verb] = json_of(act); },
                 [&](const Bridge& act) { hit(act); },
                 [&](const Corrupt& act) { share(act); },
                 [&](const Bandwidth& act) {
                   out[verb] = {{"bytes_per_second", act.bytes_per_second}, {"queue_bytes", act.queue_bytes}};
                   put(out, act.between, "between");
                 },
                 [&](const Clog& act) { out[verb] = json_of(act); },
                 [&](const Swizzle& act) { hit(act); },
                 [&](const Reset& act) { hit(act); },
                 [&](const OutOfMemory& act) {
                   out[verb] = {{"target", json_of(act.targets)}, {"nth", act.nth}, {"times", act.times}};
                 },
                 [&](const DiskFault& act) { out[verb] = json_of(act); },
                 [&](const Breakdown& act) { out[verb] = json_of(act); },
             },
             action);
}

}  // namespace

std::span<const VerbFacts> all_verbs() { return kVerbs; }

const VerbFacts& facts_of(const Action& action) {
  if (const auto* disk = std::get_if<DiskFault>(&action))
    return kVerbs[kFirstOfDisk + static_cast<std::size_t>(disk->kind)];
  if (const auto* breakdown = std::get_if<Breakdown>(&action))
    return kVerbs[kFirstOfPlant + static_cast<std::size_t>(breakdown->kind)];
  return kVerbs[action.index()];
}

std::string to_string(const Target& target) {
  switch (target.kind) {
    case TargetKind::kNode: return cat("n", target.number);
    case TargetKind::kClient: return cat("c", target.number);
    case TargetKind::kLeader: return "leader";
    case TargetKind::kFollower: return "follower";
    case TargetKind::kOthers: return "others";
    case TargetKind::kCrashed: return "crashed";
    case TargetKind::kAll: return "all";
    case TargetKind::kEdge: return cat("e", target.number);
    case TargetKind::kCloud: return "cloud";
  }
  return "";
}

std::string_view to_string(Direction direction) {
  switch (direction) {
    case Direction::kBoth: return "both";
    case Direction::kSend: return "send";
    case Direction::kReceive: return "receive";
  }
  return "";
}

std::string_view to_string(Files files) {
  switch (files) {
    case Files::kAll: return "all";
    case Files::kKv: return "kv";
    case Files::kSql: return "sql";
    case Files::kMain: return "main";
    case Files::kWal: return "wal";
  }
  return "";
}

std::string_view to_string(Calls calls) {
  switch (calls) {
    case Calls::kAny: return "any";
    case Calls::kReads: return "reads";
    case Calls::kWrites: return "writes";
    case Calls::kSyncs: return "syncs";
    case Calls::kNames: return "names";
  }
  return "";
}

// Division by a million is correctly rounded, so the shortest text that reads back as the same double has the
// six decimals that were meant.
nlohmann::ordered_json json_of(Probability probability) {
  if (probability.parts_per_million % 1'000'000 == 0) return probability.parts_per_million / 1'000'000;
  return static_cast<double>(probability.parts_per_million) / 1e6;
}

nlohmann::ordered_json json_of(const Spread& spread) {
  return {{"median", to_string(spread.median)}, {"p99", to_string(spread.p99)}};
}

nlohmann::ordered_json json_of(const Fault& fault) {
  Json out = Json::object();
  put(out, fault.trigger);
  put(out, fault.action);
  if (fault.lasting) out["for"] = to_string(*fault.lasting);
  return out;
}

}  // namespace lockstep::scenarios
