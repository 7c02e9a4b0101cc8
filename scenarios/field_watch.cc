// Streams by edge, instructions by number, plants by place.
#include "scenarios/field_watch.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/text.h"
#include "core/proto/control.pb.h"
#include "core/proto/dispatch.pb.h"
#include "edge/events.h"
#include "hub/events.h"
#include "reports/render.h"
#include "scenarios/plant_parts.h"
#include "scenarios/roster.h"

namespace lockstep::scenarios {

using reports::Outcome;
using reports::Verdict;

FieldWatch::FieldWatch(const Field* field, const Damage& damage) : damage_(damage) {
  if (field == nullptr) return;
  for (std::size_t place = 0; place < field->devices.size(); ++place)
    devices_.push_back({.name = device_name(*field, place),
                        .signals = part_names(field->devices[place], devices::PlantFault::kSensorStuck)});
  for (const Dispatch& sent : field->dispatch) {
    if (sent.rollback) continue;
    // What settings say is verified by each edge; the hub only sees to it that they came as they were sent.
    const bool is_carried = sent.kind == PackageKind::kSettings && sent.content != Content::kWrongHash;
    const bool is_good = sent.content == Content::kGood || is_carried;
    packages_[name_of(*field, sent)] = {.is_good = is_good, .is_activated = sent.activate};
  }
}

bool FieldWatch::Sent::is_answered() const {
  if (!is_good) return state == wire::REFUSED;
  if (!is_activated) return state == wire::STAGED;
  return state == wire::ACTIVE || state == wire::KEPT;
}

std::span<const env::EventType* const> FieldWatch::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &edge::kBuffered,          &edge::kBatchSettled,  &edge::kStreamRestored, &edge::kReadingsDropped,
      &edge::kPlantState,        &edge::kPlantFault,    &hub::kBatchApplied,    &hub::kInstructionLogged,
      &hub::kInstructionSettled, &hub::kPackageAnswered};
  return kListened;
}

void FieldWatch::on_event(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const std::uint16_t number = seen.event.type->number;
  if (number == edge::kPlantState.number) return plant_state(seen);
  if (number == edge::kPlantFault.number) return plant_fault(seen);
  if (number == hub::kPackageAnswered.number) {
    const auto package = packages_.find({fields[0], fields[1]});
    // An old version is thrown away at last: what counts is what became of it first.
    if (package != packages_.end() && !package->second.is_answered()) package->second.state = fields[2];
    return;
  }
  if (number == edge::kBuffered.number) {
    Stream& stream = streams_[{seen.node, fields[0], fields[1]}];
    if (fields[2] > stream.settled) stream.waiting.insert(fields[2]);
  } else if (number == edge::kBatchSettled.number) {
    settle({seen.node, fields[0], fields[1]}, fields[2]);
  } else if (number == edge::kStreamRestored.number) {
    restored(seen);
  } else if (number == edge::kReadingsDropped.number) {
    dropped_ += fields[3];
    if (fields[4] == 0) streams_[{seen.node, fields[0], fields[1]}].waiting.erase(fields[2]);
  } else if (number == hub::kBatchApplied.number) {
    // Each node tells of each of them.
    const StreamKey stream{NodeId(fields[1]), fields[2], fields[3]};
    if (committed_.emplace(stream, fields[4]).second) readings_ += fields[5];
  } else if (number == hub::kInstructionLogged.number) {
    if (!outcomes_.contains(fields[1])) open_.insert(fields[1]);
  } else {
    open_.erase(fields[1]);
    // 0: nobody knows; a result may come later.
    std::uint64_t& outcome = outcomes_[fields[1]];
    if (fields[2] != 0) outcome = fields[2];
  }
}

// What the store has says more than what was told: a crash eats the word of what was durable, and a disk that lied
// what had been called so.
void FieldWatch::restored(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const StreamKey key{seen.node, fields[0], fields[1]};
  // Under another id: what the store has kept goes on under this one, and the rest is at the hub or lost.
  std::set<std::uint64_t> kept;
  std::erase_if(streams_, [&](const auto& at) {
    const bool is_former = at.first.edge == key.edge && at.first.stream == key.stream && at.first.buffer != key.buffer;
    if (is_former) kept.insert(at.second.waiting.begin(), at.second.waiting.end());
    return is_former;
  });
  Stream& stream = streams_[key];
  stream.waiting.merge(kept);
  stream.waiting.erase(stream.waiting.lower_bound(fields[2]), stream.waiting.end());
  if (fields[5] == 0) stream.waiting.clear();
  if (damage_.is_damaged(seen.node)) stream.settled = 0;  // of a life that the store has forgotten, perhaps
  // It may have died when it had written down what the hub has, and had not told it.
  settle(key, fields[3]);
}

void FieldWatch::settle(const StreamKey& key, std::uint64_t received) {
  Stream& stream = streams_[key];
  stream.settled = std::max(stream.settled, received);
  stream.waiting.erase(stream.waiting.begin(), stream.waiting.upper_bound(stream.settled));
}

void FieldWatch::plant_state(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const PlantKey plant{seen.node, fields[0], fields[1]};
  const double value = std::bit_cast<double>(fields[2]);
  const double low = std::bit_cast<double>(fields[3]);
  const double high = std::bit_cast<double>(fields[4]);
  ++plant_states_;
  last_state_ = seen.at;
  const auto known = outside_.find(plant);
  const bool inside = value >= low && value <= high;
  if (inside) {
    if (known == outside_.end()) return;
    excursions_[known->second].until = seen.at;
    outside_.erase(known);
    return;
  }
  if (known == outside_.end()) {
    outside_[plant] = excursions_.size();
    excursions_.push_back({.plant = plant,
                           .from = seen.at,
                           .until = {},
                           .is_below = value < low,
                           .bound = value < low ? low : high,
                           .worst = value});
    return;
  }
  double& worst = excursions_[known->second].worst;
  worst = value < low ? std::min(worst, value) : std::max(worst, value);
}

namespace {

// `what`: the device and the part of it, as the event has them.
std::string cause_of(devices::PlantFault fault, NodeId edge, std::string_view what) {
  static constexpr std::string_view kDid[devices::kPlantFaults] = {
      "showed nothing", "was stuck", "drifted", "had failed", "was stuck", "lagged", "was weak"};
  const std::size_t space = what.find(' ');
  const std::string_view device = what.substr(0, space);
  const std::string_view part = space == std::string_view::npos ? "" : what.substr(space + 1);
  return cat(devices::is_of_sensor(fault) ? "sensor " : "actuator ", part, " of ", Roster::name(edge), "/",
             device, " ", kDid[static_cast<std::size_t>(fault)]);
}

}  // namespace

void FieldWatch::plant_fault(const Observation& seen) {
  const auto& fields = seen.event.fields;
  const auto fault = static_cast<devices::PlantFault>(fields[2] - 1);
  if (fault == devices::PlantFault::kActuatorWeak)
    return;  // what it does not do can be asked of it once more
  if (fields[3] != 0) {
    broken_.push_back({.cause = cause_of(fault, seen.node, seen.event.text),
                       .edge = seen.node,
                       .device = fields[0],
                       .part = fields[1],
                       .fault = fields[2],
                       .from = seen.at,
                       .until = {}});
    return;
  }
  for (Broken& broken : broken_)
    if (!broken.until && broken.edge == seen.node && broken.device == fields[0] && broken.part == fields[1] &&
        broken.fault == fields[2])
      broken.until = seen.at;
}

// The highest batches may have been dropped whole: no hub will ever answer for them.
bool FieldWatch::is_owed(const StreamKey& key, const Stream& stream) const {
  return !stream.waiting.empty() && !damage_.is_lost(key.edge);
}

bool FieldWatch::is_at_rest() const {
  return open_.empty() &&
         std::ranges::all_of(packages_, [](const auto& at) { return at.second.is_answered(); }) &&
         std::ranges::none_of(streams_, [this](const auto& at) { return is_owed(at.first, at.second); });
}

std::vector<std::string> FieldWatch::unfinished() const {
  std::vector<std::string> sentences;
  for (const auto& [key, stream] : streams_)
    if (is_owed(key, stream))
      sentences.push_back(cat("stream ", key.stream, " of ", Roster::name(key.edge), ": ",
                              reports::counted(stream.waiting.size(), "batches"), " in its buffer, the last of number ",
                              *stream.waiting.rbegin(), ", that the hub has not taken"));
  if (!open_.empty())
    sentences.push_back(cat("instruction ", *open_.begin(),
                            open_.size() == 1 ? " has" : cat(" and ", open_.size() - 1, " more have"),
                            " no outcome"));
  for (const auto& [name, package] : packages_)
    if (!package.is_answered())
      sentences.push_back(cat("the cloud expects version ", name.version, " of kind ", name.kind, " to be ",
                              !package.is_good       ? "refused"
                              : package.is_activated ? "made active"
                                                     : "kept ready",
                              "; it was told ",
                              wire::PackageState_Name(static_cast<wire::PackageState>(package.state))));
  return sentences;
}

namespace {

// Of an instruction that was not done.
std::string_view name_of_outcome(std::uint64_t outcome) {
  switch (outcome) {
    case wire::InstructionResult::NONE: return "missed";
    case wire::InstructionResult::FAILED: return "failed";
    case wire::InstructionResult::EXPIRED: return "expired";
    case wire::InstructionResult::CANCELLED: return "cancelled";
    case wire::InstructionResult::REFUSED: return "refused";
    case wire::InstructionResult::INTERRUPTED: return "interrupted";
    default: return "of an unknown outcome";
  }
}

}  // namespace

Verdict FieldWatch::field_rests(const Field& field, bool rested, Duration within) const {
  std::map<std::uint64_t, std::uint64_t> by_outcome;
  for (const auto& [id, outcome] : outcomes_) ++by_outcome[outcome];
  const std::uint64_t done = by_outcome[wire::InstructionResult::DONE];
  by_outcome.erase(wire::InstructionResult::DONE);
  Verdict verdict{.name = "field-rests",
                  .promise =
                      "once all is healed, every reading reaches the hub, every instruction has an outcome, "
                      "and the cloud its answer about every package",
                  .outcome = rested ? Outcome::kHolds : Outcome::kViolated,
                  .checked = {{"readings", readings_},
                              {"dropped", dropped_},
                              {"instructions", outcomes_.size() + open_.size()},
                              {"done", done}},
                  .evidence = {}};
  // What became of the others, as far as there are any: all of these together are the instructions.
  for (const auto& [outcome, count] : by_outcome)
    verdict.checked.push_back({std::string(name_of_outcome(outcome)), count});
  if (!open_.empty()) verdict.checked.push_back({"open", open_.size()});
  if (!rested) {
    verdict.evidence = unfinished();
    verdict.evidence.insert(verdict.evidence.begin(), cat("not at rest within ", to_string(within)));
  } else if (readings_ < field.min_readings || done < field.min_instructions) {
    verdict.outcome = Outcome::kVacuous;
    verdict.evidence.push_back(cat("expected at least ", field.min_readings, " readings and ",
                                   field.min_instructions, " instructions done"));
  }
  std::set<NodeId> gone;
  for (const auto& [key, stream] : streams_)
    if (damage_.is_lost(key.edge)) gone.insert(key.edge);
  for (const NodeId edge : gone)
    verdict.excused.push_back(cat(Roster::name(edge), damage_.has_stopped(edge) ? " has stopped itself" : " is refused by the hub",
                                  ", its disk was harmed: nobody waits for it"));
  return verdict;
}

namespace {

// Whether this kept the edge from being controlled: nothing is decided either while the hubs cannot agree.
bool concerns(const Outage& outage, NodeId edge, const std::vector<NodeId>& nodes) {
  return std::ranges::any_of(nodes, [&](NodeId node) {
    return outage.cuts(edge, node) ||
           std::ranges::any_of(nodes, [&](NodeId other) { return other < node && outage.cuts(other, node); });
  });
}

std::string when(Duration from, Duration until) {
  if (until == Outage::kForever) return cat(" from ", reports::readable(from), " on");
  if (until == from) return cat(" at ", reports::readable(from));
  return cat(" from ", reports::readable(from), " to ", reports::readable(until));
}

constexpr std::size_t kMostExcused = 3;  // that a verdict tells of

// With three decimals: more than a person compares.
std::string to_thousandths(double value) {
  char digits[400];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3).ptr;
  return std::string(digits, end);
}

}  // namespace

// "temperature of e1/tank1", as readings and faults name it.
std::string FieldWatch::name_of_signal(const PlantKey& plant) const {
  const std::string edge = Roster::name(plant.edge);
  if (plant.device >= devices_.size() || plant.signal >= devices_[plant.device].signals.size())
    return cat("signal ", plant.signal, " of device ", plant.device, " of ", edge);
  const Device& device = devices_[plant.device];
  return cat(device.signals[plant.signal], " of ", edge, "/", device.name);
}

std::optional<FieldWatch::Excuse> FieldWatch::excuse(const PlantKey& plant, Duration at, const Quorums& quorums,
                                                     Duration recovery) const {
  const auto end_of = [&](Duration until) { return until == Outage::kForever ? until : until + recovery; };
  for (const Broken& broken : broken_) {
    const Duration until = broken.until.value_or(Outage::kForever);
    if (broken.edge == plant.edge && broken.device == plant.device && broken.from <= at && at <= end_of(until))
      return Excuse{cat(broken.cause, when(broken.from, until)), end_of(until)};
  }
  const bool is_served = quorums.serve(at, plant.edge);
  for (const Outage& outage : quorums.outages()) {
    const bool covers = outage.from <= at && at <= end_of(outage.until);
    if (!outage.took_effect || !covers || !concerns(outage, plant.edge, quorums.nodes())) continue;
    const Duration is_new_until = outage.from + recovery;
    const bool others_go_on = is_served && outage.is_at(at);
    if (others_go_on && at > is_new_until) continue;
    return Excuse{cat(outage.cause, when(outage.from, outage.until)),
                  others_go_on ? is_new_until : end_of(outage.until)};
  }
  return std::nullopt;
}

// From when on nothing excuses that it is still outside; none: something does all the time.
std::optional<Duration> FieldWatch::unexcused(const Excursion& excursion, const Quorums& quorums,
                                              Duration recovery) const {
  const Duration until = excursion.until.value_or(last_state_);
  for (Duration at = excursion.from;;) {
    const auto covering = excuse(excursion.plant, at, quorums, recovery);
    if (!covering) return at;
    // As long again to come back.
    if (covering->end == Outage::kForever || covering->end + recovery >= until) return std::nullopt;
    at = covering->end + recovery;
  }
}

Verdict FieldWatch::envelope(const Quorums& quorums, Duration recovery) const {
  Verdict verdict{
      .name = "plant-envelope",
      .promise = "each plant stays in its safe envelope, unless a fault keeps it from being controlled",
      .outcome = Outcome::kHolds,
      .checked = {{"states", plant_states_}, {"excursions", excursions_.size()}},
      .evidence = {}};
  for (const Excursion& excursion : excursions_) {
    const auto reason = excuse(excursion.plant, excursion.from, quorums, recovery);
    const auto since = unexcused(excursion, quorums, recovery);
    const std::string what =
        cat(name_of_signal(excursion.plant), excursion.is_below ? " fell below " : " rose above ",
            to_thousandths(excursion.bound), " at ", reports::readable(excursion.from), " (worst value ",
            to_thousandths(excursion.worst), ")");
    if (since) {
      verdict.outcome = Outcome::kViolated;
      verdict.evidence.push_back(
          reason ? cat(what, " because ", reason->cause, ", and was still outside at ", reports::readable(*since)) : what);
    } else if (verdict.excused.size() < kMostExcused) {
      verdict.excused.push_back(cat(what, " because ", reason->cause));
    }
  }
  return verdict;
}

}  // namespace lockstep::scenarios
