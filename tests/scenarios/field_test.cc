// Hubs, edges and a cloud as a scenario has them: what goes wrong around them, and what is owed all the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "scenarios/parse_scenario.h"
#include "scenarios/run.h"

namespace lockstep::scenarios {
namespace {

// How often each event of edges came.
class EdgeEvents final : public Observer {
 public:
  void on_event(const Observation& observation) override {
    ++counts_[std::string(observation.event.type->name)];
  }
  std::uint64_t operator[](const std::string& name) { return counts_[name]; }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

struct Played {
  reports::Report report;
  EdgeEvents events;
  std::uint64_t failed = 0;  // instructions

  const reports::Verdict* verdict(std::string_view name) const {
    const auto found = std::ranges::find(report.verdicts, name, &reports::Verdict::name);
    return found == report.verdicts.end() ? nullptr : &*found;
  }
  // Empty if all of it holds.
  std::string objections() const {
    std::string all;
    for (const auto& verdict : report.verdicts)
      if (verdict.outcome != reports::Outcome::kHolds) {
        all += cat(verdict.name, " does not hold\n");
        for (const std::string& line : verdict.evidence) all += cat(verdict.name, ": ", line, "\n");
      }
    for (const auto& fault : report.faults)
      if (fault.fired == 0) all += cat(fault.kind, ": ", fault.description, "\n");
    return all;
  }
};

// Two edges with a tank each for eight seconds, and what else `field` says of them.
Played play(const std::string& field, const std::string& faults, std::uint64_t seed = 1) {
  const auto variants = parse_scenario(
      cat(R"({"name":"x","about":"x","system":"hub","field":{"edges":2,"for":"8s")", field,
          R"(},"workload":[{"kind":"versioned_writes","clients":2,"rate":"20/s","for":"8s"}],"faults":[)",
          faults, R"(],"finally":{"converge_within":"30s"}})"));
  EXPECT_TRUE(variants.has_value()) << json::to_text(variants.error().front(), "x");
  Played played;
  if (!variants) return played;
  Run run =
      run_simulated(variants->front().scenario, {.seed = seed, .observer = &played.events, .progress = {}});
  played.report = std::move(run.report);
  played.failed = run.coverage.rare_events.at("instructions failed");
  return played;
}

TEST(Field, AnEdgeThatStopsForItsDiskIsStartedWhenTheFaultIsOver) {
  for (const char* verb : {"disk_error", "disk_failed_sync"})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      Played played = play("", cat(R"({"at":"3s",")", verb, R"(":{"target":"e1"},"for":"1s"})"), seed);
      EXPECT_EQ(played.objections(), "") << verb << ", seed " << seed;
      EXPECT_GE(played.events["edge_stopped"], 1u) << verb;
    }
}

TEST(Field, ADiskOfAnEdgeIsNoneOfTheCluster) {
  Played played =
      play("", R"({"at":"3s","disk_rot":{"target":"e1","bytes":3}},{"at":"4s","kill":"n1","for":"1s"})");
  EXPECT_EQ(played.verdict("liveness")->outcome, reports::Outcome::kHolds) << played.objections();
  EXPECT_EQ(played.verdict("node-health")->outcome, reports::Outcome::kHolds) << played.objections();
}

TEST(Field, AnEdgeDiesOrStandsStillAtTheCallOfADevice) {
  Played played = play("", R"({"when":{"probe":"edge.before_execute","nth":3,"node":"e1"},"crash":"e1","for":"200ms"},)"
                           R"({"when":{"probe":"edge.before_execute","nth":3,"node":"e2"},"pause":"700ms"})");
  EXPECT_EQ(played.objections(), "");
  const auto& checked = played.verdict("field-rests")->checked;
  const auto interrupted = std::ranges::find(checked, "interrupted", &reports::Measure::unit);
  ASSERT_NE(interrupted, checked.end());
  EXPECT_EQ(interrupted->count, 1u);
}

TEST(Field, BadSettingsAreRefusedByTheHubOrByEveryEdge) {
  Played played = play(R"(,"dispatch":[{"at":"1s","kind":"settings"},)"
                       R"({"at":"2s","kind":"settings","content":"wrong_hash"},)"
                       R"({"at":"3s","kind":"settings","content":"truncated"},)"
                       R"({"at":"4s","kind":"settings","content":"nonsense"}])",
                       R"({"at":"3500ms","kill":"e1","for":"500ms"})");
  EXPECT_EQ(played.objections(), "");
  EXPECT_EQ(played.events["slot_switched"], 2u);  // to the first, one per edge
}

// Of a device whose control a fault must not end: `verb` from the third second to the seventh.
Played play_broken(const std::string& verb, const std::string& members, std::uint64_t seed = 1) {
  return play("", cat(R"({"at":"3s",")", verb, R"(":{"target":"e1")", members, R"(},"for":"4s"})"), seed);
}

TEST(Field, APartOfAPlantBreaksAndIsWholeAgain) {
  Played one = play_broken("sensor_stuck", R"(,"device":"tank1","signal":"level")");
  EXPECT_EQ(one.objections(), "");
  EXPECT_EQ(one.events["plant_fault"], 2u);  // begins and ends
  Played all = play_broken("sensor_drift", "");
  EXPECT_EQ(all.objections(), "");
  EXPECT_EQ(all.events["plant_fault"], 4u);
}

TEST(Field, OverlappingBreakdownsOfOnePartEndWithTheLast) {
  Played played = play("", R"({"at":"2s","actuator_weak":{"target":"e1","actuator":"heater"},"for":"3s"},)"
                           R"({"at":"3s","actuator_weak":{"target":"e1"}})");
  // The heater breaks, the inlet too; both are whole when the faults end.
  EXPECT_EQ(played.events["plant_fault"], 4u);
  EXPECT_EQ(played.report.faults[1].fired, 1u);  // the heater was broken already
}

TEST(Field, WhoseSensorsShowNothingTakesFewerReadings) {
  const auto readings = [](Played played) {
    EXPECT_EQ(played.objections(), "");
    std::uint64_t sum = 0;
    for (const auto& [what, count] : played.verdict("field-rests")->checked)
      if (what == "readings") sum = count;
    return sum;
  };
  const std::uint64_t sound = readings(play("", R"({"at":"3s","sensor_drift":{"target":"e1"},"for":"4s"})"));
  const std::uint64_t silent = readings(play_broken("sensor_dropout", ""));
  EXPECT_LT(silent, sound - 60);  // two signals, four seconds, ten a second
}

TEST(Field, AnActuatorThatHasFailedMakesInstructionsFailAndTheHubHearsIt) {
  Played played = play_broken("actuator_failed", "");
  EXPECT_EQ(played.verdict("field-rests")->outcome, reports::Outcome::kHolds) << played.objections();
  EXPECT_GT(played.failed, 0u);
  EXPECT_EQ(play_broken("actuator_weak", "").failed, 0u);
}

}  // namespace
}  // namespace lockstep::scenarios
