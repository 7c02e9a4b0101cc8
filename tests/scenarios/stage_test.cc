// What a world cannot do is said by name and counts for nothing; what it could not see makes oracles
// ignorant.
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/render.h"
#include "reports/report_reader.h"
#include "scenarios/parse_scenario.h"
#include "scenarios/run.h"
#include "scenarios/simulated_stage.h"

namespace lockstep::scenarios {
namespace {

// A world whose machines never lose their power, and whose trace may have a hole.
class PoorStage final : public SimulatedStage {
 public:
  PoorStage(const Scenario& scenario, Cast& cast, std::string gap)
      : SimulatedStage(scenario, 1, cast), gap_(std::move(gap)) {}
  std::optional<std::string> cannot(const Fault& fault) const override {
    if (std::holds_alternative<PowerLoss>(fault.action)) return "nobody pulls the plug here";
    return std::nullopt;
  }
  std::string gap() const override { return gap_; }

 private:
  std::string gap_;
};

// A world in which something goes round in circles after a second.
class CirclingStage final : public SimulatedStage {
 public:
  CirclingStage(const Scenario& scenario, Cast& cast) : SimulatedStage(scenario, 1, cast) {}
  void open() override {
    SimulatedStage::open();
    schedule(std::chrono::seconds(1), [this] { circle(); });
  }

 private:
  void circle() {
    schedule(now(), [this] { circle(); });
  }
};

reports::Report run_poorly(const std::string& faults, const std::string& gap = {}, const std::string& idle_faults = "vacuous") {
  const auto variants = parse_scenario(
      R"({"name":"x","about":"x","workload":[{"kind":"versioned_writes","for":"2s"}],"expect":{"idle_faults":")" +
      idle_faults + R"("},"faults":)" + faults + "}");
  EXPECT_TRUE(variants.has_value());
  if (!variants) return {};
  const Scenario& scenario = variants->front().scenario;
  Cast cast(scenario);
  PoorStage stage(scenario, cast, gap);
  return play(scenario, {.seed = 1}, cast, stage).report;
}

TEST(Stage, ARunWhoseTimeStandsStillEndsAndSaysSo) {
  const auto variants =
      parse_scenario(R"({"name":"x","about":"x","workload":[{"kind":"versioned_writes","for":"2s"}]})");
  ASSERT_TRUE(variants.has_value());
  const Scenario& scenario = variants->front().scenario;
  Cast cast(scenario);
  CirclingStage stage(scenario, cast);
  const auto report = play(scenario, {.seed = 1}, cast, stage).report;
  EXPECT_EQ(report.outcome(), reports::Outcome::kViolated);
  EXPECT_EQ(report.verdicts.front().name, "time-passes");
  EXPECT_EQ(report.verdicts.front().evidence,
            (std::vector<std::string>{"more than 1000000 events at one instant, 1.000 s, the last of them for nobody; "
                                      "from then on each took a millisecond"}));
}

TEST(Stage, WhatItCannotDoIsSkippedByNameAndLeavesTheRunSound) {
  const auto report = run_poorly(R"([{"at":"1s","power_loss":"n2"},{"at":"1s","kill":"n1","for":"200ms"}])");
  ASSERT_EQ(report.faults.size(), 2u);
  EXPECT_EQ(report.faults[0].skipped, "nobody pulls the plug here");
  EXPECT_EQ(report.faults[0].fired, 0u);
  EXPECT_EQ(report.faults[1].skipped, "");
  EXPECT_EQ(report.faults[1].fired, 1u);
  EXPECT_EQ(report.outcome(), reports::Outcome::kHolds);
}

TEST(Stage, WhatFollowsASkippedFaultIsSkippedToo) {
  const auto report =
      run_poorly(R"([{"at":"1s","power_loss":"n2"},{"after":{"fault":0,"by":"100ms"},"restart":"crashed"}])");
  ASSERT_EQ(report.faults.size(), 2u);
  EXPECT_EQ(report.faults[1].skipped, "it follows fault 0, which was skipped");
  EXPECT_EQ(report.outcome(), reports::Outcome::kHolds);
}

TEST(Stage, AnIdleFaultThatIsAllowedLeavesTheRunSoundAsLongAsAnotherStrikes) {
  const std::string idle = R"({"when":{"probe":"txn.before_commit","nth":1},"crash":"follower"})";
  const std::string kill = R"({"at":"1s","kill":"n1","for":"200ms"})";
  EXPECT_EQ(run_poorly(cat("[", idle, ",", kill, "]")).outcome(), reports::Outcome::kVacuous);
  const auto sound = run_poorly(cat("[", idle, ",", kill, "]"), {}, "allowed");
  EXPECT_EQ(sound.outcome(), reports::Outcome::kHolds);
  EXPECT_NE(reports::to_text(sound).find("(never fired, as it may)"), std::string::npos);
  const auto useless = run_poorly(cat("[", idle, "]"), {}, "allowed");
  EXPECT_EQ(useless.outcome(), reports::Outcome::kVacuous);
  EXPECT_NE(reports::to_text(useless).find("  none of its faults took effect\n"), std::string::npos);
  const auto again = reports::parse_report("r", reports::to_json_text(sound));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->outcome(), reports::Outcome::kHolds);
}

TEST(Stage, AFaultThatItCanDoAndThatNeverStruckStaysVacuous) {
  const auto report = run_poorly(R"([{"when":{"probe":"txn.before_commit","nth":1},"crash":"follower"}])");
  EXPECT_EQ(report.outcome(), reports::Outcome::kVacuous);
}

TEST(Stage, AnOracleThatMissedEventsKnowsNothing) {
  const auto report = run_poorly("[]", "the ring of n2 overran");
  const auto safety = std::find_if(report.verdicts.begin(), report.verdicts.end(),
                                   [](const auto& verdict) { return verdict.name == "election-safety"; });
  ASSERT_NE(safety, report.verdicts.end());
  EXPECT_EQ(safety->outcome, reports::Outcome::kUnknown);
  ASSERT_FALSE(safety->evidence.empty());
  EXPECT_EQ(safety->evidence.front(), "the ring of n2 overran");
  EXPECT_EQ(report.outcome(), reports::Outcome::kUnknown);
}

}  // namespace
}  // namespace lockstep::scenarios
