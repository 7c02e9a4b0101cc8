// Cluster, profiles and workloads; the field and faults are drawn elsewhere (field_draw.h, fault_families.h).
#include "scenarios/chaos/draw.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/join.h"
#include "base/text.h"
#include "scenarios/chaos/dice.h"
#include "scenarios/chaos/fault_families.h"
#include "scenarios/chaos/field_draw.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kOtherWorkloads = 40;  // percent of the seeds
constexpr std::uint64_t kReaders = 50;         // percent of the seeds with registers

Spread draw_spread(Dice& dice, std::initializer_list<int> medians_us) {
  const Duration median = microseconds(dice.one_of(medians_us));
  return {median, median * dice.one_of({2, 4, 10})};
}

Cluster draw_cluster(std::uint64_t seed) {
  Dice dice(seed, "chaos.cluster");
  Cluster cluster;
  cluster.nodes = dice.one_of({3u, 3u, 3u, 4u, 5u});
  Consensus& consensus = cluster.consensus;
  consensus.election_timeout = milliseconds(dice.between(15, 50) * 10);
  consensus.heartbeat_interval = consensus.election_timeout / 6;
  if (dice.percent(40)) consensus.pause_before_commit = dice.milliseconds(1, 60);
  if (dice.percent(20)) consensus.write_mode = WriteMode::kStrong;
  if (dice.percent(30)) consensus.prepare_timeout = dice.milliseconds(100, 2000);
  if (dice.percent(50)) {
    consensus.batch.max_entries = dice.one_of({1u, 2u, 8u, 64u});
    consensus.batch.max_delay = dice.milliseconds(0, 10);
  }
  consensus.drop_prefix_entries = dice.one_of({16u, 128u, 128u, 2048u});
  return cluster;
}

void draw_profiles(std::uint64_t seed, Scenario& scenario) {
  Dice network(seed, "chaos.network");
  scenario.network.latency = draw_spread(network, {200, 500, 1000, 1000, 2000, 5000});
  if (network.percent(20)) scenario.network.loss = network.percents(1, 10);
  if (network.percent(20)) scenario.network.duplicate = network.percents(1, 20);
  if (network.percent(20)) scenario.network.reorder = network.percents(1, 20);
  Dice disk(seed, "chaos.disk");
  scenario.disk.sync = draw_spread(disk, {100, 500, 1000, 2000, 5000});
  Dice clocks(seed, "chaos.clocks");
  if (clocks.percent(30)) {
    scenario.clocks.max_offset = clocks.milliseconds(0, 60'000);
    scenario.clocks.max_drift_ppm = clocks.one_of({0u, 200u, 2'000u, 50'000u});
  }
}

// A rate: clients make up for turns that they missed, so that each run has its number of operations.
Load draw_load(Dice& dice, std::uint32_t least_rate, std::uint32_t most_rate) {
  Load load;
  load.clients = static_cast<std::uint32_t>(dice.between(2, 6));
  load.pacing =
      Rate{static_cast<std::uint32_t>(dice.between(least_rate, most_rate)), std::chrono::seconds(1)};
  load.lasting = kWorkTime;
  load.timeout = dice.milliseconds(300, 2000);
  return load;
}

VersionedWrites draw_versioned_writes(std::uint64_t seed, std::uint32_t least_rate, std::uint32_t most_rate) {
  Dice dice(seed, "chaos.versioned_writes");
  VersionedWrites writes;
  writes.load = draw_load(dice, least_rate, most_rate);
  writes.load.pipeline = dice.one_of({1u, 2u, 4u, 8u});
  writes.tables = dice.one_of({1u, 1u, 2u, 4u});
  writes.statements = dice.one_of({1u, 1u, 2u, 4u});
  writes.reads = dice.percents(1, 8);
  if (dice.percent(40)) writes.breaking = dice.percents(1, 20);
  if (dice.percent(25)) writes.read_level = ReadLevel::kLocal;
  return writes;
}

RegisterWorkload draw_registers(std::uint64_t seed, std::uint32_t least_rate, std::uint32_t most_rate) {
  Dice dice(seed, "chaos.register");
  RegisterWorkload registers;
  registers.load = draw_load(dice, least_rate, most_rate);
  const std::uint64_t most_keys = dice.one_of({1u, 4u, 16u});  // few: what one client wrote the next one reads
  registers.keys = static_cast<std::uint32_t>(dice.between(1, most_keys));
  registers.reads = dice.percents(20, 60);
  registers.cas = dice.percents(0, 40);
  return registers;
}

// Beside those that write as much as they read: who waits for a write sees nothing until it is over.
RegisterWorkload draw_readers(std::uint64_t seed, const RegisterWorkload& registers) {
  Dice dice(seed, "chaos.readers");
  RegisterWorkload readers = registers;
  readers.load = draw_load(dice, 30, 70);
  readers.load.timeout = dice.milliseconds(100, 500);
  readers.reads = dice.percents(90, 99);
  readers.cas = {};
  return readers;
}

Verify draw_verify(std::uint64_t seed) {
  Dice dice(seed, "chaos.verify");
  Verify verify;
  verify.start = dice.milliseconds(1000, 15'000);
  verify.rounds = static_cast<std::uint32_t>(dice.between(2, 6));
  verify.every = dice.milliseconds(500, 2000);
  if (dice.percent(50)) verify.read_level = ReadLevel::kLocal;
  return verify;
}

// One of the other kinds, beside what every seed has: fewer operations, oracles of their own.
Workload draw_other_workload(std::uint64_t seed) {
  Dice dice(seed, "chaos.other_workload");
  const Load load = draw_load(dice, 10, 25);
  const ReadLevel level = dice.percent(25) ? ReadLevel::kLocal : ReadLevel::kLinearizable;
  const Probability reads = dice.percents(10, 50);
  switch (dice.below(6)) {
    case 0: {
      BankWorkload bank{.load = load, .reads = reads, .read_level = level};
      bank.accounts = static_cast<std::uint32_t>(dice.between(2, 12));
      return bank;
    }
    case 1: return SetWorkload{.load = load, .reads = reads, .read_level = level};
    case 2: {
      CounterWorkload counters{.load = load, .reads = reads, .read_level = level};
      counters.keys = static_cast<std::uint32_t>(dice.between(1, 5));
      return counters;
    }
    case 3: {
      ListAppendWorkload lists{.load = load, .reads = reads};
      lists.keys = static_cast<std::uint32_t>(dice.between(2, 10));
      if (dice.percent(50)) lists.form = ListForm::kRows;
      return lists;
    }
    case 4: {
      MixedSqlWorkload mixed{.load = load, .reads = reads, .read_level = level};
      Dice upkeep(seed, "chaos.upkeep");
      if (upkeep.percent(50)) mixed.upkeep = upkeep.percents(1, 4);
      return mixed;
    }
    default: return SlowReadWorkload{.load = load, .reads = reads, .read_level = level};
  }
}

void draw_workloads(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.workloads");
  const std::uint64_t mix = dice.below(4);  // both as often as one alone
  const bool both = mix >= 2;
  const std::uint32_t least = both ? 20 : 40;
  const std::uint32_t most = both ? 50 : 90;
  if (both || mix == 0) scenario.workload.push_back(draw_versioned_writes(seed, least, most));
  if (both || mix == 1) {
    const RegisterWorkload registers = draw_registers(seed, least, most);
    scenario.workload.push_back(registers);
    if (Dice(seed, "chaos.has_readers").percent(kReaders))
      scenario.workload.push_back(draw_readers(seed, registers));
  }
  if ((both || mix == 0) && dice.percent(30)) scenario.workload.push_back(draw_verify(seed));
  if (Dice(seed, "chaos.has_other_workload").percent(kOtherWorkloads))
    scenario.workload.push_back(draw_other_workload(seed));
}

}  // namespace

Scenario draw_scenario(std::uint64_t seed) {
  Scenario scenario;
  scenario.name = cat("chaos_", seed);
  scenario.seed = seed;
  scenario.cluster = draw_cluster(seed);
  draw_profiles(seed, scenario);
  draw_workloads(seed, scenario);
  if (has_field(seed)) draw_field(seed, scenario);
  const auto families = families_of(seed);
  for (const FaultFamily* family : families) family->draw(seed, scenario);
  const std::string on = joined(families, &FaultFamily::name);
  scenario.about = cat("Drawn from seed ", seed, "; faults: ", on.empty() ? "none" : on, ".");
  Dice end(seed, "chaos.end");
  if (end.percent(15)) scenario.finally.heal = Heal::kAll;
  scenario.expect.min_ok = 100;
  scenario.expect.idle_faults = IdleFaults::kAllowed;  // nobody looked whether what was drawn finds an occasion

  const auto parsed = parse_scenario(to_json(scenario).dump());
  CHECK(parsed.has_value(), "seed ", seed, ": ", json::to_text(parsed.error().front(), scenario.name));
  return scenario;
}

}  // namespace lockstep::chaos
