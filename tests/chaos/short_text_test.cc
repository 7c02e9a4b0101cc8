// The shortest file says the same, and nothing twice.
#include "scenarios/chaos/short_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scenarios/chaos/draw.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;

Scenario parse(std::string_view text) {
  const auto parsed = parse_scenario(text);
  EXPECT_TRUE(parsed.has_value()) << json::to_text(parsed.error().front(), "x.json");
  return parsed ? parsed->front().scenario : Scenario{};
}

TEST(ShortText, SaysWhatTheScenarioIs) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    EXPECT_EQ(parse(short_text(short_json(scenario))), scenario) << seed;
  }
}

TEST(ShortText, LeavesDefaultsOut) {
  const Scenario scenario = parse(R"({
    "name": "a", "about": "b", "seed": 7, "system": "raft-sql",
    "cluster": { "nodes": 3, "election_timeout": "600ms", "heartbeat_interval": "100ms" },
    "network": { "latency": { "median": "2ms", "p99": "8ms" }, "loss": 0 },
    "workload": [ { "kind": "register", "for": "4s", "clients": 4, "think": "20ms" } ],
    "faults": [ { "every": { "period": "1s", "from": "1s" }, "kill": "n1", "for": "10ms" } ],
    "expect": { "min_ok": 1 } })");
  EXPECT_EQ(short_text(short_json(scenario)), R"({
  "name": "a",
  "about": "b",
  "seed": 7,
  "cluster": { "election_timeout": "600ms" },
  "network": { "latency": { "median": "2ms" } },
  "workload": [
    { "kind": "register", "for": "4s" }
  ],
  "faults": [
    { "every": { "period": "1s" }, "kill": "n1", "for": "10ms" }
  ]
}
)");
}

}  // namespace
}  // namespace lockstep::chaos
