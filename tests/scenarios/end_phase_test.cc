// The end phase demands what a healed cluster can do, whatever the faults before it left behind.
#include <gtest/gtest.h>

#include "scenarios/parse_scenario.h"
#include "scenarios/run.h"

namespace lockstep::scenarios {
namespace {

reports::Report run(const std::string& members, std::uint64_t seed = 1) {
  const auto variants = parse_scenario(R"({"name":"x","about":"x","workload":[{"kind":"versioned_writes","start":"1s",)"
                                       R"("for":"1s"}],)" +
                                       members + "}");
  EXPECT_TRUE(variants.has_value());
  return variants ? run_simulated(variants->front().scenario, {.seed = seed}).report : reports::Report();
}

reports::Outcome verdict(const reports::Report& report, std::string_view name) {
  for (const auto& verdict : report.verdicts)
    if (verdict.name == name) return verdict.outcome;
  ADD_FAILURE() << "no verdict " << name;
  return reports::Outcome::kUnknown;
}

TEST(EndPhase, HealingEndsStallsAndPauses) {
  const auto report = run(R"("faults":[{"at":"1500ms","stall":"all","for":"24h"},)"
                          R"({"when":{"probe":"replica.before_apply","nth":20},"pause":"24h"},)"
                          R"({"when":{"probe":"raft.after_persist","nth":40},"pause":"24h"}])");
  EXPECT_EQ(verdict(report, "liveness"), reports::Outcome::kHolds);
  EXPECT_EQ(verdict(report, "durability"), reports::Outcome::kHolds);
  EXPECT_EQ(verdict(report, "convergence"), reports::Outcome::kHolds);
}

TEST(EndPhase, TheReportHasWhatEachReplicaHeldAtTheEnd) {
  const auto report = run(R"("cluster":{"nodes":3})");
  ASSERT_EQ(report.replicas.size(), 3u);
  for (const auto& replica : report.replicas) {
    EXPECT_EQ(replica.digest, report.replicas.front().digest);
    EXPECT_NE(replica.digest, 0u);
    ASSERT_FALSE(replica.tables.empty());
    EXPECT_GT(replica.tables.front().version, 0u);
    EXPECT_GT(replica.tables.front().rows, 0u);
  }
}

TEST(EndPhase, AQuorumOwesNoStrongWrite) {
  const auto report =
      run(R"("cluster":{"write_mode":"strong"},"faults":[{"at":"1500ms","kill":"n1"},{"at":"1500ms","kill":"n2"}])");
  EXPECT_EQ(report.outcome(), reports::Outcome::kHolds);
}

TEST(EndPhase, AClusterThatNeverLedBeforeItServesInIt) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto report = run(R"("faults":[{"at":"0s","loss":1}])", seed);
    EXPECT_EQ(verdict(report, "liveness"), reports::Outcome::kHolds);
    EXPECT_EQ(verdict(report, "convergence"), reports::Outcome::kHolds);
    EXPECT_EQ(report.outcome(), reports::Outcome::kVacuous);
  }
}

TEST(Durability, ATableThatNothingWasWrittenToHidesNoVerdict) {
  const auto variants = parse_scenario(R"({"name":"x","about":"x","workload":[{"kind":"versioned_writes",)"
                                       R"("for":"2s","ops":5,"tables":16,"reads":0}]})");
  ASSERT_TRUE(variants);
  EXPECT_EQ(run_simulated(variants->front().scenario, {}).report.outcome(), reports::Outcome::kHolds);
}

}  // namespace
}  // namespace lockstep::scenarios
