// What a real run refuses or skips is said before it begins, with the reason.
#include "scenarios/real/limits.h"

#include <gtest/gtest.h>

#include "scenarios/parse_scenario.h"

namespace lockstep::real {
namespace {

scenarios::Scenario hub(std::string_view length, std::string_view fault) {
  const auto variants = scenarios::parse_scenario(
      cat(R"({"name":"x","about":"x","system":"hub","field":{"edges":1,"for":")", length,
          R"("},"workload":[{"kind":"versioned_writes","for":"8s"}],"faults":[)", fault, "]}"));
  EXPECT_TRUE(variants.has_value()) << json::to_text(variants.error().front(), "x");
  return variants ? variants->front().scenario : scenarios::Scenario();
}

std::string reason(std::string_view fault) {
  return why_not(hub("8s", fault).faults.at(0)).value_or("it strikes");
}

TEST(Limits, NobodyWaitsLongerThanTenMinutes) {
  EXPECT_TRUE(check_length(hub("10m", "")));
  const Status refused = check_length(hub("601s", ""));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("at most 10m on real processes"), std::string::npos)
      << refused.error().message;
}

TEST(Limits, WhatCannotBeDoneHereHasAReason) {
  EXPECT_EQ(reason(R"({"at":"1s","kill":"n1","for":"1s"})"), "it strikes");
  EXPECT_EQ(reason(R"({"at":"1s","stall":"e1","for":"1s"})"), "it strikes");
  EXPECT_EQ(reason(R"({"when":{"event":"executed","from":"e1"},"kill":"e1","for":"1s"})"), "it strikes");
  EXPECT_EQ(reason(R"({"at":"1s","stall":"cloud","for":"1s"})"),
            "the cloud is part of the runner here, which must not stand still");
  EXPECT_EQ(reason(R"({"at":"1s","sensor_stuck":{"target":"e1"},"for":"1s"})"),
            "the plants of a real edge break for nobody");
  EXPECT_EQ(reason(R"({"at":"1s","clog":{"target":"e1"},"for":"1s"})"),
            "the rules of a process's transport know no clog");
  EXPECT_EQ(reason(R"({"when":{"event":"disk_fault"},"kill":"n1","for":"1s"})"),
            "only the simulator tells of disk_fault");
}

}  // namespace
}  // namespace lockstep::real
