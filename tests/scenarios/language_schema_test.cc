// Stories about the published schema: every keyword in it is enforced, its defaults are the code's.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "json/schema.h"
#include "scenarios/parse_scenario.h"
#include "tests/json/keywords.h"
#include "tests/scenarios/language_files.h"

namespace lockstep::scenarios {
namespace {

TEST(Schema, EveryKeywordInThePublishedSchemaIsEnforcedOrCommentary) {
  const auto schema = json::Schema::parse(scenario_schema_text());
  ASSERT_TRUE(schema) << schema.error().message;
  std::size_t schemas = 0;
  json::walk(schema->root(), [&](const json::Node& part) {
    ++schemas;
    for (const auto& [keyword, where, value] : part.members) {
      EXPECT_TRUE(json::kEnforced.contains(keyword) || json::kCommentary.contains(keyword))
          << keyword << " line " << where.line;
    }
  });
  EXPECT_GT(schemas, 150u);
}

TEST(Schema, TheEmbeddedSchemaIsTheFile) {
  EXPECT_EQ(scenario_schema_text(), read_text(LOCKSTEP_SOURCE_DIR "/scenarios/schema/scenario.schema.json"));
}

// The schema's defaults are commentary; what a run does is in the code. They must say the same.
void expect_defaults(const json::Node& object, const nlohmann::ordered_json& actual,
                     const std::string& where) {
  const json::Node* properties = object.find("properties");
  ASSERT_NE(properties, nullptr) << where;
  for (const auto& [key, position, property] : properties->members) {
    const json::Node* value = property.find("default");
    if (value == nullptr) continue;
    const std::string place = cat(where, "/", key);
    ASSERT_TRUE(actual.contains(key)) << place;
    const auto& found = actual.at(key);
    const std::string text = found.is_string() ? found.get<std::string>() : found.dump();
    if (!found.is_structured()) {
      EXPECT_EQ(text, value->text) << place;
    }
    EXPECT_EQ(found.is_array() ? found.size() : 0, value->items.size()) << place;
    for (const json::Member& member : value->members)
      EXPECT_EQ(found.at(member.key), member.value.text) << place;
  }
}

TEST(Schema, DefaultsAreThoseOfTheCode) {
  const auto schema = json::Schema::parse(scenario_schema_text());
  const auto variants = parse_scenario(
      R"({"name":"a","about":"","workload":[{"kind":"register","for":"1s"},{"kind":"versioned_writes","for":"1s"},
          {"kind":"verify","start":"500ms"},{"kind":"bank","for":"1s"},{"kind":"sets","for":"1s"},
          {"kind":"counters","for":"1s"},{"kind":"list_append","for":"1s"},{"kind":"mixed_sql","for":"1s"},
          {"kind":"slow_reads","for":"1s"}]})");
  ASSERT_TRUE(variants);
  const auto json = to_json(variants->front().scenario);
  const json::Node& definitions = *schema->root().find("$defs");
  expect_defaults(schema->root(), json, "");
  for (const char* part : {"cluster", "network", "disk", "clocks", "finally", "expect"}) {
    expect_defaults(*definitions.find(part), json.at(part), part);
  }
  expect_defaults(*definitions.find("cluster")->find("properties")->find("batch"), json["cluster"]["batch"],
                  "batch");
  for (const auto& workload : json["workload"]) {
    const auto kind = workload["kind"].get<std::string>();
    if (kind == "verify") continue;  // it has to start after something
    expect_defaults(*definitions.find(kind), workload, kind);
  }
}

}  // namespace
}  // namespace lockstep::scenarios
