// What every Transport, Lanes, Alarm and Clock must do (base/env).
#include "tests/contract/harness.h"
#include "tests/contract/kinds.h"

namespace lockstep::contract {
namespace {

using namespace std::chrono_literals;

class TransportContract : public Contract {};
class LanesContract : public Contract {};
class AlarmContract : public Contract {};

TEST_P(TransportContract, AMessageArrivesWholeWithItsSenderAndChannelAndNotInsideSend) {
  const Bytes large(300'000, 'x');
  Behaviour sender, receiver;
  bool sending = false;
  int heard = 0;
  receiver.on_message = [&](const env::Env&, NodeId from, Channel channel, BytesView payload) {
    EXPECT_FALSE(sending);
    EXPECT_EQ(from, NodeId(1));
    EXPECT_EQ(channel, heard == 0 ? Channel::kRequest : Channel::kRaft);
    EXPECT_EQ(payload, heard == 0 ? BytesView() : BytesView(large));
    ++heard;
  };
  sender.on_start = [&](const env::Env& env) {
    sending = true;
    Bytes payload = large;
    env.transport.send(NodeId(2), Channel::kRequest, "");
    env.transport.send(NodeId(2), Channel::kRaft, payload);
    payload.assign(payload.size(), '?');  // send has copied
    sending = false;
  };
  const auto harness = make();
  harness->start(NodeId(2), receiver);
  harness->start(NodeId(1), sender);
  EXPECT_TRUE(harness->run_until([&] { return heard == 2; }));
}

TEST_P(TransportContract, SendingToNobodyAndToTheDeadIsNoError) {
  Behaviour sender, receiver;
  int answers = 0;
  receiver.on_message = [](const env::Env& env, NodeId from, Channel channel, BytesView) {
    env.transport.send(from, channel, "answer");
  };
  sender.on_start = [](const env::Env& env) {
    env.transport.send(NodeId(2), Channel::kRaft, "hello");
    env.transport.send(NodeId(99), Channel::kRaft, "hello");
    env.transport.forget(NodeId(99));
  };
  sender.on_message = [&](const env::Env&, NodeId, Channel, BytesView) { ++answers; };
  const auto harness = make();
  harness->start(NodeId(2), receiver);
  harness->kill(NodeId(2));
  harness->start(NodeId(1), sender);
  harness->run_for(200ms);
  EXPECT_EQ(answers, 0);
}

TEST_P(LanesContract, JobsRunOneAfterAnotherAndComeBackInOrderNeverInsideSubmit) {
  Behaviour behaviour;
  std::string ran;
  std::string done;
  bool inside = false;
  behaviour.on_start = [&](const env::Env& env) {
    for (const char name : {'a', 'b', 'c'})
      submit(
          env, 0,
          [&, name] {
            EXPECT_FALSE(inside);
            inside = true;
            (void)env.disk.exists("f");
            ran.push_back(name);
            inside = false;
          },
          [&, name] { done.push_back(name); });
    EXPECT_EQ(done, "");
  };
  const auto harness = make();
  harness->start(NodeId(1), behaviour);
  EXPECT_TRUE(harness->run_until([&] { return done.size() == 3; }));
  EXPECT_EQ(ran, "abc");
  EXPECT_EQ(done, "abc");
}

TEST_P(LanesContract, AfterAKillNoJobComesBack) {
  Behaviour behaviour;
  bool done = false;
  behaviour.on_start = [&](const env::Env& env) {
    submit(
        env, 0,
        [&env] {
          while (env.disk.exists("f")) continue;
        },
        [&] { done = true; });
  };
  const auto harness = make();
  harness->start(NodeId(1), behaviour);
  harness->run_for(20ms);
  harness->kill(NodeId(1));
  harness->run_for(20ms);
  EXPECT_FALSE(done);
}

TEST_P(AlarmContract, RingsOnceAtOrAfterItsInstant) {
  Behaviour behaviour;
  int rung = 0;
  Instant due{};
  behaviour.on_start = [&](const env::Env& env) {
    due = env.clock.monotonic_now() + 30ms;
    env.alarm.set(due);
  };
  behaviour.on_alarm = [&](const env::Env& env) {
    ++rung;
    EXPECT_GE(env.clock.monotonic_now(), due);
  };
  const auto harness = make();
  harness->start(NodeId(1), behaviour);
  EXPECT_TRUE(harness->run_until([&] { return rung > 0; }));
  harness->run_for(50ms);
  EXPECT_EQ(rung, 1);
}

TEST_P(AlarmContract, ANewInstantReplacesTheOldOneAndNeverDisarms) {
  Behaviour later, disarmed;
  Instant due{};
  int rung = 0;
  bool disarmed_rang = false;
  later.on_start = [&](const env::Env& env) {
    env.alarm.set(env.clock.monotonic_now() + 1ms);
    due = env.clock.monotonic_now() + 40ms;
    env.alarm.set(due);
  };
  later.on_alarm = [&](const env::Env& env) {
    ++rung;
    EXPECT_GE(env.clock.monotonic_now(), due);
  };
  disarmed.on_start = [](const env::Env& env) {
    env.alarm.set(env.clock.monotonic_now() + 1ms);
    env.alarm.set(kNever);
  };
  disarmed.on_alarm = [&](const env::Env&) { disarmed_rang = true; };
  const auto harness = make();
  harness->start(NodeId(1), later);
  harness->start(NodeId(2), disarmed);
  EXPECT_TRUE(harness->run_until([&] { return rung > 0; }));
  EXPECT_FALSE(disarmed_rang);
}

TEST_P(AlarmContract, AnInstantInThePastRingsSoonAndTheMonotonicClockNeverGoesBack) {
  Behaviour behaviour;
  int rung = 0;
  Instant last{};
  behaviour.on_start = [&](const env::Env& env) {
    last = env.clock.monotonic_now();
    env.alarm.set(Instant{});
  };
  behaviour.on_alarm = [&](const env::Env& env) {
    EXPECT_GE(env.clock.monotonic_now(), last);
    last = env.clock.monotonic_now();
    if (++rung < 5) env.alarm.set(last - 1ns);
  };
  const auto harness = make();
  harness->start(NodeId(1), behaviour);
  EXPECT_TRUE(harness->run_until([&] { return rung == 5; }));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, TransportContract, testing::ValuesIn(all_kinds()),
                         [](const auto& kind) { return kind.param.name; });
INSTANTIATE_TEST_SUITE_P(Everywhere, LanesContract, testing::ValuesIn(all_kinds()),
                         [](const auto& kind) { return kind.param.name; });
INSTANTIATE_TEST_SUITE_P(Everywhere, AlarmContract, testing::ValuesIn(all_kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace lockstep::contract
