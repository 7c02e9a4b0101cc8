// What is drawn: valid, the same for the same seed, long enough, and different enough.
#include "scenarios/chaos/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "base/text.h"
#include "edge/slot_keeper.h"
#include "scenarios/chaos/fault_families.h"
#include "scenarios/chaos/field_draw.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;

constexpr std::uint64_t kSeeds = 3000;

// Operations that the rates of all workloads begin.
std::uint64_t operations_of(const Scenario& scenario) {
  std::uint64_t all = 0;
  for (const Workload& workload : scenario.workload)
    std::visit(
        [&all](const auto& kind) {
          if constexpr (requires { kind.load; })
            all +=
                static_cast<std::uint64_t>(kind.load.lasting / std::get<Rate>(kind.load.pacing).interval());
        },
        workload);
  return all;
}

TEST(DrawnScenario, IsTheOneThatItsFileSays) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    const auto parsed = parse_scenario(to_json(scenario).dump());
    ASSERT_TRUE(parsed.has_value()) << json::to_text(parsed.error().front(), cat("seed ", seed));
    EXPECT_EQ(parsed->front().scenario, scenario);
    EXPECT_EQ(draw_scenario(seed), scenario);
  }
}

TEST(DrawnScenario, HasThreeToFiveNodesAndEnoughOperationsInThirtySeconds) {
  std::set<std::uint32_t> sizes;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    sizes.insert(scenario.cluster.nodes);
    EXPECT_EQ(workloads_end(scenario), kWorkTime) << seed;
    EXPECT_GE(operations_of(scenario), kLeastOperations) << seed;
  }
  EXPECT_EQ(sizes, (std::set<std::uint32_t>{3, 4, 5}));
}

TEST(DrawnScenario, EveryFamilyIsOnInItsShareOfTheSeedsAndItsVerbsAreInNoOther) {
  std::map<std::string_view, std::uint64_t> on;
  std::uint64_t without_any = 0;
  std::uint64_t with_field = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::set<std::string_view> allowed;
    with_field += has_field(seed) ? 1 : 0;
    for (const FaultFamily* family : families_of(seed)) {
      ++on[family->name];
      allowed.insert(family->verbs.begin(), family->verbs.end());
    }
    const Scenario scenario = draw_scenario(seed);
    without_any += scenario.faults.empty() ? 1 : 0;
    for (const Fault& fault : scenario.faults) EXPECT_TRUE(allowed.contains(verb_of(fault.action))) << seed;
  }
  std::set<std::string_view> of_field;
  for (const FaultFamily& family : field_families()) of_field.insert(family.name);
  std::uint64_t alone = 0;  // seeds with one of those that keep all others off
  for (const FaultFamily* family : fault_families()) alone += family->is_alone ? on[family->name] : 0;
  for (const FaultFamily* family : fault_families()) {
    const bool is_of_field = of_field.contains(family->name);
    const std::uint64_t seeds = is_of_field ? with_field : family->is_alone ? kSeeds : kSeeds - alone;
    const std::uint64_t off_by = is_of_field ? 10 : std::max<std::uint64_t>(1, family->share / 6);
    EXPECT_GT(on[family->name], seeds * (family->share - off_by) / 100) << family->name;
    EXPECT_LT(on[family->name], seeds * (family->share + off_by) / 100) << family->name;
  }
  EXPECT_GT(without_any, 0u);
}

// scenarios/chaos does not know edges; were their trials longer, or of more lives, none that is drawn would fail.
TEST(DrawnScenario, ATrialThatShallFailIsSilentToItsEndOrHasTooManyLives) {
  const edge::SlotOptions options;
  const auto families = field_families();
  const auto trials = std::ranges::find(families, "edge trials", &FaultFamily::name);
  ASSERT_NE(trials, families.end());
  std::uint64_t silent = 0;
  std::uint64_t deadly = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    if (!has_field(seed)) continue;
    Scenario scenario = draw_scenario(seed);
    scenario.faults.clear();
    trials->draw(seed, scenario);
    if (scenario.faults.empty()) continue;  // no settings are sent
    if (std::holds_alternative<Kill>(scenario.faults.front().action)) {
      ++deadly;
      EXPECT_GT(scenario.faults.size(), options.most_starts) << seed;
    } else {
      ++silent;
      EXPECT_GT(scenario.faults.front().lasting, options.probation) << seed;
    }
  }
  EXPECT_GT(silent, 20u);
  EXPECT_GT(deadly, 20u);
}

TEST(DrawnScenario, EveryKindOfWorkloadIsDrawn) {
  std::map<std::string_view, std::uint64_t> drawn;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
    for (const Workload& workload : draw_scenario(seed).workload) ++drawn[kind_of(workload)];
  EXPECT_EQ(drawn.size(), std::variant_size_v<Workload>);
  for (const auto& [kind, seeds] : drawn) EXPECT_GT(seeds, kSeeds / 30) << kind;
}

TEST(DrawnScenario, HalfOfTheRegistersHaveClientsThatHardlyDoButReadThem) {
  std::uint64_t with_registers = 0;
  std::uint64_t with_readers = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::vector<RegisterWorkload> registers;
    for (const Workload& workload : draw_scenario(seed).workload)
      if (const auto* kind = std::get_if<RegisterWorkload>(&workload)) registers.push_back(*kind);
    with_registers += registers.empty() ? 0 : 1;
    if (registers.size() < 2) continue;
    ++with_readers;
    EXPECT_EQ(registers[1].keys, registers[0].keys) << seed;
    EXPECT_GE(registers[1].reads.parts_per_million, 900'000u) << seed;
  }
  EXPECT_GT(with_readers, with_registers * 45 / 100);
  EXPECT_LT(with_readers, with_registers * 55 / 100);
}

TEST(DrawnScenario, CandidatesHaveLittlePatienceInAChurnOnly) {
  using std::chrono::milliseconds;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto families = families_of(seed);
    const bool is_churn = std::ranges::find(families, "leaders' churn", &FaultFamily::name) != families.end();
    const Duration patience = draw_scenario(seed).cluster.consensus.election_timeout;
    EXPECT_GE(patience, milliseconds(is_churn ? 60 : 150)) << seed;
    EXPECT_LE(patience, milliseconds(is_churn ? 150 : 500)) << seed;
  }
}

TEST(DrawnScenario, OneInEightHasAFieldAndIsOtherwiseWhatItWasWithout) {
  std::uint64_t with_field = 0;
  std::set<std::uint32_t> edges;
  std::set<Content> contents;
  std::uint64_t rollbacks = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    EXPECT_EQ(scenario.field.has_value(), has_field(seed)) << seed;
    if (!scenario.field) continue;
    ++with_field;
    edges.insert(scenario.field->edges);
    for (const Dispatch& sent : scenario.field->dispatch) {
      contents.insert(sent.content);
      rollbacks += sent.rollback ? 1 : 0;
    }
  }
  EXPECT_GT(with_field, kSeeds / kSeedsPerField * 8 / 10);
  EXPECT_LT(with_field, kSeeds / kSeedsPerField * 12 / 10);
  EXPECT_EQ(edges, (std::set<std::uint32_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(contents.size(), 7u);
  EXPECT_GT(rollbacks, 10u);
}

// Elsewhere a motor leaves its envelope, and no fault is to blame.
TEST(DrawnScenario, MotorsAreDrawnWhereTheirLoopIsQuick) {
  std::size_t with_motors = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    if (!scenario.field || std::ranges::count(scenario.field->devices, DeviceKind::kMotor) == 0) continue;
    ++with_motors;
    EXPECT_LE(scenario.network.latency.p99, std::chrono::milliseconds(10)) << seed;
    EXPECT_LE(scenario.disk.sync.p99, std::chrono::milliseconds(10)) << seed;
    EXPECT_LE(scenario.field->sample, std::chrono::milliseconds(100)) << seed;
    EXPECT_FALSE(scenario.field->window) << seed;
  }
  EXPECT_GE(with_motors, 20u);
}

TEST(DrawnScenario, EveryVerbOfTheLanguageIsOfSomeFamily) {
  std::set<std::string_view> of_families;
  for (const FaultFamily* family : fault_families())
    of_families.insert(family->verbs.begin(), family->verbs.end());
  for (const VerbFacts& verb : all_verbs()) EXPECT_TRUE(of_families.contains(verb.name)) << verb.name;
}

TEST(DrawnScenario, EveryVerbOfEveryFamilyIsDrawn) {
  std::set<std::string_view> drawn;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
    for (const Fault& fault : draw_scenario(seed).faults) drawn.insert(verb_of(fault.action));
  for (const FaultFamily* family : fault_families())
    for (const std::string_view verb : family->verbs)
      EXPECT_TRUE(verb.empty() || drawn.contains(verb)) << verb;
}

}  // namespace
}  // namespace lockstep::chaos
