// The oracles on random schedules of the real core: silent on correct ones, loud on planted bugs.
#include <gtest/gtest.h>

#include "tests/scenarios/random_run.h"

namespace lockstep::scenarios {
namespace {

constexpr std::uint64_t kSeeds = 20;
constexpr std::uint64_t kMostSeeds = 10;  // a bug that shows in more than half of the seeds is found for sure

TEST(RandomRuns, CorrectSchedulesAreAcceptedWithEveryFaultOfTheModel) {
  std::uint64_t applied = 0, elections = 0, truncations = 0, crashes = 0, drops = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    OracleCourt court(seed % 2 == 0 ? 3 : 5);
    RandomRun run(seed, seed % 2 == 0 ? 3 : 5, {}, court);
    run.run(5000);
    ASSERT_EQ(court.verdict(), "") << "seed " << seed;
    applied += run.applied();
    elections += run.elections();
    truncations += run.truncations();
    crashes += run.crashes();
    drops += run.drops();
  }
  EXPECT_GT(applied, 10'000u);
  EXPECT_GT(elections, 1'000u);
  EXPECT_GT(truncations, 100u);
  EXPECT_GT(crashes, 1'000u);
  EXPECT_GT(drops, 100u);
}

// In how many seeds the oracle complains. A run ends with the complaint: the core's own invariants come later.
std::uint64_t complaints(std::string_view name, const PlantedBugs& bugs) {
  std::uint64_t count = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    OracleCourt court(3);
    RandomRun run(seed, 3, bugs, court);
    const Oracle& oracle = court.oracle(name);
    for (int action = 0; action < 3000 && !oracle.violated(); ++action) run.run(1);
    count += oracle.violated() ? 1 : 0;
  }
  return count;
}

TEST(RandomRuns, AcknowledgingBeforeTheSyncIsFound) {
  EXPECT_GT(complaints("commit-has-quorum", {.sends_before_sync = true}), kMostSeeds);
}

TEST(RandomRuns, ADiskThatLosesWhatItSyncedIsFound) {
  EXPECT_GT(complaints("durable-stays", {.loses_synced_tail = true}), kMostSeeds);
}

TEST(RandomRuns, AForgottenTermIsFound) {
  EXPECT_GT(complaints("monotonic", {.forgets_hard_state = true}), kMostSeeds);
}

TEST(RandomRuns, DivergingDatabasesAreFound) {
  EXPECT_GT(complaints("replica-digest", {.diverges = true}), kMostSeeds);
  EXPECT_GT(complaints("state-machine-safety", {.diverges = true}), kMostSeeds);
}

TEST(RandomRuns, ALogPrefixThatGoesTooEarlyIsFound) {
  EXPECT_GT(complaints("prefix-order", {.drops_too_much = true}), kMostSeeds);
}

}  // namespace
}  // namespace lockstep::scenarios
