// The small parts around the loop: endpoints, the alarm, the probe switch, the loop's end.
#include <gtest/gtest.h>

#include "net/loop_alarm.h"
#include "net/probe_switch.h"
#include "net/system_clock.h"
#include "tests/net/neighbours.h"

namespace lockstep::net {
namespace {

TEST(Endpoints, ReadAndPrintTheSame) {
  for (const std::string text : {"127.0.0.1:7000", "[::1]:7000", "hub.example:0", "localhost:65535"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
  EXPECT_EQ(*parse_endpoint("[::1]:7"), (Endpoint{"::1", 7}));
}

TEST(Endpoints, WhatIsNoneIsNamed) {
  for (const std::string text : {"", ":1", "host", "host:", "host:65536", "host:-1", "host:1x", "host: 1",
                                 "::1:7000", "[::1:7000", "[]:1", "[::1]7000"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().message,
              "expected HOST:PORT with a port from 0 to 65535, found \"" + text + "\"");
  }
}

TEST(Endpoints, LoopbackIsWhatThisMachineAloneReaches) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"})
    EXPECT_TRUE(is_loopback({host, 1})) << host;
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.org", ""})
    EXPECT_FALSE(is_loopback({host, 1})) << host;
}

TEST(Endpoints, AnAddressInUseIsNamed) {
  EventLoop loop;
  const auto first = listen(loop.context(), {.host = "127.0.0.1"});
  ASSERT_TRUE(first);
  const Endpoint taken{"127.0.0.1", first->local_endpoint().port()};
  const auto second = listen(loop.context(), taken);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(second.error().message, cat("cannot listen on ", to_string(taken), ": Address already in use"));
}

TEST(EventLoops, AStopThatComesBeforeTheRunCounts) {
  EventLoop loop;
  loop.stop();
  loop.run();  // returns
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

// A timer that has expired calls back even if it is destroyed before its turn comes.
TEST(LoopAlarms, AnAlarmThatIsGoneDoesNotRing) {
  EventLoop loop;
  SystemClock clock;
  int rung = 0;
  auto alarm = std::make_unique<LoopAlarm>(loop.context(), clock, [&] { ++rung; });
  alarm->set(clock.monotonic_now());
  LoopAlarm other(loop.context(), clock, [&] { rung += 100; });
  other.set(clock.monotonic_now());
  bool ended = false;
  loop.after(Duration::zero(), [&] {
    alarm.reset();
    other.set(kNever);
    ended = true;
  });
  while (clock.monotonic_now() == clock.monotonic_now()) continue;
  loop.run_until([&] { return ended; }, kPatience);
  const int before = rung;
  loop.run_for(5ms);
  EXPECT_EQ(rung, before);
}

TEST(LoopAlarms, RingsOnceForEachSetHoweverOftenItIsMoved) {
  EventLoop loop;
  SystemClock clock;
  int rung = 0;
  LoopAlarm alarm(loop.context(), clock, [&] { ++rung; });
  for (int i = 0; i < 1'000; ++i) alarm.set(clock.monotonic_now() + std::chrono::microseconds(10 * (i % 7)));
  EXPECT_TRUE(loop.run_until([&] { return rung == 1; }, kPatience));
  loop.run_for(2ms);
  EXPECT_EQ(rung, 1);
  alarm.set(clock.monotonic_now());
  EXPECT_TRUE(loop.run_until([&] { return rung == 2; }, kPatience));
}

TEST(ProbeSwitches, HoldWhatIsArmedUntilItIsReleased) {
  constexpr env::ProbePoint kHere{"here"}, kThere{"there"};
  std::vector<int> ran;
  int turns = 0;
  ProbeSwitch probes([&](const std::function<void()>& work) {
    ++turns;
    work();
  });
  std::vector<ProbeSwitch::Hit> hits;
  probes.on_hit([&](const ProbeSwitch::Hit& hit) { hits.push_back(hit); });
  probes.reached(kHere, 1, [&] { ran.push_back(1); });
  EXPECT_EQ(ran, std::vector{1});  // unarmed: at once, and nobody is told
  probes.arm("here");
  probes.reached(kHere, 2, [&] { ran.push_back(2); });
  probes.reached(kHere, 3, [&] { ran.push_back(3); });
  probes.reached(kThere, 4, [&] { ran.push_back(4); });
  EXPECT_EQ(ran, (std::vector{1, 4}));
  ASSERT_EQ(hits.size(), 2u);
  EXPECT_EQ(hits[1].point, "here");
  EXPECT_EQ(hits[1].object, 3u);
  probes.disarm("here");
  EXPECT_TRUE(probes.release(hits[1].ticket));
  EXPECT_FALSE(probes.release(hits[1].ticket));
  EXPECT_EQ(ran, (std::vector{1, 4, 3}));
  EXPECT_EQ(turns, 1);
  probes.release_all();
  EXPECT_EQ(ran, (std::vector{1, 4, 3, 2}));
}

TEST(ProbeSwitches, ReleasingAllEndsAlthoughWorkIsHeldAgain) {
  constexpr env::ProbePoint kHere{"here"};
  ProbeSwitch probes([](const std::function<void()>& work) { work(); });
  probes.arm("here");
  int passes = 0;
  std::function<void()> again = [&] {
    ++passes;
    probes.reached(kHere, 1, again);
  };
  again();
  probes.release_all();
  EXPECT_EQ(passes, 2);
}

}  // namespace
}  // namespace lockstep::net
