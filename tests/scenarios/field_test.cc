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

  const reports::Verdict* verdict(std::string_view name) const {
    const auto found = std::ranges::find(report.verdicts, name, &reports::Verdict::name);
    return found == report.verdicts.end() ? nullptr : &*found;
  }
  // Empty if all of it holds.
  std::string objections() const {
    std::string all;
    for (const auto& verdict : report.verdicts)
      if (verdict.outcome != reports::Outcome::kHolds)
        for (const std::string& line : verdict.evidence) all += cat(verdict.name, ": ", line, "\n");
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
  if (variants)
    played.report =
        run_simulated(variants->front().scenario, {.seed = seed, .observer = &played.events, .progress = {}})
            .report;
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

TEST(Field, BadSettingsAreRefusedByTheHubOrByEveryEdge) {
  Played played = play(R"(,"dispatch":[{"at":"1s","kind":"settings"},)"
                       R"({"at":"2s","kind":"settings","content":"wrong_hash"},)"
                       R"({"at":"3s","kind":"settings","content":"truncated"},)"
                       R"({"at":"4s","kind":"settings","content":"nonsense"}])",
                       R"({"at":"3500ms","kill":"e1","for":"500ms"})");
  EXPECT_EQ(played.objections(), "");
  EXPECT_EQ(played.events["slot_switched"], 2u);  // to the first, one per edge
}

}  // namespace
}  // namespace lockstep::scenarios
