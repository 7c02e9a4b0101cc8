// Stories about what a node's configuration and a scenario both say under "cluster".
#include "config/consensus.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace lockstep::config {
namespace {

using namespace std::chrono_literals;

Consensus read_from(std::string_view text, json::Problems& problems, Consensus out = {}) {
  const auto document = json::parse(text);
  CHECK(document.has_value(), "not JSON: ", text);
  read(json::Cursor(*document, problems), out);
  return out;
}

TEST(Consensus, WhatIsNotGivenStaysAsItIs) {
  json::Problems problems;
  const Consensus before{.write_mode = WriteMode::kStrong, .batch = {7, 1000, 5ms}, .drop_prefix_entries = 9};
  const Consensus after = read_from(R"({"batch": {"max_bytes": 2000}})", problems, before);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(after, (Consensus{.write_mode = WriteMode::kStrong,
                              .batch = {7, 2000, 5ms},
                              .drop_prefix_entries = 9}));
}

TEST(Consensus, HeartbeatsAreASixthOfTheElectionTimeoutUnlessGiven) {
  json::Problems problems;
  EXPECT_EQ(read_from(R"({"election_timeout": "900ms"})", problems).heartbeat_interval, 150ms);
  EXPECT_EQ(read_from(R"({"election_timeout": "900ms", "heartbeat_interval": "20ms"})", problems)
                .heartbeat_interval,
            20ms);
  EXPECT_TRUE(problems.empty());
}

TEST(Consensus, OneLostHeartbeatMustNotCostTheLeaderItsOffice) {
  json::Problems problems;
  read_from(R"({"election_timeout": "300ms", "heartbeat_interval": "100ms"})", problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].pointer, "/heartbeat_interval");
  EXPECT_EQ(problems[0].expected, "less than a third of the election timeout, 300ms");
}

TEST(Consensus, AnElectionTimeoutThatIsRefusedIsRefusedOnce) {
  json::Problems problems;
  const Consensus consensus = read_from(R"({"election_timeout": "0ms"})", problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].expected, "at least 1ms");
  EXPECT_EQ(consensus, Consensus());
}

TEST(Consensus, WhatIsWrittenIsReadAsTheSame) {
  const Consensus all{.election_timeout = 2s,
                      .heartbeat_interval = 77ms,
                      .write_mode = WriteMode::kStrong,
                      .pause_before_commit = 3ms,
                      .prepare_timeout = 4s,
                      .batch = {5, 6, 7us},
                      .drop_prefix_entries = 8};
  json::Problems problems;
  EXPECT_EQ(read_from(to_json(all).dump(), problems), all);
  EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace lockstep::config
