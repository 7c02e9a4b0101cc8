// Each pass offers smaller scenarios; what it offers last is what no other pass needs to know.
#include "scenarios/chaos/reductions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/chaos/draw.h"
#include "scenarios/chaos/field_draw.h"
#include "scenarios/chaos/short_text.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::chaos {
namespace {

using Json = nlohmann::ordered_json;

Json document() {
  return Json::parse(R"({
    "name": "a", "about": "b", "seed": 7, "cluster": { "nodes": 5, "batch": { "max_entries": 1 } },
    "workload": [ { "kind": "versioned_writes", "clients": 3, "rate": "50/s", "for": "8s" },
                  { "kind": "register", "for": "8s", "reads": 0.25 } ],
    "faults": [ { "at": "1234ms", "kill": "n5" },
                { "after": { "fault": 0, "by": "1s" }, "restart": "n5" },
                { "every": { "period": "2s", "from": "3s" }, "partition": [["n1", "c6"], ["others"]], "for": "1s" } ] })");
}

Json with_field() {
  Json json = document();
  json["system"] = "hub";
  json["field"] = Json::parse(R"({ "edges": 4, "devices": ["tank", "motor", "tank"], "for": "8s",
    "dispatch": [ { "at": "2s", "kind": "model" }, { "at": "3s", "kind": "policy" } ] })");
  json["faults"].push_back(Json{{"at", "2s"}, {"kill", "e4"}});
  json["faults"].push_back(Json{{"at", "3s"}, {"kill", "cloud"}});
  return json;
}

bool is_valid(const Json& json) { return scenarios::parse_scenario(json.dump()).has_value(); }

// As Shrinker does, without running anything: `fails` says what it would find.
Json shrink(Json json, const std::function<bool(const Json&)>& fails) {
  std::set<std::string> seen;
  bool found = true;
  while (found) {
    found = false;
    for (const Pass pass : kPasses)
      for (const Json& smaller : reductions(json, pass)) {
        if (!seen.insert(smaller.dump()).second || !is_valid(smaller) || !fails(smaller)) continue;
        json = smaller;
        found = true;
        break;
      }
  }
  return json;
}

TEST(Reductions, ThatAreValidExistInEveryPass) {
  for (const Pass pass : kPasses) {
    const auto smaller = reductions(with_field(), pass);
    EXPECT_TRUE(std::any_of(smaller.begin(), smaller.end(), is_valid)) << to_string(pass);
    for (const Json& json : smaller) EXPECT_NE(json, with_field()) << to_string(pass);
  }
}

TEST(Reductions, TakeAFaultAwayTogetherWithThoseThatFollowIt) {
  const auto smaller = reductions(document(), Pass::kFaults);
  Json expected = document();
  expected["faults"] = Json::array({document()["faults"][2]});
  EXPECT_NE(std::find(smaller.begin(), smaller.end(), expected), smaller.end());
}

TEST(Reductions, KeepThePlaceOfAnAnchorRight) {
  Json json = document();
  json["faults"].insert(json["faults"].begin(), Json{{"at", "1s"}, {"kill", "n1"}});
  json["faults"][2]["after"]["fault"] = 1;
  const auto smaller = reductions(json, Pass::kFaults);
  EXPECT_NE(std::find(smaller.begin(), smaller.end(), document()), smaller.end());
}

TEST(Reductions, OfNodesNameOnlyNodesThatAreLeft) {
  for (const Json& smaller : reductions(document(), Pass::kNodes)) {
    EXPECT_LT(smaller["cluster"]["nodes"], 5);
    EXPECT_EQ(smaller["faults"].dump().find("n5"), std::string::npos);
  }
}

TEST(Reductions, OfTheFieldNameOnlyEdgesThatAreLeft) {
  EXPECT_TRUE(reductions(document(), Pass::kField).empty());
  for (const Json& smaller : reductions(with_field(), Pass::kField)) {
    EXPECT_TRUE(is_valid(smaller)) << smaller;
    if (smaller.contains("field")) continue;
    EXPECT_FALSE(smaller.contains("system"));
    EXPECT_EQ(smaller["faults"].size(), document()["faults"].size());
  }
}

TEST(Reductions, LeadToTheOnePackageAndTheOneEdgeThatMatter) {
  const Json small = shrink(with_field(), [](const Json& json) {
    return json.contains("field") && json["field"].contains("dispatch") &&
           json["field"]["dispatch"].dump().find("policy") != std::string::npos;
  });
  EXPECT_EQ(small["field"]["dispatch"].size(), 1u);
  EXPECT_EQ(small["field"]["edges"], 1);
  EXPECT_FALSE(small.contains("faults")) << small;
  EXPECT_FALSE(small["field"].contains("devices")) << small;
}

TEST(Reductions, LeadToTheOneFaultThatMatters) {
  const Json small =
      shrink(document(), [](const Json& json) { return json.dump().find("partition") != std::string::npos; });
  EXPECT_EQ(small["faults"].size(), 1u);
  EXPECT_EQ(small["workload"].size(), 1u);
  EXPECT_FALSE(small.contains("network"));
  EXPECT_TRUE(small["faults"][0].contains("at")) << small;
  const std::string text = short_text(small);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 15) << text;
}

TEST(Reductions, EndForAnyDrawnScenario) {
  std::uint64_t with_field = 1;
  while (!has_field(with_field)) ++with_field;
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, with_field}) {
    const Json small = shrink(short_json(draw_scenario(seed)), [](const Json&) { return true; });
    EXPECT_FALSE(small.contains("faults")) << small;
    EXPECT_FALSE(small.contains("field")) << small;
    EXPECT_EQ(small["workload"].size(), 1u);
    EXPECT_EQ(small["workload"][0]["ops"], 1);
  }
}

}  // namespace
}  // namespace lockstep::chaos
