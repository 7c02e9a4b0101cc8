// Stories about processes in a simulated world: lanes, alarms, death, stalls, probes, fingerprints.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "tests/sim/actors.h"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;
using env::OpenMode;
using Lines = std::vector<std::string>;

constexpr env::ProbePoint kPoint{"test.point"};
constexpr env::EventType kNoted{900, "noted", {"value"}};

TEST(Lanes, JobsOfOneLaneRunInOrderAndTakeTheTimeOfTheirDiskCalls) {
  Script script;
  World world({.seed = 1});
  SimTime finished{};
  script.on_start = [&](ScriptedActor& self) {
    for (int i = 0; i < 3; ++i)
      self.run_job(
          0,
          [&self, i] {
            const auto file = self.env.disk.open(cat("f", i), OpenMode::kCreate);
            ASSERT_TRUE(file);
            EXPECT_TRUE((*file)->write_at(0, "x"));
            EXPECT_TRUE((*file)->sync());
            self.say(cat("ran ", i));
          },
          [&, i] {
            self.say(cat("done ", i));
            finished = world.now();
          });
    self.say("submitted");
  };
  run_script(world, 1, script, {.disk = {.sync = {2ms, 2ms}}});
  EXPECT_EQ(script.log, Lines{"submitted"}) << "a job never runs inside submit";
  world.run_for(1s);
  EXPECT_EQ(script.log, (Lines{"submitted", "ran 0", "done 0", "ran 1", "done 1", "ran 2", "done 2"}));
  EXPECT_GT(finished.time_since_epoch(), 3ms);
  EXPECT_LT(finished.time_since_epoch(), 13ms);
}

TEST(Lanes, TwoLanesWaitForTheDiskAtTheSameTime) {
  Script script;
  World world({.seed = 1});
  script.on_start = [](ScriptedActor& self) {
    for (const int lane : {0, 1})
      self.run_job(lane, [&self, lane] {
        const auto file = self.env.disk.open(cat("f", lane), OpenMode::kCreate);
        self.say(cat("opened ", lane));
        EXPECT_TRUE((*file)->sync());
        self.say(cat("synced ", lane));
      });
  };
  run_script(world, 1, script);
  world.run_for(1s);
  ASSERT_EQ(script.log.size(), 4u);
  EXPECT_TRUE(script.log[1].starts_with("opened")) << "the second lane did not wait for the first one's sync";
}

TEST(LanesDeathTest, ADiskCallOutsideALaneIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto call_from_actor = [] {
    Script script;
    World world({.seed = 1});
    script.on_start = [](ScriptedActor& self) { (void)self.env.disk.exists("f"); };
    run_script(world, 1, script);
  };
  EXPECT_DEATH(call_from_actor(), "a blocking call outside the lanes");
}

// Kills the process at every nanosecond at which something may happen and looks at how far the job got.
TEST(Lanes, AKillFallsBetweenAnyTwoDiskCallsAndTheJobUnwinds) {
  std::set<int> reached;
  for (std::int64_t at = 0; at < 60; ++at) {
    Script script;
    int calls = 0;
    bool failed_gone = false, went_on = false, unwound = false;
    {
      World world({.seed = 3});
      script.on_start = [&](ScriptedActor& self) {
        self.run_job(
            0,
            [&] {
              const auto mark = [&unwound](int*) { unwound = true; };
              int anything = 0;
              const std::unique_ptr<int, decltype(mark)> guard(&anything, mark);
              auto file = self.env.disk.open("f", OpenMode::kCreate);
              for (int i = 0; file && i < 4; ++i) {
                ++calls;
                const Status status = (*file)->write_at(0, "x");
                if (status) continue;
                failed_gone = status.error().code == ErrorCode::kGone;
                went_on = (*file)->sync().has_value() || self.env.disk.exists("f").has_value();
                break;
              }
            },
            [&self] { self.say("done"); });
      };
      run_script(world, 1, script, {.disk = {.write = {10us, 10us}, .name = {10us, 10us}}});
      world.run_until(SimTime{at * 1us});
      world.kill(NodeId(1));
      EXPECT_TRUE(unwound || calls == 0);
      EXPECT_EQ(script.log.back(), "actor destroyed") << "jobs are destroyed before the actor";
      EXPECT_FALSE(went_on);
      world.run_for(1s);
    }
    if (failed_gone) reached.insert(calls);
  }
  EXPECT_EQ(reached, (std::set<int>{1, 2, 3, 4}));
}

TEST(Lanes, AJobThatIsKilledByItsOwnEventUnwindsFirst) {
  Script script;
  World world({.seed = 1});
  struct Killer final : Observer {
    explicit Killer(World& target) : world(target) {}
    void on_event(const Recorded&) override { world.kill(NodeId(1)); }
    World& world;
  } killer(world);
  EventLog log;
  world.recorder().subscribe_acting(kNoted, killer);
  world.recorder().subscribe(kNoted, log);
  world.recorder().subscribe(kProcessKilled, log);
  script.on_start = [](ScriptedActor& self) {
    self.run_job(0, [&self] {
      self.env.trace.emit({kNoted, {1}});
      const auto file = self.env.disk.open("f", OpenMode::kCreate);
      self.say(file ? "opened" : cat("failed: ", to_string(file.error().code)));
    });
  };
  run_script(world, 1, script);
  world.run_for(1s);
  EXPECT_EQ(script.log, (Lines{"failed: process gone", "actor destroyed"}));
  EXPECT_FALSE(world.is_alive(NodeId(1)));
  ASSERT_EQ(log.lines.size(), 2u);
  EXPECT_EQ(log.lines[0].type, "noted") << "the cause is seen before the effect";
  EXPECT_EQ(log.lines[1].type, "process_killed");
}

TEST(Alarm, NeverEarlyByTheProcessesOwnClockAndOnlyOnce) {
  for (const std::int64_t drift : {-200'000, -1, 0, 1, 200'000}) {
    Script script;
    World world({.seed = 1});
    int alarms = 0;
    const Instant deadline{7s};
    script.on_start = [&](ScriptedActor& self) {
      self.env.alarm.set(Instant{6s});
      self.env.alarm.set(Instant{9s});
      self.env.alarm.set(deadline);
    };
    script.on_alarm = [&](ScriptedActor& self) {
      ++alarms;
      EXPECT_GE(self.env.clock.monotonic_now(), deadline);
      EXPECT_LT(self.env.clock.monotonic_now(), deadline + 10ns);
    };
    run_script(world, 1, script, {.clock = {.monotonic_offset = 5s, .drift_ppm = drift}});
    world.run_for(20s);
    EXPECT_EQ(alarms, 1) << drift;
  }
}

TEST(Alarm, FollowsAChangeOfDriftInBothDirections) {
  for (const std::int64_t drift : {-300'000, 300'000}) {
    Script script;
    World world({.seed = 1});
    SimTime rang{};
    script.on_start = [](ScriptedActor& self) { self.env.alarm.set(Instant{10s}); };
    script.on_alarm = [&](ScriptedActor& self) {
      EXPECT_GE(self.env.clock.monotonic_now(), Instant{10s});
      rang = world.now();
    };
    run_script(world, 1, script);
    world.run_for(5s);
    world.set_drift(NodeId(1), drift);
    world.run_for(30s);
    EXPECT_EQ(rang > SimTime{10s}, drift < 0);
    EXPECT_NE(rang, SimTime{});
  }
}

TEST(Process, EventsOfADeadIncarnationNeverFireInTheNextOne) {
  Script script;
  World world({.seed = 1});
  script.on_start = [](ScriptedActor& self) {
    self.say(cat("start ", self.env.incarnation));
    if (self.env.incarnation != Incarnation(1)) return;
    self.env.alarm.set(Instant{1s});
    self.run_job(0, [&self] { (void)self.env.disk.exists("f"); }, [&self] { self.say("done"); });
  };
  script.on_alarm = [](ScriptedActor& self) { self.say("alarm"); };
  run_script(world, 1, script);
  world.kill(NodeId(1));
  world.start(NodeId(1));
  world.run_for(5s);
  EXPECT_EQ(script.log, (Lines{"start 1", "actor destroyed", "start 2"}));
}

TEST(Process, EveryLifeHasASeedOfItsOwnAndTheSameOneInEveryRun) {
  const auto seeds = [](std::uint64_t world_seed) {
    Script script;
    World world({.seed = world_seed});
    std::vector<std::uint64_t> seen;
    script.on_start = [&](ScriptedActor& self) { seen.push_back(self.env.seed); };
    run_script(world, 1, script);
    world.kill(NodeId(1));
    world.start(NodeId(1));
    return seen;
  };
  EXPECT_EQ(seeds(1), seeds(1));
  EXPECT_NE(seeds(1)[0], seeds(1)[1]);
  EXPECT_NE(seeds(1)[0], seeds(2)[0]);
}

TEST(Process, AProcessCrashKeepsUnsyncedBytesAndAPowerLossMayNot) {
  int kept_by_kill = 0, kept_by_power_loss = 0;
  for (std::uint64_t seed = 0; seed < 32; ++seed)
    for (const bool power : {false, true}) {
      Script script;
      World world({.seed = seed});
      script.on_start = [](ScriptedActor& self) {
        self.run_job(0, [&self] {
          const auto file = self.env.disk.open("f", OpenMode::kCreate);
          if (self.env.incarnation == Incarnation(1)) {
            EXPECT_TRUE((*file)->write_at(0, "abc"));
          } else {
            self.say(cat("size ", *(*file)->size()));
          }
        });
      };
      run_script(world, 1, script);
      world.run_for(1s);
      power ? world.power_loss(NodeId(1)) : world.kill(NodeId(1));
      world.start(NodeId(1));
      world.run_for(1s);
      (power ? kept_by_power_loss : kept_by_kill) += script.log.back() == "size 3" ? 1 : 0;
    }
  EXPECT_EQ(kept_by_kill, 32);
  EXPECT_GT(kept_by_power_loss, 3);
  EXPECT_LT(kept_by_power_loss, 29);
}

TEST(Process, AStalledProcessHearsEverythingLaterInOrderAndItsClockGoesOn) {
  Script stalled, sender;
  ScriptedActor* from = nullptr;
  World world({.seed = 1, .latency = {1ms, 1ms}});
  stalled.on_start = [](ScriptedActor& self) {
    self.env.alarm.set(Instant{10ms});
    self.run_job(0, [&self] { (void)self.env.disk.exists("f"); }, [&self] { self.say("done"); });
  };
  const auto say_at = [](ScriptedActor& self, std::string what) {
    const auto now = self.env.clock.monotonic_now().time_since_epoch();
    self.say(cat(what, " at ", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
  };
  stalled.on_message = [&](ScriptedActor& self, NodeId, BytesView payload) {
    say_at(self, std::string(payload));
  };
  stalled.on_alarm = [&](ScriptedActor& self) { say_at(self, "alarm"); };
  sender.on_start = [&](ScriptedActor& self) { from = &self; };
  run_script(world, 1, stalled);
  run_script(world, 2, sender);
  world.stall(NodeId(1), 50ms);
  from->send(1, "first");
  world.run_for(20ms);
  from->send(1, "second");
  world.run_until(SimTime{49ms});
  EXPECT_TRUE(stalled.log.empty());
  world.run_for(1s);
  EXPECT_EQ(stalled.log, (Lines{"first at 50", "alarm at 50", "second at 50", "done"}));
}

TEST(Probe, UnarmedItRunsOnAndACountingRuleCounts) {
  Script script;
  World world({.seed = 1});
  script.on_start = [](ScriptedActor& self) {
    for (std::uint64_t i = 0; i < 3; ++i)
      self.env.probe.reached(kPoint, i, [&self, i] { self.say(cat("then ", i)); });
  };
  const auto counting = world.probes().arm({.point = "test.point", .node = NodeId(1)});
  const auto other = world.probes().arm({.point = "test.point", .node = NodeId(2)});
  run_script(world, 1, script);
  EXPECT_EQ(script.log, (Lines{"then 0", "then 1", "then 2"}));
  EXPECT_EQ(world.probes().hits(counting), 3u);
  EXPECT_EQ(world.probes().hits(other), 0u);
}

TEST(Probe, AHeldPieceOfWorkHoldsItselfOnlyAndDiesWithItsIncarnation) {
  for (const bool killed : {false, true}) {
    Script script;
    World world({.seed = 1});
    script.on_start = [](ScriptedActor& self) {
      if (self.env.incarnation != Incarnation(1)) return;
      for (std::uint64_t i = 1; i <= 3; ++i)
        self.env.probe.reached(kPoint, i, [&self, i] { self.say(cat("then ", i)); });
    };
    world.probes().arm({.point = "test.point", .nth = 2, .decide = [](const ProbeHit& hit) {
                          EXPECT_EQ(hit.object, 2u);
                          return ProbeDecision{ProbeDecision::Kind::kHold, 100ms};
                        }});
    run_script(world, 1, script);
    EXPECT_EQ(script.log, (Lines{"then 1", "then 3"}));
    world.run_for(50ms);
    if (killed) {
      world.kill(NodeId(1));
      world.start(NodeId(1));
    }
    world.run_for(1s);
    EXPECT_EQ(script.log.back(), killed ? "actor destroyed" : "then 2");
  }
}

TEST(Process, ReleaseEndsAStallAndLetsGoOfHeldWork) {
  Script script;
  World world({.seed = 1});
  script.on_start = [](ScriptedActor& self) {
    self.env.alarm.set(Instant{10ms});
    self.env.probe.reached(kPoint, 1, [&self] { self.say("then"); });
  };
  script.on_alarm = [](ScriptedActor& self) { self.say("alarm"); };
  world.probes().arm({.point = "test.point", .decide = [](const ProbeHit&) {
                        return ProbeDecision{ProbeDecision::Kind::kHold, 24h};
                      }});
  run_script(world, 1, script);
  world.stall(NodeId(1), 24h);
  world.run_for(1s);
  EXPECT_TRUE(script.log.empty());
  world.release(NodeId(1));
  world.run_for(1s);
  EXPECT_EQ(script.log, (Lines{"alarm", "then"}));
  world.run_for(48h);
  EXPECT_EQ(script.log.size(), 2u);
}

TEST(Probe, ACrashAtAPointLosesWhatWouldHaveFollowed) {
  Script script, peer;
  World world({.seed = 1});
  int heard = 0;
  peer.on_message = [&](ScriptedActor&, NodeId, BytesView) { ++heard; };
  script.on_start = [](ScriptedActor& self) {
    self.env.probe.reached(kPoint, 1, [&self] { self.say("then"); });
    self.send(2, "from the grave");
    self.say("returned");
  };
  world.probes().arm({.point = "test.point", .decide = [&](const ProbeHit& hit) {
                        world.kill(hit.node);
                        return ProbeDecision{};
                      }});
  run_script(world, 2, peer);
  run_script(world, 1, script);
  EXPECT_EQ(script.log, (Lines{"returned", "actor destroyed"}));
  world.run_for(1s);
  EXPECT_EQ(heard, 0) << "a dead process has no effects";
}

// Four hosts that gossip, write, sync and set alarms, under loss, kills, power losses, stalls and drift.
struct Fingerprint {
  explicit Fingerprint(std::uint64_t seed) : world({.seed = seed}) {
    for (std::uint64_t node = 1; node <= 4; ++node) {
      Script& script = scripts[node - 1];
      script.on_start = [](ScriptedActor& self) { self.env.alarm.set(self.env.clock.monotonic_now() + 5ms); };
      script.on_alarm = [](ScriptedActor& self) {
        self.env.alarm.set(self.env.clock.monotonic_now() + 5ms);
        self.send(1 + self.env.seed % 4, "gossip");
        self.run_job(0, [&self] {
          const auto file = self.env.disk.open("log", OpenMode::kCreate);
          if (!file) return;
          const auto size = (*file)->size();
          if (size && (*file)->write_at(*size, "line")) (void)(*file)->sync();
        });
      };
      script.on_message = [](ScriptedActor& self, NodeId from, BytesView payload) {
        self.env.trace.emit({kNoted, {from.value()}, payload});
        if (payload.size() < 12) self.send(1 + (from.value() + payload.size()) % 4, cat(payload, "!"));
      };
      run_script(world, node, script, {.clock = {.drift_ppm = static_cast<std::int64_t>(node) * 50}});
    }
    world.network().add_rule(std::make_unique<RandomFault>(FaultOptions{.parts_per_million = 50'000}));
    for (int round = 0; round < 10; ++round) {
      const NodeId victim(1 + static_cast<std::uint64_t>(round) % 4);
      world.run_for(37ms);
      world.stall(NodeId(1 + victim.value() % 4), 10ms);
      round % 2 == 0 ? world.kill(victim) : world.power_loss(victim);
      world.run_for(11ms);
      world.start(victim);
    }
  }
  std::array<Script, 4> scripts;
  World world;
};

TEST(World, TheSameSeedGivesTheSameHashAndAnotherSeedAnother) {
  Fingerprint first(1), second(1), other(2);
  EXPECT_GT(first.world.recorder().events(), 1'000u);
  EXPECT_EQ(first.world.recorder().events(), second.world.recorder().events());
  EXPECT_EQ(first.world.recorder().hash(), second.world.recorder().hash());
  EXPECT_EQ(first_differing_window(first.world.recorder().fingerprint(), second.world.recorder().fingerprint()), std::nullopt);
  EXPECT_NE(first.world.recorder().hash(), other.world.recorder().hash());
  // For comparing builds: --gtest_output=xml.
  RecordProperty("trace", hex16(first.world.recorder().hash()));
}

TEST(Recorder, TheFirstDifferingWindowIsFound) {
  Recorder a, b;
  for (std::uint64_t i = 0; i < 5 * Recorder::kWindowEvents; ++i) {
    const std::uint64_t other = i == 3 * Recorder::kWindowEvents + 7 ? i + 1 : i;
    a.record(SimTime{}, NodeId(1), Incarnation(1), {kNoted, {i}});
    b.record(SimTime{}, NodeId(1), Incarnation(1), {kNoted, {other}});
  }
  EXPECT_EQ(first_differing_window(a.fingerprint(), b.fingerprint()), 3u);
}

TEST(World, CallbacksOfNemesesRunInOrderOfTime) {
  Lines log;
  World world({.seed = 1});
  world.schedule(SimTime{2s}, [&] { log.push_back("second"); });
  world.schedule(SimTime{1s}, [&] {
    log.push_back("first");
    world.schedule_after(500ms, [&] { log.push_back("between"); });
  });
  world.run_until(SimTime{3s});
  EXPECT_EQ(log, (Lines{"first", "between", "second"}));
  EXPECT_EQ(world.now(), SimTime{3s});
}

}  // namespace
}  // namespace lockstep::sim
