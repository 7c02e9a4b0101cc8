// Stories about configuration files: the good ones and what they become, the bad ones and what is said about
// them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/parse_node.h"
#include "json/schema.h"

namespace lockstep::config {
namespace {

using namespace std::chrono_literals;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

NodeSettings parse_good(std::string_view text, std::string_view directory = {}) {
  const auto settings = parse_node(text, directory);
  if (settings) return *settings;
  for (const json::Problem& problem : settings.error()) ADD_FAILURE() << to_text(problem, "x.json");
  return {};
}

constexpr std::string_view kMember = R"({
  "data": "n1",
  "cluster": { "id": "orders", "node": 2,
    "members": [ { "id": 3, "address": "127.0.0.1:4021" }, { "id": 2, "address": "127.0.0.1:4011" },
                 { "id": 1, "address": "127.0.0.1:4001" } ] }
})";

TEST(NodeConfig, AStandaloneNodeNeedsADirectoryAndAPort) {
  const NodeSettings settings = parse_good(R"({"data": "d", "listen": {"native": "127.0.0.1:4001"}})");
  NodeSettings expected;
  expected.data = "d";
  expected.listen.native = {"127.0.0.1", 4001};
  EXPECT_EQ(settings, expected);
}

TEST(NodeConfig, AMemberListensAtItsOwnAddressUnlessToldOtherwise) {
  const NodeSettings settings = parse_good(kMember);
  ASSERT_TRUE(settings.cluster);
  EXPECT_EQ(settings.listen.native, (Address{"127.0.0.1", 4011}));
  EXPECT_EQ(settings.cluster->self, NodeId(2));
  EXPECT_EQ(settings.cluster->members[0], (Member{NodeId(1), {"127.0.0.1", 4001}}));
  EXPECT_EQ(settings.cluster->members[2].id, NodeId(3));
}

TEST(NodeConfig, RelativePathsBeginAtTheFilesDirectory) {
  const NodeSettings settings = parse_good(R"({"data": "d", "listen": {"native": "[::1]:1"},
    "tls": {"ca": "ca.pem", "certificate": "/etc/n.pem", "key": "n.key"}, "tokens": "t.json"})",
                                           "/srv");
  EXPECT_EQ(settings.data, "/srv/d");
  EXPECT_EQ(*settings.tls, (Tls{"/srv/ca.pem", "/etc/n.pem", "/srv/n.key", "/srv/ca.pem"}));
  EXPECT_EQ(settings.token_file, "/srv/t.json");
  EXPECT_EQ(settings.listen.native, (Address{"::1", 1}));
}

TEST(NodeConfig, TheExampleInDocsHasEveryKeyThatTheSchemaHas) {
  const std::string text = read_text(LOCKSTEP_SOURCE_DIR "/docs/node.example.json");
  const NodeSettings settings = parse_good(text);
  ASSERT_TRUE(settings.cluster);
  EXPECT_EQ(settings.cluster->consensus.election_timeout, 300ms);
  EXPECT_EQ(settings.hub, Hub{});
  const auto schema = json::Schema::parse(node_schema_text());
  ASSERT_TRUE(schema) << schema.error().message;
  const auto example = nlohmann::json::parse(text);
  const auto expect_keys = [](const json::Node& object, const nlohmann::json& part) {
    for (const json::Member& property : object.find("properties")->members) {
      EXPECT_TRUE(part.contains(property.key)) << property.key;
    }
  };
  expect_keys(schema->root(), example);
  const json::Node& definitions = *schema->root().find("$defs");
  for (const char* part : {"listen", "cluster", "hub", "tls", "limits", "log"}) {
    expect_keys(*definitions.find(part), example.at(part));
  }
  expect_keys(*definitions.find("batch"), example.at("cluster").at("batch"));
}

TEST(NodeConfig, WhatIsWrittenIsReadAsTheSame) {
  NodeSettings settings = parse_good(kMember);
  settings.about = "a remark";
  settings.cluster->consensus.write_mode = WriteMode::kStrong;
  settings.cluster->consensus.pause_before_commit = 200ms;
  settings.cluster->expect_data = true;
  settings.cluster->consensus.batch = {7, 1000, 5ms};
  settings.cluster->members[0].grpc = Address{"grpc.example", 4003};
  settings.listen.http = Address{"::1", 4012};
  settings.tokens = {{"ops", Role::kAdmin, "s3cret", ""},
                     {"", Role::kRead, "", std::string(64, 'a')},
                     {"", Role::kEdge, "x", "", {"e1", "east"}}};
  settings.tls = Tls{"a", "b", "c", "d"};
  settings.hub = Hub{.credit = 3, .resend_first = 1s, .retention = 24h, .retention_step = 7};
  settings.limits = {5, 90s};
  settings.log = {LogLevel::kDebug, "n.log"};
  EXPECT_EQ(parse_good(to_json_text(settings)), settings);
  settings.cluster->name = "18446744073709551615";
  settings.cluster->self = NodeId(1);
  EXPECT_EQ(parse_good(to_json_text(settings)), settings);
}

// The schema's defaults are commentary; what a node does is in the code. They must say the same.
TEST(NodeConfig, DefaultsOfTheSchemaAreThoseOfTheCode) {
  const auto schema = json::Schema::parse(node_schema_text());
  ASSERT_TRUE(schema);
  NodeSettings settings = parse_good(kMember);
  settings.hub.emplace();
  const auto actual = nlohmann::json::parse(to_json_text(settings));
  std::size_t compared = 0;
  const auto expect_defaults = [&](const json::Node& object, const nlohmann::json& part) {
    for (const json::Member& property : object.find("properties")->members) {
      const json::Node* value = property.value.find("default");
      if (value == nullptr || value->is(json::Kind::kArray)) continue;
      const nlohmann::json& found = part.at(property.key);
      EXPECT_EQ(found.is_string() ? found.get<std::string>() : found.dump(), value->text) << property.key;
      ++compared;
    }
  };
  const json::Node& definitions = *schema->root().find("$defs");
  expect_defaults(schema->root(), actual);
  for (const char* part : {"listen", "cluster", "hub", "limits", "log"})
    expect_defaults(*definitions.find(part), actual.at(part));
  expect_defaults(*definitions.find("batch"), actual.at("cluster").at("batch"));
  EXPECT_GE(compared, 27u);
}

TEST(NodeConfig, TheEmbeddedSchemaIsTheFile) {
  EXPECT_EQ(node_schema_text(), read_text(LOCKSTEP_SOURCE_DIR "/config/schema/node.schema.json"));
}

// Each story: the file up to the line "----", then what is said about it.
TEST(NodeConfig, StoriesOfWhatIsRefused) {
  std::vector<std::filesystem::path> stories;
  for (const auto& entry : std::filesystem::directory_iterator(LOCKSTEP_SOURCE_DIR "/tests/config/stories")) {
    stories.push_back(entry.path());
  }
  std::sort(stories.begin(), stories.end());
  ASSERT_GE(stories.size(), 10u);
  for (const auto& path : stories) {
    const std::string story = read_text(path);
    const std::size_t cut = story.find("----\n");
    ASSERT_NE(cut, std::string::npos) << path;
    const auto settings = parse_node(story.substr(0, cut));
    std::string said;
    if (!settings) {
      for (const json::Problem& problem : settings.error())
        append_text(said, cat(to_text(problem, "x.json"), "\n"));
    }
    if (std::getenv("LOCKSTEP_BLESS") != nullptr) {
      std::ofstream(path, std::ios::binary) << story.substr(0, cut) << "----\n" << said;
    } else {
      EXPECT_EQ(said, story.substr(cut + 5)) << path;
    }
  }
}

TEST(Tokens, AFileOfTokensIsAnArray) {
  const auto tokens =
      parse_tokens(R"([{"role": "write", "token": "abc"}, {"name": "x", "role": "admin", "token": "d"}])");
  ASSERT_TRUE(tokens);
  EXPECT_EQ(*tokens, (std::vector<Token>{{"", Role::kWrite, "abc", ""}, {"x", Role::kAdmin, "d", ""}}));
  const auto refused = parse_tokens(R"([{"role": "root", "token": "abc"}])");
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_text(refused.error().front(), "t"),
            "t:1:11: /0/role: expected \"edge\", \"read\", \"write\" or \"admin\", found \"root\"");
  EXPECT_FALSE(parse_tokens(R"("another.json")"));
}

TEST(ClusterName, ANumberIsItselfAndANameIsAlwaysTheSameNumber) {
  EXPECT_EQ(cluster_id("7"), ClusterId(7));
  EXPECT_EQ(cluster_id("orders"), cluster_id("orders"));
  EXPECT_NE(cluster_id("orders"), cluster_id("order"));
  EXPECT_FALSE(cluster_id("0").is_none());
}

}  // namespace
}  // namespace lockstep::config
