// Stories about the schema checker: every keyword is enforced, patterns are matched, the rest is refused.
#include "json/schema.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/json/keywords.h"

namespace lockstep::json {
namespace {

Problems check(std::string_view schema, std::string_view document) {
  const auto parsed = Schema::parse(schema);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  const auto root = parse(document);
  EXPECT_TRUE(root);
  return parsed->check(*root);
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
    EXPECT_FALSE(Schema::parse(schema)) << schema;
  }
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
    EXPECT_EQ(Pattern::compile(pattern)->matches(text), matches) << pattern << " " << text;
  }
}

TEST(Pattern, ANestedRepetitionTakesLinearTime) {
  EXPECT_FALSE(Pattern::compile("^(a*)*b$")->matches(std::string(100'000, 'a')));
}

}  // namespace
}  // namespace lockstep::json
