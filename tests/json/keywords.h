// Every keyword that the schema checker enforces, with a document that is good and one that is bad under it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "json/schema.h"

namespace lockstep::json {

struct KeywordCase {
  std::string schema;
  std::string good;
  std::string bad;
};

// One row for each keyword that is enforced.
inline const std::map<std::string, KeywordCase> kEnforced = {
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
    {"maxLength", {R"({"maxLength":2})", R"("éé")", R"("abc")"}},
    {"allOf", {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "2", "3"}},
    {"oneOf", {R"({"oneOf":[{"type":"string"},{"type":"array"}]})", R"("a")", "1"}},
    {"$ref", {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", R"("a")", "1"}},
};
inline const std::set<std::string> kCommentary = {"$schema", "$id",         "$defs",
                                                  "title",   "description", "default"};

// `visit` gets every schema inside `schema`, itself included.
template <class Visit>
void walk(const Node& schema, const Visit& visit) {
  visit(schema);
  for (const auto& [keyword, where, value] : schema.members) {
    if (keyword == "properties" || keyword == "$defs") {
      for (const Member& member : value.members) walk(member.value, visit);
    } else if (keyword == "allOf" || keyword == "oneOf") {
      for (const Node& branch : value.items) walk(branch, visit);
    } else if ((keyword == "items" || keyword == "additionalProperties") && value.is(Kind::kObject)) {
      walk(value, visit);
    }
  }
}

}  // namespace lockstep::json
