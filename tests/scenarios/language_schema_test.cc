// Stories about the schema: every keyword in it is enforced, its patterns are matched, its defaults are the
// code's.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "scenarios/json_schema.h"
#include "scenarios/parse_scenario.h"
#include "tests/scenarios/language_files.h"

namespace lockstep::scenarios {
namespace {

Problems check(std::string_view schema, std::string_view document) {
  const auto parsed = JsonSchema::parse(schema);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  const auto root = parse_json(document);
  EXPECT_TRUE(root);
  return parsed->check(*root);
}

struct KeywordCase {
  std::string schema;
  std::string good;
  std::string bad;
};

// One row for each keyword that is enforced.
const std::map<std::string, KeywordCase> kEnforced = {
    {"type", {R"({"type":"integer"})", "3", "3.5"}},
    {"const", {R"({"const":"a"})", R"("a")", R"("b")"}},
    {"enum", {R"({"enum":["a","b"]})", R"("b")", R"("c")"}},
    {"pattern", {R"({"pattern":"^a+$"})", R"("aaa")", R"("ab")"}},
    {"minimum", {R"({"minimum":-0.5})", "-0.5", "-0.500001"}},
    {"maximum", {R"({"maximum":18446744073709551615})", "18446744073709551615", "18446744073709551616"}},
    {"properties", {R"({"properties":{"a":{"type":"string"}}})", R"({"a":"x","b":1})", R"({"a":1})"}},
    {"required", {R"({"required":["a"]})", R"({"a":1})", R"({"b":1})"}},
    {"additionalProperties",
     {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1})", R"({"b":1})"}},
    {"items", {R"({"items":{"type":"string"}})", R"(["a"])", R"(["a",1])"}},
    {"minItems", {R"({"minItems":2})", "[1,2]", "[1]"}},
    {"maxItems", {R"({"maxItems":1})", "[1]", "[1,2]"}},
    {"allOf", {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "2", "3"}},
    {"oneOf", {R"({"oneOf":[{"type":"string"},{"type":"array"}]})", R"("a")", "1"}},
    {"$ref", {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", R"("a")", "1"}},
};
const std::set<std::string> kCommentary = {"$schema", "$id", "$defs", "title", "description", "default"};

// `visit` gets every schema inside `schema`, itself included.
template <class Visit>
void walk(const JsonNode& schema, const Visit& visit) {
  visit(schema);
  for (const auto& [keyword, where, value] : schema.members) {
    if (keyword == "properties" || keyword == "$defs") {
      for (const JsonMember& member : value.members) walk(member.value, visit);
    } else if (keyword == "allOf" || keyword == "oneOf") {
      for (const JsonNode& branch : value.items) walk(branch, visit);
    } else if ((keyword == "items" || keyword == "additionalProperties") && value.is(JsonKind::kObject)) {
      walk(value, visit);
    }
  }
}

TEST(Schema, EveryKeywordInThePublishedSchemaIsEnforcedOrCommentary) {
  const auto schema = JsonSchema::parse(scenario_schema_text());
  ASSERT_TRUE(schema) << schema.error().message;
  std::size_t schemas = 0;
  walk(schema->root(), [&](const JsonNode& part) {
    ++schemas;
    for (const auto& [keyword, where, value] : part.members) {
      EXPECT_TRUE(kEnforced.contains(keyword) || kCommentary.contains(keyword))
          << keyword << " line " << where.line;
    }
  });
  EXPECT_GT(schemas, 150u);
}

TEST(Schema, EveryEnforcedKeywordTellsGoodFromBad) {
  for (const auto& [keyword, row] : kEnforced) {
    EXPECT_TRUE(check(row.schema, row.good).empty()) << keyword;
    EXPECT_FALSE(check(row.schema, row.bad).empty()) << keyword;
  }
  EXPECT_FALSE(check(R"({"additionalProperties":{"type":"string"}})", R"({"a":1})").empty());
  EXPECT_FALSE(check(R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})", R"({"a":1,"b":1})").empty());
}

TEST(Schema, WhatCannotBeEnforcedIsRefused) {
  for (const char* schema :
       {R"({"minLength":3})", R"({"items":{"uniqueItems":true}})", R"({"pattern":"a.*"})",
        R"({"$ref":"#/$defs/none"})", R"({"$defs":{"a":{}},"$ref":"#/$defs/a","minimum":1})"}) {
    EXPECT_FALSE(JsonSchema::parse(schema)) << schema;
  }
}

TEST(Schema, TheEmbeddedSchemaIsTheFile) {
  EXPECT_EQ(scenario_schema_text(), read_text(LOCKSTEP_SOURCE_DIR "/scenarios/schema/scenario.schema.json"));
}

TEST(Pattern, MatchesWhatItSays) {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const auto& [pattern, text, matches] :
       {Case{"^[0-9]+(ns|us|ms|s|m|h)$", "300ms", true}, Case{"^[0-9]+(ns|us|ms|s|m|h)$", "300", false},
        Case{"^[0-9]+(ns|us|ms|s|m|h)$", "300msx", false}, Case{"^[0-9]+(ns|us|ms|s|m|h)$", "ms", false},
        Case{"^(n[1-9]|leader)$", "n9", true}, Case{"^(n[1-9]|leader)$", "n10", false},
        Case{"^a*b?$", "", true}, Case{"^a*b?$", "aaab", true}, Case{"^a*b?$", "abb", false},
        Case{"^(ab)*$", "abab", true}, Case{"^(ab)*$", "aba", false}, Case{"^a\\.b$", "a.b", true},
        Case{"^a\\.b$", "axb", false}, Case{"^(a*)*$", "aaa", true}, Case{"^[+\\-]?1$", "-1", true}}) {
    EXPECT_EQ(JsonPattern::compile(pattern)->matches(text), matches) << pattern << " " << text;
  }
}

TEST(Pattern, ANestedRepetitionTakesLinearTime) {
  EXPECT_FALSE(JsonPattern::compile("^(a*)*b$")->matches(std::string(100'000, 'a')));
}

// The schema's defaults are commentary; what a run does is in the code. They must say the same.
void expect_defaults(const JsonNode& object, const nlohmann::ordered_json& actual, const std::string& where) {
  const JsonNode* properties = object.find("properties");
  ASSERT_NE(properties, nullptr) << where;
  for (const auto& [key, position, property] : properties->members) {
    const JsonNode* value = property.find("default");
    if (value == nullptr) continue;
    const std::string place = cat(where, "/", key);
    ASSERT_TRUE(actual.contains(key)) << place;
    const auto& found = actual.at(key);
    const std::string text = found.is_string() ? found.get<std::string>() : found.dump();
    if (!found.is_structured()) {
      EXPECT_EQ(text, value->text) << place;
    }
    EXPECT_EQ(found.is_array() ? found.size() : 0, value->items.size()) << place;
    for (const JsonMember& member : value->members)
      EXPECT_EQ(found.at(member.key), member.value.text) << place;
  }
}

TEST(Schema, DefaultsAreThoseOfTheCode) {
  const auto schema = JsonSchema::parse(scenario_schema_text());
  const auto variants = parse_scenario(
      R"({"name":"a","about":"","workload":[{"kind":"register","for":"1s"},{"kind":"versioned_writes","for":"1s"},
          {"kind":"verify","start":"500ms"}]})");
  ASSERT_TRUE(variants);
  const auto json = to_json(variants->front().scenario);
  const JsonNode& definitions = *schema->root().find("$defs");
  expect_defaults(schema->root(), json, "");
  for (const char* part : {"cluster", "network", "disk", "clocks", "finally", "expect"}) {
    expect_defaults(*definitions.find(part), json.at(part), part);
  }
  expect_defaults(*definitions.find("cluster")->find("properties")->find("batch"), json["cluster"]["batch"],
                  "batch");
  expect_defaults(*definitions.find("register"), json["workload"][0], "register");
  expect_defaults(*definitions.find("versioned_writes"), json["workload"][1], "versioned_writes");
}

}  // namespace
}  // namespace lockstep::scenarios
