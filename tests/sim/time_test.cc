// Stories about simulated time: the queue, the clocks and how long things take.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"
#include "base/latency.h"
#include "sim/process_clock.h"
#include "sim/scheduler.h"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

struct Tokens final : Receiver {
  void on_event(std::uint64_t token) override { seen.push_back(token); }
  std::vector<std::uint64_t> seen;
};

TEST(Scheduler, EventsComeByTimeAndThenInTheOrderOfScheduling) {
  Scheduler scheduler;
  Tokens tokens;
  constexpr Purpose kTimes{"test.scheduler.times"};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> expected;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    const std::uint64_t time = below(draw(1, kTimes, 0, i), 100);
    scheduler.schedule(SimTime{Duration{static_cast<std::int64_t>(time)}}, tokens, i);
    expected.emplace_back(time, i);
  }
  while (scheduler.step()) {
  }
  std::sort(expected.begin(), expected.end());
  ASSERT_EQ(tokens.seen.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(tokens.seen[i], expected[i].second);
}

TEST(Scheduler, AnEventInThePastHappensNowAndTimeNeverGoesBack) {
  Scheduler scheduler;
  std::vector<std::int64_t> times;
  scheduler.call(SimTime{10ns}, [&] {
    scheduler.call(SimTime{3ns}, [&] { times.push_back(scheduler.now().time_since_epoch().count()); });
  });
  scheduler.call(SimTime{11ns}, [&] { times.push_back(scheduler.now().time_since_epoch().count()); });
  while (scheduler.step()) {
  }
  EXPECT_EQ(times, (std::vector<std::int64_t>{10, 11}));
}

TEST(Scheduler, WhatGoesRoundInCirclesIsNoticedAndTimePassesAllTheSame) {
  Scheduler scheduler;
  std::uint64_t circles = 0;
  std::function<void()> again = [&] {
    ++circles;
    scheduler.call(scheduler.now(), again);
  };
  scheduler.call(SimTime{5s}, again);
  while (!scheduler.standstill()) ASSERT_TRUE(scheduler.step());
  EXPECT_EQ(scheduler.standstill()->at, SimTime{5s});
  EXPECT_EQ(circles, Scheduler::kMostAtOnce + 1);
  while (scheduler.now() < SimTime{6s}) ASSERT_TRUE(scheduler.step());
  EXPECT_LE(circles, Scheduler::kMostAtOnce + 1002);
}

TEST(ProcessClock, OffsetAndDriftAreExact) {
  ProcessClock fast({.monotonic_offset = 5s, .wall_offset = -2s, .drift_ppm = 100});
  EXPECT_EQ(fast.monotonic_at(SimTime{}), Instant{5s});
  EXPECT_EQ(fast.monotonic_at(SimTime{1000s}), Instant{1005s + 100ms});
  EXPECT_EQ(fast.wall_at(SimTime{}), kWallAtBeginning - 2s);
  EXPECT_EQ(fast.wall_at(SimTime{1000s}), kWallAtBeginning + 998s + 100ms);
}

TEST(ProcessClock, ADriftChangeDoesNotJumpAndAWallJumpMovesTheWallOnly) {
  ProcessClock clock({.drift_ppm = 500});
  const Instant before = clock.monotonic_at(SimTime{100s});
  clock.set_drift(SimTime{100s}, -500);
  EXPECT_EQ(clock.monotonic_at(SimTime{100s}), before);
  EXPECT_EQ(clock.monotonic_at(SimTime{200s}), before + 100s - 50ms);
  clock.jump_wall(-1h);
  EXPECT_EQ(clock.monotonic_at(SimTime{100s}), before);
  EXPECT_EQ(clock.wall_at(SimTime{100s}), kWallAtBeginning + before.time_since_epoch() - 1h);
}

TEST(ProcessClock, TheMomentOfAnInstantIsTheFirstOneAndNeverEarly) {
  constexpr Purpose kStory{"test.clock.story"};
  Stream stream(7, kStory, 0);
  for (int i = 0; i < 5'000; ++i) {
    const std::int64_t drift = static_cast<std::int64_t>(stream.next_below(1'000'000)) - 500'000;
    const Duration offset{static_cast<std::int64_t>(stream.next_below(1'000'000'000))};
    ProcessClock clock({.monotonic_offset = offset, .drift_ppm = drift});
    const Instant instant{offset +
                          Duration{static_cast<std::int64_t>(1 + stream.next_below(1'000'000'000'000))}};
    const SimTime moment = clock.when(instant);
    ASSERT_GE(clock.monotonic_at(moment), instant);
    ASSERT_LT(clock.monotonic_at(moment - 1ns), instant);
  }
  EXPECT_EQ(ProcessClock({.drift_ppm = -999'999}).when(Instant::max()), kEndOfTime);
}

TEST(Latency, MedianAndNinetyNinthPercentileAreAsGiven) {
  const Latency latency{1ms, 8ms};
  constexpr Purpose kSample{"test.latency"};
  std::vector<Duration> samples;
  for (std::uint64_t i = 0; i < 100'000; ++i) samples.push_back(latency.from(draw(3, kSample, 0, i)));
  std::sort(samples.begin(), samples.end());
  EXPECT_NEAR(static_cast<double>(samples[50'000].count()), 1e6, 1e4);
  EXPECT_NEAR(static_cast<double>(samples[99'000].count()), 8e6, 2e5);
  EXPECT_GE(samples.front(), 500us);
  EXPECT_LE(samples.back(), 16ms);
}

TEST(Latency, TheQuantileFunctionNeverFalls) {
  const Latency latency{3ms, 20ms};
  Duration previous{};
  for (std::uint64_t i = 0; i < 65'536; ++i) {
    const Duration next = latency.from(i << 48);
    ASSERT_GE(next, previous);
    previous = next;
  }
  EXPECT_EQ((Latency{0ms, 0ms}.from(~0ull)), Duration{});
}

TEST(ProcessClock, AFrozenClockStandsAndGoesOnFromWhereItStood) {
  ProcessClock clock({.drift_ppm = 1000});
  const Instant before = clock.monotonic_at(SimTime{10s});
  clock.freeze(SimTime{10s});
  EXPECT_EQ(clock.monotonic_at(SimTime{15s}), before);
  EXPECT_EQ(clock.wall_at(SimTime{15s}), clock.wall_at(SimTime{10s}));
  EXPECT_EQ(clock.when(before + 1ns), kEndOfTime);
  clock.freeze(SimTime{12s});
  clock.thaw(SimTime{20s});
  EXPECT_EQ(clock.monotonic_at(SimTime{25s}), before) << "one freeze still holds";
  clock.thaw(SimTime{30s});
  EXPECT_EQ(clock.monotonic_at(SimTime{40s}), before + 10s + 10ms);
}

TEST(ProcessClock, ALeapTakesBothClocksForward) {
  ProcessClock clock({});
  clock.leap(3s);
  EXPECT_EQ(clock.monotonic_at(SimTime{1s}), Instant{4s});
  EXPECT_EQ(clock.wall_at(SimTime{1s}), kWallAtBeginning + 4s);
  EXPECT_EQ(clock.when(Instant{2s}), SimTime{}) << "that moment has been leapt over";
}

TEST(ProcessClock, ACoarseClockShowsItsMultiplesNeverGoesBackAndIsNeverEarly) {
  ProcessClock clock({});
  const Instant before = clock.monotonic_at(SimTime{1005ms});
  clock.set_tick(SimTime{1005ms}, 40ms);
  EXPECT_GE(clock.monotonic_at(SimTime{1005ms}), before);
  Instant last = before;
  for (Duration at = 1005ms; at < 2s; at += 3ms) {
    const Instant shown = clock.monotonic_at(SimTime{at});
    EXPECT_GE(shown, last);
    EXPECT_EQ(shown.time_since_epoch() % 40ms, Duration{});
    last = shown;
    const SimTime moment = clock.when(shown + 1ns);
    EXPECT_GE(clock.monotonic_at(moment), shown + 1ns);
    EXPECT_LT(clock.monotonic_at(moment - 1ns), shown + 1ns);
  }
  clock.set_tick(SimTime{2s}, 1ns);
  EXPECT_GE(clock.monotonic_at(SimTime{2s}), last);
}

}  // namespace
}  // namespace lockstep::sim
