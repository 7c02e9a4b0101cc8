// When a cluster owes service, and that a time without it is found.
#include "scenarios/availability.h"

#include <gtest/gtest.h>

#include "core/replica/events.h"
#include "scenarios/parse_scenario.h"
#include "scenarios/roster.h"
#include "scenarios/run.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

using namespace std::chrono_literals;
using reports::Completion;
using reports::Outcome;
using reports::Value;

// Three nodes, one client, a bound of two seconds.
class Court {
 public:
  // From when to when, in milliseconds.
  void op(std::int64_t from, std::int64_t until, Completion completion = Completion::kOk,
          std::string error = {}, const char* f = "write") {
    clients.push_back(1);
    const auto number = history.invoke(next_process++, f, "k", {}, from * 1'000'000);
    history.complete(number, completion, {}, until * 1'000'000, std::move(error));
  }
  reports::Verdict judge() const {
    return check_availability({{NodeId(1), NodeId(2), NodeId(3)}, 2, outages}, 2s, history, clients);
  }
  std::vector<Outage> outages;
  reports::History history;
  std::vector<std::uint32_t> clients;
  std::int64_t next_process = 0;
};

Outage down(Duration from, Duration until, std::set<NodeId> hosts) {
  return {.from = from, .until = until, .hosts = std::move(hosts), .groups = {}};
}
Outage apart(Duration from, Duration until, std::vector<std::set<NodeId>> groups) {
  return {.from = from, .until = until, .hosts = {}, .groups = std::move(groups)};
}

TEST(Availability, AWaitWithinTheBoundIsFineAndALongerOneIsSaid) {
  Court court;
  court.op(100, 200);
  court.op(1000, 2900);
  court.op(3000, 4000);
  EXPECT_EQ(court.judge().outcome, Outcome::kHolds);
  court.op(5000, 6000, Completion::kFail, "not executed");
  court.op(6100, 7100, Completion::kInfo, "unknown");
  court.op(7200, 7300);
  const auto verdict = court.judge();
  ASSERT_EQ(verdict.outcome, Outcome::kViolated);
  EXPECT_EQ(verdict.evidence.front(),
            "clients waited from 5.000 s to 7.300 s; nothing had changed since 0 ms, and a quorum was "
            "sound and "
            "connected");
}

TEST(Availability, WhatSqlRefusesWasServedAndWhatAnyNodeAnswersIsNoService) {
  Court court;
  court.op(100, 1000, Completion::kFail, "UNIQUE constraint failed");
  court.op(1100, 2900, Completion::kFail, "UNIQUE constraint failed");
  court.op(3000, 4800, Completion::kFail, "cas-mismatch");
  EXPECT_EQ(court.judge().outcome, Outcome::kHolds);
  court.op(5000, 6100, Completion::kFail, "not executed");
  court.op(6200, 6201, Completion::kOk, {}, "local-read");
  court.op(6500, 7101, Completion::kFail, "not executed");
  EXPECT_EQ(court.judge().outcome, Outcome::kViolated);
}

TEST(Availability, NobodyWaitsWhoDoesNotAsk) {
  Court court;
  court.op(100, 200);
  court.op(1000, 1150, Completion::kInfo, "no answer");
  court.op(9000, 9100);
  EXPECT_EQ(court.judge().outcome, Outcome::kHolds) << "a client that thinks for long";
  court.op(10'000, 10'100, Completion::kInfo, "no answer");
  court.op(10'500, 10'600, Completion::kInfo, "no answer");
  court.op(11'000, 11'900, Completion::kInfo, "no answer");
  court.op(12'300, 12'400);
  const auto verdict = court.judge();
  ASSERT_EQ(verdict.outcome, Outcome::kViolated) << "one that tries again has waited all the time";
  EXPECT_NE(verdict.evidence.front().find("waited from 10.000 s to 12.400 s"), std::string::npos)
      << verdict.evidence.front();
}

TEST(Availability, NothingIsOwedWithoutAQuorumNorToAClientThatDoesNotReachIt) {
  for (const Outage& outage :
       {down(0s, Outage::kForever, {NodeId(1), NodeId(2)}),
        apart(0s, Outage::kForever, {{NodeId(1)}, {NodeId(2)}, {NodeId(3)}}),
        apart(0s, Outage::kForever, {{Roster::client(1)}, {NodeId(1), NodeId(2), NodeId(3)}}),
        down(0s, Outage::kForever, {Roster::client(1)})}) {
    Court court;
    court.outages = {outage};
    court.op(100, 9000, Completion::kFail, "not executed");
    EXPECT_EQ(court.judge().outcome, Outcome::kHolds);
  }
}

TEST(Availability, AMinorityMayBeDownOrCutOff) {
  for (const Outage& outage :
       {down(0s, Outage::kForever, {NodeId(3)}),
        apart(0s, Outage::kForever, {{NodeId(3)}, {NodeId(1), NodeId(2), Roster::client(1)}})}) {
    Court court;
    court.outages = {outage};
    court.op(100, 9000, Completion::kFail, "not executed");
    EXPECT_EQ(court.judge().outcome, Outcome::kViolated);
  }
}

TEST(Availability, EachChangeBeginsTheTimeAnew) {
  Court court;
  court.op(100, 200);
  court.outages = {down(1s, 2500ms, {NodeId(1)}), down(4s, 5s, {NodeId(2)})};
  court.op(1100, 6500);
  EXPECT_EQ(court.judge().outcome, Outcome::kHolds);
  court.op(6600, 8700);
  EXPECT_EQ(court.judge().outcome, Outcome::kViolated);
}

TEST(Availability, UptimeIsWhatEventsTell) {
  Uptime uptime;
  std::uint64_t order = 0;
  const auto tell = [&](Duration at, std::uint64_t node, const env::Event& event) {
    uptime.on_event(
        {.order = order++, .at = at, .node = NodeId(node), .incarnation = Incarnation(1), .event = event});
  };
  tell(1s, 1, {sim::kProcessKilled, {}});
  tell(2s, 1, {sim::kPowerLost, {}});  // it was dead already
  tell(3s, 1, {sim::kProcessStarted, {}});
  tell(4s, 2, {sim::kProcessStalled, {5}});
  tell(5s, 2, {sim::kProcessResumed, {0}});
  tell(6s, 3, {replica::kNodeFailed, {1}});
  ASSERT_EQ(uptime.outages().size(), 3u);
  EXPECT_EQ(uptime.outages()[0].from, 1s);
  EXPECT_EQ(uptime.outages()[0].until, 3s);
  EXPECT_EQ(uptime.outages()[1].hosts, std::set<NodeId>{NodeId(2)});
  EXPECT_EQ(uptime.outages()[1].until, 5s);
  EXPECT_EQ(uptime.outages()[2].until, Outage::kForever);
}

TEST(Availability, ARunWithAMinorityDownIsWatched) {
  const auto fine =
      parse_scenario(R"({"name":"x","about":"x","workload":[{"kind":"counters","think":"10ms","for":"12s"}],
      "faults":[{"at":"1s","kill":"leader"}]})");
  ASSERT_TRUE(fine.has_value());
  const auto report = run_simulated(fine->front().scenario, {.seed = 3}).report;
  for (const auto& verdict : report.verdicts) {
    EXPECT_EQ(verdict.outcome, Outcome::kHolds) << verdict.name;
    if (verdict.name == "availability") {
      EXPECT_GE(verdict.checked.front().count, 1u);
    }
  }
}

// What a link has held back keeps those that came after it, too.
TEST(Availability, FramesThatWereDelayedAreUnderWayWhenTheFaultIsOver) {
  const auto late = parse_scenario(
      R"({"name":"x","about":"x","workload":[{"kind":"counters","think":"10ms","timeout":"500ms","for":"30s"}],
      "finally":{"converge_within":"60s"},"faults":[{"at":"8s","delay":"12s","for":"1s"}]})");
  ASSERT_TRUE(late.has_value());
  const auto report = run_simulated(late->front().scenario, {.seed = 1}).report;
  const auto verdict = std::ranges::find(report.verdicts, "availability", &reports::Verdict::name);
  ASSERT_NE(verdict, report.verdicts.end());
  EXPECT_EQ(verdict->outcome, Outcome::kHolds) << verdict->evidence.front();
}

TEST(Availability, AClockWhoseStepsNobodyNoticesIsAsGoodAsAnother) {
  for (const auto& [tick, watched] : {std::pair("1ms", 1u), std::pair("200ms", 0u)}) {
    const auto coarse = parse_scenario(
        cat(R"({"name":"x","about":"x","cluster":{"election_timeout":"400ms"},)",
            R"("workload":[{"kind":"counters","think":"50ms","for":"14s"}],)",
            R"("faults":[{"at":"1s","clock":{"target":"all","tick":")", tick, R"("}}]})"));
    ASSERT_TRUE(coarse.has_value()) << tick;
    const auto report = run_simulated(coarse->front().scenario, {.seed = 1}).report;
    const auto verdict = std::ranges::find(report.verdicts, "availability", &reports::Verdict::name);
    EXPECT_EQ(verdict->checked.front().count, watched) << tick;
  }
}

TEST(Availability, EachPercentOfLossAddsTheBoundOnce) {
  Network network;
  EXPECT_EQ(under_loss(network, 10s), 10s);
  network.loss = Probability{90'000};
  EXPECT_EQ(under_loss(network, 10s), 100s);
  network.loss = Probability{1};
  EXPECT_EQ(under_loss(network, 10s), 20s) << "a part of a percent is one";
}

}  // namespace
}  // namespace lockstep::scenarios
