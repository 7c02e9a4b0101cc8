// The real program, a scenario that cannot hold with much around the reason, and what is left of it.
#include "scenarios/farm/shrinker.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenarios/chaos/short_text.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::farm {
namespace {

// Frames need a second and a half at times, and the end phase grants three seconds: it cannot serve. The rest
// has nothing to do with it.
constexpr std::string_view kTooSlow = R"({
  "name": "too_slow", "about": "Cannot serve in time.", "seed": 3,
  "cluster": { "nodes": 5, "election_timeout": "300ms", "batch": { "max_entries": 8 }, "pause_before_commit": "10ms" },
  "network": { "latency": { "median": "140ms", "p99": "1500ms" }, "duplicate": 0.05 },
  "disk": { "sync": { "median": "2ms", "p99": "9ms" } },
  "clocks": { "max_offset": "2s", "max_drift_ppm": 100 },
  "workload": [ { "kind": "versioned_writes", "clients": 3, "rate": "40/s", "for": "6s", "tables": 2 },
                { "kind": "register", "clients": 3, "for": "6s", "reads": 0.25 } ],
  "faults": [ { "at": "1s", "kill": "follower", "for": "500ms" },
              { "at": "2s", "partition": [["n1"], ["others"]], "for": "1s" },
              { "every": "1500ms", "loss": 0.1, "for": "300ms" } ],
  "finally": { "converge_within": "3020ms" } })";

Workers::Options worker_options(unsigned jobs) {
  return {.program = LOCKSTEP_PROGRAM, .arguments = {"chaos-worker"}, .jobs = jobs, .limits = {}};
}

Shrunk shrink(std::string_view text, unsigned jobs) {
  const auto parsed = scenarios::parse_scenario(text);
  EXPECT_TRUE(parsed.has_value()) << json::to_text(parsed.error().front(), "x.json");
  Workers workers(worker_options(jobs));
  auto shrunk = Shrinker(workers, {}).shrink(parsed->front().scenario);
  EXPECT_TRUE(shrunk.has_value()) << shrunk.error().message;
  return std::move(*shrunk);
}

TEST(Shrinker, LeavesWhatTheFailureNeeds) {
  const Shrunk shrunk = shrink(kTooSlow, 2);
  EXPECT_TRUE(shrunk.is_minimal);
  EXPECT_EQ(shrunk.outcome.signature.kind, "violated");
  const std::string text = chaos::short_text(shrunk.document);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 15) << text;
  EXPECT_FALSE(shrunk.document.contains("faults")) << text;
  EXPECT_TRUE(shrunk.document.contains("network")) << text;
  EXPECT_TRUE(shrunk.document["name"].get<std::string>().ends_with("_small")) << text;  // another report than before
  EXPECT_NE(shrunk.document["about"].get<std::string>().find("made small: violated"), std::string::npos) << text;

  // It fails alone, in the same way.
  Workers workers(worker_options(1));
  ASSERT_TRUE(workers.begin(0, text).has_value());
  const auto ended = workers.wait(std::chrono::minutes(1));
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended.front().outcome.signature, shrunk.outcome.signature);
  EXPECT_EQ(ended.front().outcome.trace_hash, shrunk.outcome.trace_hash);
}

TEST(Shrinker, FindsTheSameHoweverManyWork) {
  const Shrunk one = shrink(kTooSlow, 1);
  const Shrunk three = shrink(kTooSlow, 3);
  EXPECT_EQ(one.document, three.document);
}

TEST(Shrinker, RefusesWhatHolds) {
  const auto parsed = scenarios::parse_scenario(
      R"({ "name": "fine", "about": "Holds.", "workload": [ { "kind": "register", "for": "1s" } ] })");
  ASSERT_TRUE(parsed.has_value());
  Workers workers(worker_options(1));
  const auto shrunk = Shrinker(workers, {}).shrink(parsed->front().scenario);
  ASSERT_FALSE(shrunk.has_value());
  EXPECT_EQ(shrunk.error().code, ErrorCode::kInvalidArgument);
}

TEST(Shrinker, RefusesWhatIsVacuous) {
  const auto parsed = scenarios::parse_scenario(
      R"({ "name": "idle", "about": "Its fault never comes.", "workload": [ { "kind": "register", "for": "1s" } ],
           "faults": [ { "when": { "probe": "txn.before_commit" }, "crash": "leader", "for": "100ms" } ] })");
  ASSERT_TRUE(parsed.has_value());
  Workers workers(worker_options(1));
  const auto shrunk = Shrinker(workers, {}).shrink(parsed->front().scenario);
  ASSERT_FALSE(shrunk.has_value());
  EXPECT_EQ(shrunk.error().message,
            "idle is vacuous with seed 1: it proves nothing, but nothing failed that could be made small");
}

}  // namespace
}  // namespace lockstep::farm
