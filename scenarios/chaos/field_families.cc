// What goes wrong around a hub: edges that die, stand still or are cut off, their disks, clocks and plants,
// and hubs that die between two steps of a decision.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "scenarios/chaos/fault_draws.h"
#include "scenarios/chaos/fault_families.h"
#include "scenarios/plant_parts.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;
using std::chrono::milliseconds;

constexpr Target kTheCloud{TargetKind::kCloud, 0};
// As edge/slot_keeper.h has them, which is out of sight here; tests/chaos/draw_test.cc compares.
constexpr Duration kProbation = std::chrono::seconds(10);
constexpr std::uint32_t kMostStarts = 3;
constexpr std::uint64_t kShareOfDamage = 20;  // percent: an edge that has stopped shows nothing more
constexpr std::uint64_t kShareOfTrials = 60;  // percent: few fields have settings to try, and few trials fail

Target draw_edge(Dice& dice, const Scenario& scenario) {
  return {TargetKind::kEdge, static_cast<std::uint32_t>(dice.between(1, scenario.field->edges))};
}

// Mostly edges.
Targets draw_outposts(Dice& dice, const Scenario& scenario) {
  if (dice.percent(15)) return only(kTheCloud);
  Targets out = only(draw_edge(dice, scenario));
  const Target another = draw_edge(dice, scenario);
  if (dice.percent(25) && another != out.front()) out.push_back(another);
  return out;
}

bool has_good_settings(const Scenario& scenario) {
  return std::ranges::any_of(scenario.field->dispatch, [](const Dispatch& sent) {
    return sent.kind == PackageKind::kSettings && sent.content == Content::kGood;
  });
}

// Steps of a switch of settings.
const char* draw_slot_event(Dice& dice) { return dice.one_of<const char*>({"slot_staged", "slot_switched"}); }

AtEvent draw_edge_event(Dice& dice, const Scenario& scenario) {
  AtEvent at;
  at.from = draw_edge(dice, scenario);
  const bool is_of_readings = dice.percent(50);
  at.event = is_of_readings
                 ? dice.one_of<const char*>({"buffered", "batch_sent", "batch_settled"})
                 : dice.one_of<const char*>({"instruction_taken", "executed", "instruction_ended"});
  at.nth = static_cast<std::uint32_t>(dice.between(1, is_of_readings ? 100 : 12));
  if (has_good_settings(scenario) && dice.percent(40)) {
    at.event = draw_slot_event(dice);
    at.nth = 1;
  }
  return at;
}

Trigger draw_outpost_trigger(Dice& dice, const Scenario& scenario, Duration lasting) {
  const std::uint64_t kind = dice.below(10);
  if (kind < 4) return AtTime{dice.milliseconds(500, 27'000)};
  if (kind < 7) return draw_edge_event(dice, scenario);
  Repeatedly every;
  every.period = lasting + dice.milliseconds(200, 6000);
  every.from = dice.milliseconds(500, 8000);
  every.times = static_cast<std::uint32_t>(dice.between(2, 6));
  return every;
}

template <class Make>
void draw_outpost_faults(std::string_view area, std::uint64_t seed, Scenario& scenario,
                         std::uint64_t usual_ms, std::uint64_t most_ms, Make make) {
  Dice dice(seed, area);
  for (std::uint64_t left = dice.between(1, 3); left > 0; --left) {
    const Duration lasting = draw_duration(dice, 50, usual_ms, most_ms);
    Trigger trigger = draw_outpost_trigger(dice, scenario, lasting);
    scenario.faults.push_back({std::move(trigger), make(dice), lasting});
  }
}

void draw_outpost_deaths(std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults("chaos.field.deaths", seed, scenario, 1500, 6000, [&](Dice& dice) -> Action {
    Targets victims = draw_outposts(dice, scenario);
    if (dice.percent(50)) return Kill{std::move(victims)};
    return PowerLoss{std::move(victims)};
  });
}

void draw_outpost_stalls(std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults("chaos.field.stalls", seed, scenario, 1000, 5000,
                      [&](Dice& dice) { return Stall{draw_outposts(dice, scenario)}; });
}

// Cut off from all, from the nodes, or from one of them.
Links draw_outpost_links(Dice& dice, const Scenario& scenario) {
  const Target node = draw_node(dice, scenario);
  Links links;
  links.groups = {draw_outposts(dice, scenario),
                  only(dice.one_of({kTheOthers, kEveryNode, kTheLeader, node}))};
  links.one_way = dice.percent(25);
  if (links.one_way && dice.percent(50)) std::swap(links.groups[0], links.groups[1]);
  return links;
}

void draw_outpost_partitions(std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults("chaos.field.partitions", seed, scenario, 3000, 12'000,
                      [&](Dice& dice) { return Partition{draw_outpost_links(dice, scenario)}; });
}

void draw_outpost_frames(std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults("chaos.field.frames", seed, scenario, 4000, 10'000, [&](Dice& dice) -> Action {
    const Links links{.groups = {draw_outposts(dice, scenario), only(kEveryNode)}};
    const Probability share = dice.percents(5, 60);
    const Duration median = draw_duration(dice, 5, 100, 800);
    switch (dice.below(4)) {
      case 0: return Loss{share, links};
      case 1: return Duplicate{share, links};
      case 2: return Reorder{share, links};
      default: return Delay{{median, median * dice.one_of({2, 5})}, links};
    }
  });
}

void draw_outpost_narrows(std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults(
      "chaos.field.narrows", seed, scenario, 2000, kMostHoldingBackMs, [&](Dice& dice) -> Action {
        const Targets victims = draw_outposts(dice, scenario);
        if (dice.percent(50))
          return Clog{.targets = victims,
                      .with = {},
                      .direction = dice.one_of({Direction::kBoth, Direction::kSend, Direction::kReceive})};
        Bandwidth bandwidth;
        bandwidth.bytes_per_second = dice.between(1, 20) * 1000;
        bandwidth.queue_bytes = bandwidth.bytes_per_second * dice.between(1, 8) / 4;
        bandwidth.between = Links{.groups = {victims, only(kEveryNode)}};
        return bandwidth;
      });
}

void draw_outpost_clocks(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.field.clocks");
  for (std::uint64_t left = dice.between(1, 3); left > 0; --left) {
    Trigger trigger = draw_outpost_trigger(dice, scenario, milliseconds(500));
    ClockChange change;
    change.targets = draw_outposts(dice, scenario);
    change.jump = milliseconds(dice.one_of({-3'600'000, -60'000, -1000, 1000, 60'000, 3'600'000}));
    if (dice.percent(30)) change.drift_ppm = dice.one_of({-50'000, -500, 500, 50'000});
    if (dice.percent(20)) change.leap = dice.milliseconds(1, 5000);
    if (dice.percent(20)) change.freeze = dice.milliseconds(10, 2000);
    scenario.faults.push_back({std::move(trigger), std::move(change), {}});
  }
}

// What passes: an edge has no others that could repair it.
void draw_outpost_disks(std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults("chaos.field.disks", seed, scenario, 1000, kMostHoldingBackMs, [&](Dice& dice) {
    DiskFault disk;
    disk.kind = dice.one_of({DiskKind::kError, DiskKind::kFailedSync, DiskKind::kBadSector, DiskKind::kFull,
                             DiskKind::kFull, DiskKind::kStall, DiskKind::kSlow});
    disk.targets = only(draw_edge(dice, scenario));
    switch (disk.kind) {
      case DiskKind::kError:
        disk.calls = dice.one_of({Calls::kAny, Calls::kReads, Calls::kWrites, Calls::kSyncs, Calls::kNames});
        break;
      case DiskKind::kBadSector: disk.amount = dice.between(1, 50); break;
      case DiskKind::kFull: disk.amount = dice.between(0, 20) * 1000; break;
      case DiskKind::kSlow: {
        const Duration median = dice.milliseconds(1, 200);
        disk.calls = dice.one_of({Calls::kAny, Calls::kReads, Calls::kWrites, Calls::kSyncs});
        disk.extra = {median, median * 2};
        break;
      }
      default: break;
    }
    return disk;
  });
}

// What does not pass: an edge that finds out stops for good, and one that cannot goes on with what is left.
void draw_outpost_damage(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.field.damage");
  const Targets victim = only(draw_edge(dice, scenario));
  const Duration begin = dice.milliseconds(1000, 15'000);
  const Duration lasting = dice.milliseconds(500, 6000);
  DiskFault disk;
  disk.targets = victim;
  disk.kind = dice.one_of({DiskKind::kLie, DiskKind::kLie, DiskKind::kRot, DiskKind::kMisdirect, DiskKind::kPhantom});
  std::optional<Duration> until = lasting;
  if (disk.kind == DiskKind::kRot) {
    disk.amount = dice.between(1, 20);
    until.reset();  // it happens at once
  }
  if (disk.kind == DiskKind::kMisdirect || disk.kind == DiskKind::kPhantom)
    disk.times = static_cast<std::uint32_t>(dice.between(1, 3));
  scenario.faults.push_back({AtTime{begin}, disk, until});
  for (std::uint64_t left = dice.between(1, 3), place = 0; place < left; ++place) {
    const Duration at = begin + lasting / 2 + std::chrono::seconds(5 * place) + dice.milliseconds(0, 3000);
    scenario.faults.push_back({AtTime{at}, PowerLoss{victim}, dice.milliseconds(100, 4000)});
  }
}

// Of one part mostly, or of all that the edge has.
void draw_breakdowns(std::string_view area, std::initializer_list<devices::PlantFault> kinds,
                     std::uint64_t seed, Scenario& scenario) {
  draw_outpost_faults(area, seed, scenario, 4000, 15'000, [&](Dice& dice) {
    Breakdown breakdown;
    breakdown.kind = dice.one_of(kinds);
    breakdown.targets = only(draw_edge(dice, scenario));
    if (dice.percent(20)) return breakdown;
    const std::size_t place = dice.below(scenario.field->devices.size());
    breakdown.device = device_name(*scenario.field, place);
    const auto parts = part_names(scenario.field->devices[place], breakdown.kind);
    const std::size_t part = dice.below(parts.size());
    if (dice.percent(80)) breakdown.part = parts[part];
    return breakdown;
  });
}

void draw_sensors(std::uint64_t seed, Scenario& scenario) {
  using enum devices::PlantFault;
  draw_breakdowns("chaos.field.sensors", {kSensorDropout, kSensorStuck, kSensorDrift}, seed, scenario);
}

void draw_actuators(std::uint64_t seed, Scenario& scenario) {
  using enum devices::PlantFault;
  draw_breakdowns("chaos.field.actuators", {kActuatorFailed, kActuatorStuck, kActuatorLagging, kActuatorWeak},
                  seed, scenario);
}

// Settings that an edge does not survive, as it looks to it: it dies whenever it has read them, or hears nothing of
// its devices while they are on trial. Otherwise nearly every trial would succeed.
void draw_trials(std::uint64_t seed, Scenario& scenario) {
  if (!has_good_settings(scenario)) return;
  Dice dice(seed, "chaos.field.trials");
  AtEvent at;
  at.from = draw_edge(dice, scenario);
  if (dice.percent(50)) {
    at.event = "slot_switched";
    Breakdown silence;
    silence.kind = devices::PlantFault::kSensorDropout;
    silence.targets = only(*at.from);
    const Duration lasting = kProbation + dice.milliseconds(500, 5000);
    scenario.faults.push_back({std::move(at), silence, lasting});
    return;
  }
  at.event = "slot_read";
  for (at.nth = 1; at.nth <= kMostStarts + 1; ++at.nth)
    scenario.faults.push_back({at, Kill{only(*at.from)}, draw_duration(dice, 50, 500, 2000)});
}

// The power goes between the steps of a switch of settings: nobody may ever read half of a version.
void draw_switches(std::uint64_t seed, Scenario& scenario) {
  if (!has_good_settings(scenario)) return;
  Dice dice(seed, "chaos.field.switches");
  for (std::uint64_t left = dice.between(1, 3); left > 0; --left) {
    AtEvent at;
    at.from = draw_edge(dice, scenario);
    at.event = draw_slot_event(dice);
    at.nth = dice.one_of({1u, 1u, 2u});
    const Duration down = draw_duration(dice, 50, 1000, 4000);
    scenario.faults.push_back({at, PowerLoss{only(*at.from)}, down});
  }
}

// Between a decision and what follows from it.
void draw_hub_deaths(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.field.hub_deaths");
  for (std::uint64_t left = dice.between(1, 3); left > 0; --left) {
    AtEvent at;
    at.event = dice.one_of<const char*>({"decided", "instruction_logged", "instruction_sent", "batch_applied",
                                         "batch_acknowledged", "instruction_settled"});
    at.from = kTheLeader;
    at.nth = static_cast<std::uint32_t>(dice.between(1, 40));
    if (!scenario.field->dispatch.empty() && dice.percent(30)) {
      at.event = dice.one_of<const char*>({"package_staged", "package_active"});
      at.nth = static_cast<std::uint32_t>(dice.between(1, 2));
    }
    const Duration down = draw_duration(dice, 50, 1500, 6000);
    Targets victims = only(dice.one_of({kTheLeader, kTheLeader, kAFollower}));
    if (dice.percent(50)) {
      scenario.faults.push_back({std::move(at), Kill{std::move(victims)}, down});
    } else {
      scenario.faults.push_back({std::move(at), PowerLoss{std::move(victims)}, down});
    }
  }
}

constexpr std::array kFamilies{
    FaultFamily{"hub deaths", {"kill", "power_loss"}, draw_hub_deaths},
    FaultFamily{"edge deaths", {"kill", "power_loss"}, draw_outpost_deaths},
    FaultFamily{"edge stalls", {"stall"}, draw_outpost_stalls},
    FaultFamily{"edge partitions", {"partition"}, draw_outpost_partitions},
    FaultFamily{"edge frames", {"loss", "duplicate", "reorder", "delay"}, draw_outpost_frames},
    FaultFamily{"edge narrows", {"clog", "bandwidth"}, draw_outpost_narrows},
    FaultFamily{"edge clocks", {"clock"}, draw_outpost_clocks},
    FaultFamily{"edge disks",
                {"disk_error", "disk_failed_sync", "disk_bad_sector", "disk_full", "disk_stall", "disk_slow"},
                draw_outpost_disks},
    FaultFamily{"edge damage",
                {"disk_lie", "disk_rot", "disk_misdirect", "disk_phantom", "power_loss"},
                draw_outpost_damage,
                kShareOfDamage},
    FaultFamily{"sensors", {"sensor_dropout", "sensor_stuck", "sensor_drift"}, draw_sensors},
    FaultFamily{"actuators",
                {"actuator_failed", "actuator_stuck", "actuator_lagging", "actuator_weak"},
                draw_actuators},
    FaultFamily{"edge trials", {"kill", "sensor_dropout"}, draw_trials, kShareOfTrials},
    FaultFamily{"edge switches", {"power_loss"}, draw_switches},
};

}  // namespace

std::span<const FaultFamily> field_families() { return kFamilies; }

}  // namespace lockstep::chaos
