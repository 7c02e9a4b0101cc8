// Disks that fail, fill up, hang, lie, and do not hold what was written.
#include <array>
#include <utility>

#include "scenarios/chaos/fault_draws.h"
#include "scenarios/chaos/fault_families.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;

constexpr std::uint64_t kShareAlone = 6;         // percent of the seeds, of a family that is alone
constexpr std::uint64_t kNeverInARun = 100'000;  // entries until a log prefix is dropped

Files draw_files(Dice& dice) { return dice.one_of({Files::kAll, Files::kKv, Files::kSql}); }

// One node at a time: a node whose disk reports a failure stops until the fault is over.
DiskFault draw_disk(Dice& dice, const Scenario& scenario, DiskKind kind) {
  DiskFault disk;
  disk.kind = kind;
  const Target named = draw_node(dice, scenario);
  disk.targets = only(dice.one_of({named, kTheLeader, kAFollower}));
  disk.files = draw_files(dice);
  return disk;
}

template <class Make>
void draw_disks(std::string_view area, std::uint64_t seed, Scenario& scenario, Make make) {
  Dice dice(seed, area);
  for (std::uint64_t left = draw_count(dice) + 1; left > 0; --left) {
    const Duration lasting = draw_duration(dice, 100, 1000, kMostHoldingBackMs);
    Trigger trigger = draw_trigger(dice, scenario, lasting);
    scenario.faults.push_back({std::move(trigger), make(dice), lasting});
  }
}

void draw_errors(std::uint64_t seed, Scenario& scenario) {
  draw_disks("chaos.disk_errors", seed, scenario, [&](Dice& dice) {
    const DiskKind kind = dice.one_of({DiskKind::kError, DiskKind::kFailedSync, DiskKind::kBadSector});
    DiskFault disk = draw_disk(dice, scenario, kind);
    if (kind == DiskKind::kBadSector) {
      disk.amount = dice.between(1, 50);
      return disk;
    }
    if (kind == DiskKind::kError)
      disk.calls = dice.one_of({Calls::kAny, Calls::kReads, Calls::kWrites, Calls::kSyncs, Calls::kNames});
    if (dice.percent(50)) disk.times = static_cast<std::uint32_t>(dice.between(1, 3));
    return disk;
  });
}

void draw_full(std::uint64_t seed, Scenario& scenario) {
  draw_disks("chaos.disk_full", seed, scenario, [&](Dice& dice) {
    DiskFault disk = draw_disk(dice, scenario, DiskKind::kFull);
    disk.amount = dice.between(0, 20) * 1000;
    return disk;
  });
}

void draw_slow(std::uint64_t seed, Scenario& scenario) {
  draw_disks("chaos.disk_slow", seed, scenario, [&](Dice& dice) {
    const bool hangs = dice.percent(50);
    DiskFault disk = draw_disk(dice, scenario, hangs ? DiskKind::kStall : DiskKind::kSlow);
    if (hangs) return disk;
    disk.calls = dice.one_of({Calls::kAny, Calls::kReads, Calls::kWrites, Calls::kSyncs});
    disk.extra.median = dice.milliseconds(1, 200);
    disk.extra.p99 = disk.extra.median * 2;
    return disk;
  });
}

// What it hits is lost for good: the budget of the scenario sees to it that it is a minority.
void draw_damage(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.disk_damage");
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    const DiskKind kind = dice.one_of({DiskKind::kRot, DiskKind::kMisdirect, DiskKind::kPhantom});
    const Duration lasting = draw_duration(dice, 100, 1500, 5000);
    Trigger trigger = AtTime{dice.milliseconds(500, 27'000)};
    if (dice.percent(50)) trigger = draw_event(dice, scenario);
    Fault fault{std::move(trigger), draw_disk(dice, scenario, kind), {}};
    auto& disk = std::get<DiskFault>(fault.action);
    if (kind == DiskKind::kRot) {
      disk.amount = dice.between(1, 100);
    } else {
      fault.lasting = lasting;
      disk.times = 1;
    }
    scenario.faults.push_back(std::move(fault));
  }
}

// One node's syncs are worth nothing, and it loses its power now and then, long enough for the others to do
// without. Only a log that is kept whole brings back what it has forgotten.
void draw_lies(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.disk_lie");
  if (dice.percent(60)) scenario.cluster.consensus.drop_prefix_entries = kNeverInARun;
  DiskFault lie;
  lie.kind = DiskKind::kLie;
  lie.targets = only(draw_node(dice, scenario));
  lie.files = dice.percent(70) ? Files::kKv : draw_files(dice);  // what else is lost hides that
  const Duration begin = dice.milliseconds(500, 3000);
  scenario.faults.push_back({AtTime{begin}, lie, dice.milliseconds(10'000, 24'000)});
  // Mostly late: a node knows what it forgot if its database has made a checkpoint since the lies began.
  const std::uint64_t count = dice.between(1, 3);
  const std::uint64_t first = count == 3 ? 0 : 1;
  for (std::uint64_t place = first; place < first + count; ++place) {
    const Duration at = std::chrono::seconds(4 + 8 * place) + dice.milliseconds(0, 3000);
    scenario.faults.push_back({AtTime{at}, PowerLoss{lie.targets}, dice.milliseconds(2000, 4000)});
  }
}

// More than a quorum can repair, and then the power goes, so that it is found out: the cluster may stop, it
// may never lie. Half a second lies between, for what was written last is all that damage may take unseen:
// nobody can tell it from what a crash takes.
void draw_beyond_repair(std::uint64_t seed, Scenario& scenario) {
  scenario.disk.budget = Budget::kUnlimited;
  Dice dice(seed, "chaos.disk_beyond_repair");
  Duration at = dice.milliseconds(4000, 8000);
  for (std::uint64_t left = dice.between(2, 5); left > 0; --left) {
    const DiskKind kind = dice.one_of({DiskKind::kRot, DiskKind::kMisdirect, DiskKind::kPhantom});
    DiskFault disk = draw_disk(dice, scenario, kind);
    if (dice.percent(40)) disk.targets = only(kEveryNode);
    Fault fault{AtTime{at}, disk, {}};
    if (kind == DiskKind::kRot) {
      std::get<DiskFault>(fault.action).amount = dice.between(1, 100);
    } else {
      fault.lasting = dice.milliseconds(100, 400);
      std::get<DiskFault>(fault.action).times = static_cast<std::uint32_t>(dice.between(1, 3));
    }
    scenario.faults.push_back(std::move(fault));
    at += dice.milliseconds(100, 1500);
  }
  at += std::chrono::milliseconds(500);
  for (std::uint64_t left = dice.between(1, 3); left > 0; --left) {
    const Targets victims = dice.percent(50) ? only(kEveryNode) : draw_victims(dice, scenario);
    scenario.faults.push_back({AtTime{at}, PowerLoss{victims}, dice.milliseconds(100, 2000)});
    at += dice.milliseconds(600, 3500);
  }
}

constexpr std::array kFamilies{
    FaultFamily{"disk errors", {"disk_error", "disk_failed_sync", "disk_bad_sector"}, draw_errors},
    FaultFamily{"full disk", {"disk_full"}, draw_full},
    FaultFamily{"slow disk", {"disk_stall", "disk_slow"}, draw_slow},
    FaultFamily{"damaged disk", {"disk_rot", "disk_misdirect", "disk_phantom"}, draw_damage},
    FaultFamily{"lying disk", {"disk_lie", "power_loss"}, draw_lies, kShareAlone, true},
    FaultFamily{"beyond repair", {"disk_rot", "disk_misdirect", "disk_phantom", "power_loss"}, draw_beyond_repair, kShareAlone, true},
};

}  // namespace

std::span<const FaultFamily> disk_families() { return kFamilies; }

}  // namespace lockstep::chaos
