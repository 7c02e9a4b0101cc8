// Stories about the configuration file of an edge.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "config/edge_settings.h"

namespace lockstep::config {
namespace {

using namespace std::chrono_literals;

// What is said about a bad one, a line each.
std::string complaints_about(std::string_view text) {
  const auto edge = parse_edge(text);
  std::string out;
  if (edge) return out;
  for (const json::Problem& problem : edge.error()) out += to_text(problem, "e.json") + "\n";
  return out;
}

TEST(EdgeConfig, WhatIsChosenIsTaken) {
  const auto edge =
      parse_edge(R"({"sample_period": "5ms", "longest_wait": "5s", "most_bytes": 1048576, "policy": "thin",
    "probation": "1m", "clean_up_delay": "8h", "clean_up_ratio": 5, "clean_up_keys": 4000})");
  ASSERT_TRUE(edge);
  EXPECT_EQ(*edge, (Edge{.about = "",
                         .sample_period = 5ms,
                         .longest_wait = 5s,
                         .most_bytes = 1 << 20,
                         .policy = FullBuffer::kThin,
                         .probation = 60s,
                         .clean_up_delay = 8h,
                         .clean_up_ratio = 5,
                         .clean_up_keys = 4000}));
}

TEST(EdgeConfig, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_NE(complaints_about("{\"clean_up_ratio\": 0}").find("e.json:1"), std::string::npos);
  for (const char* bad :
       {"{\"clean_up_ratio\": 0}", "{\"clean_up_ratio\": 101}", "{\"clean_up_ratio\": 2.5}",
        "{\"clean_up_delay\": 60}", "{\"clean_up_delay\": \"-1s\"}", "{\"probation\": \"0s\"}",
        "{\"policy\": \"keep\"}", "{\"clean_up_keys\": 0}", "{\"clean_up\": 1}", "[]", "{"})
    EXPECT_FALSE(complaints_about(bad).empty()) << bad;
}

// They stand in two places, and must say the same.
TEST(EdgeConfig, DefaultsOfTheSchemaAreThoseOfTheCode) {
  nlohmann::json all;
  const auto schema = nlohmann::json::parse(edge_schema_text());
  for (const auto& [key, property] : schema.at("properties").items()) all[key] = property.at("default");
  EXPECT_EQ(all.size(), 9u);
  for (const std::string& text : {all.dump(), std::string("{}")}) {
    const auto edge = parse_edge(text);
    ASSERT_TRUE(edge) << complaints_about(text);
    EXPECT_EQ(*edge, Edge{}) << text;
  }
}

TEST(EdgeConfig, TheEmbeddedSchemaIsTheFile) {
  std::ifstream in(LOCKSTEP_SOURCE_DIR "/config/schema/edge.schema.json", std::ios::binary);
  EXPECT_EQ(edge_schema_text(), std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace
}  // namespace lockstep::config
