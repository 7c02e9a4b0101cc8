// Instructions: at most once, in order, in time, and their outcomes until the hub has them.
#include <gtest/gtest.h>

#include "tests/edge/field.h"

namespace lockstep::edge {
namespace {

using wire::InstructionResult;

class Ready : public testing::Test {
 protected:
  Ready() { field.world.run_for(seconds(3)); }
  InstructionResult::Outcome outcome(std::uint64_t id) { return field.books.results[id].outcome(); }
  void run(Duration duration = seconds(2)) { field.world.run_for(duration); }
  Field field;
};

TEST_F(Ready, IsAcknowledgedExecutedAndAnsweredWithEvidence) {
  field.send(heat(1, 0.5));
  run();
  EXPECT_EQ(field.devices.told, std::vector<std::string>{"tank.heater=0.5"});
  EXPECT_EQ(field.books.acks[1], 1);
  EXPECT_EQ(outcome(1), InstructionResult::DONE);
  const auto& result = field.books.results[1];
  ASSERT_EQ(result.evidence_size(), 2);
  EXPECT_EQ(result.evidence(0).signal(), "temperature");
  EXPECT_EQ(result.evidence(0).before().unit(), "K");
  EXPECT_LT(result.evidence(0).before().value(), result.evidence(0).after().value());
  EXPECT_GT(result.executed_ns(), 0);
}

// Of what a sensor is sampled for every bit is a reading; who counts samples counts readings.
TEST_F(Ready, EvidenceIsLookedAtAndNotSampled) {
  for (std::uint64_t id = 1; id <= 5; ++id) field.send(heat(id, 0.5));
  run();
  field.devices.silent = true;
  run();
  EXPECT_EQ(field.devices.looked, 5u * 2 * 2) << "two signals, before and after";
  std::uint64_t readings = 0;
  for (const auto& [name, batch] : field.events.batches) readings += batch.readings;
  EXPECT_EQ(readings, field.devices.shown - field.devices.looked);
}

// Two processes under one name: what is meant for the other one is not ours, whatever number it came to.
TEST_F(Ready, WhatIsForAnotherStoreIsLeftAlone) {
  wire::Instruction theirs = heat(1, 0.5);
  theirs.set_store(field.books.hello.store() + 1);
  field.send(theirs);
  run();
  EXPECT_EQ(field.books.acks[1], 0);
  EXPECT_TRUE(field.devices.told.empty());
  wire::Instruction ours = heat(2, 0.25);
  ours.set_store(field.books.hello.store());
  field.send(ours);
  run();
  EXPECT_EQ(field.devices.told, std::vector<std::string>{"tank.heater=0.25"});
}

TEST_F(Ready, ADuplicateIsAcknowledgedAndNotExecuted) {
  for (int i = 0; i < 5; ++i) field.send(heat(1, 0.5));
  run();
  field.send(heat(1, 0.5));
  run();
  EXPECT_EQ(field.events.executed[1], 1);
  EXPECT_GE(field.books.duplicates[1], 1);
}

TEST_F(Ready, ALateDuplicateOfWhatIsForgottenIsKnownByTheFloor) {
  field.send(heat(1, 0.5));
  run();
  field.books.settled_floor = 2;
  field.settle(1);
  run();
  field.send(heat(1, 0.5));
  run();
  field.world.power_loss(kEdge);
  field.world.start(kEdge);
  run(seconds(5));
  EXPECT_EQ(field.books.hello.floor(), 2u);
  field.send(heat(1, 0.5));
  run();
  EXPECT_EQ(field.events.executed[1], 1);
  EXPECT_EQ(field.books.duplicates[1], 2);
}

TEST_F(Ready, WhatIsSettledAboveTheFloorIsNotExecutedAgainEither) {
  field.send(heat(7, 0.5));
  run();
  field.settle(7);
  run();
  field.send(heat(7, 0.5));
  field.world.power_loss(kEdge);
  field.world.start(kEdge);
  run(seconds(5));
  EXPECT_EQ(field.books.hello.newest(), 7u) << "numbers that it would leave alone";
  field.send(heat(7, 0.5));
  run();
  EXPECT_EQ(field.events.executed[7], 1);
}

TEST_F(Ready, WhatTheHubGaveUpBeforeItCameIsNotExecuted) {
  field.settle(5);
  run();
  field.send(heat(5, 0.5));
  run();
  EXPECT_EQ(field.events.executed[5], 0);
}

TEST_F(Ready, AResultIsSentUntilItIsSettledAcrossRestartsToo) {
  field.books.settles = false;
  field.send(heat(1, 0.5));
  run(seconds(5));
  EXPECT_GE(field.books.times[1], 3);
  field.world.power_loss(kEdge);
  field.world.start(kEdge);
  const int before = field.books.times[1];
  run(seconds(5));
  EXPECT_GT(field.books.times[1], before);
  field.settle(1);
  run();
  const int then = field.books.times[1];
  run(seconds(5));
  EXPECT_EQ(field.books.times[1], then);
}

TEST_F(Ready, RunsInTheOrderOfPriorityThenNumber) {
  std::vector<wire::Instruction> all = {heat(1, 0.1), heat(2, 0.2), heat(3, 0.3), heat(4, 0.4)};
  for (auto& instruction : all) instruction.set_not_before_ns(field.wall_ns() + 1'000'000'000);
  all[2].set_priority(5);
  all[3].set_priority(5);
  for (const auto& instruction : all) field.send(instruction);
  run(milliseconds(900));
  EXPECT_EQ(field.devices.told.size(), 0u);
  run(seconds(3));
  EXPECT_EQ(field.devices.told, (std::vector<std::string>{"tank.heater=0.3", "tank.heater=0.4",
                                                          "tank.heater=0.1", "tank.heater=0.2"}));
}

TEST_F(Ready, DevicesDoNotWaitForEachOther) {
  field.send(heat(1, 0.1));
  field.send(set(2, "motor", "voltage", 12, "V"));
  run(milliseconds(150));
  EXPECT_EQ(field.devices.told, (std::vector<std::string>{"tank.heater=0.1", "motor.voltage=12"}));
}

TEST_F(Ready, TooLateIsExpired) {
  auto late = heat(1, 0.5);
  late.set_deadline_ns(field.wall_ns() - 1);
  field.send(late);
  run();
  EXPECT_EQ(outcome(1), InstructionResult::EXPIRED);
  EXPECT_EQ(field.devices.told.size(), 0u);
}

TEST_F(Ready, CancelledBeforeItBeginsIsNotExecuted) {
  auto later = heat(1, 0.5);
  later.set_not_before_ns(field.wall_ns() + 3'000'000'000);
  field.send(later);
  run(seconds(1));
  field.cancel(1);
  run(seconds(5));
  EXPECT_EQ(outcome(1), InstructionResult::CANCELLED);
  field.cancel(2);  // it overtakes its instruction
  run();
  field.send(heat(2, 0.5));
  run();
  EXPECT_EQ(outcome(2), InstructionResult::CANCELLED);
  EXPECT_EQ(field.devices.told.size(), 0u);
  field.send(heat(3, 0.5));
  run();
  field.cancel(3);
  run();
  EXPECT_EQ(outcome(3), InstructionResult::DONE);
}

TEST_F(Ready, WhatNoDeviceCanDoIsRefusedWithTheReason) {
  const std::map<std::string, wire::Instruction> bad = {
      {"has no device", set(1, "boiler", "heater", 0.5, "1")},
      {"no actuator", set(2, "tank", "drain", 0.5, "1")},
      {"from 0 to 1", heat(3, 1.5)},
      {"found nan", heat(4, std::numeric_limits<double>::quiet_NaN())},
      {"in 1, found 'K'", set(5, "tank", "heater", 0.5, "K")},
  };
  for (const auto& [reason, instruction] : bad) field.send(instruction);
  auto twice = heat(6, 0.5);
  *twice.add_parameters() = twice.parameters(0);
  field.send(twice);
  auto dance = heat(7, 0.5);
  dance.set_action("dance");
  field.send(dance);
  run();
  for (const auto& [reason, instruction] : bad) {
    EXPECT_EQ(outcome(instruction.id()), InstructionResult::REFUSED) << reason;
    EXPECT_NE(field.books.results[instruction.id()].message().find(reason), std::string::npos)
        << field.books.results[instruction.id()].message();
  }
  EXPECT_EQ(outcome(6), InstructionResult::REFUSED);
  EXPECT_EQ(outcome(7), InstructionResult::REFUSED);
  EXPECT_EQ(field.devices.told.size(), 0u);
}

TEST_F(Ready, ADeviceThatCannotIsAFailure) {
  field.devices.broken = true;
  field.send(heat(1, 0.5));
  run();
  EXPECT_EQ(outcome(1), InstructionResult::FAILED);
  EXPECT_EQ(field.books.results[1].message(), "heater: stuck");
}

// Stops the edge when instruction `id` is begun and not yet executed.
void stop_in_the_middle(Field& field) {
  sim::ProbeRule rule{.point = "edge.before_execute", .nth = 1};
  rule.decide = [&field](const sim::ProbeHit& hit) {
    field.world.power_loss(hit.node);
    return sim::ProbeDecision{};
  };
  field.world.probes().arm(rule);
}

TEST_F(Ready, InterruptedIsNotExecutedAgain) {
  stop_in_the_middle(field);
  field.send(heat(1, 0.5));
  run();
  ASSERT_FALSE(field.world.is_alive(kEdge));
  field.world.start(kEdge);
  run(seconds(5));
  EXPECT_EQ(outcome(1), InstructionResult::INTERRUPTED);
  field.send(heat(1, 0.5));
  run();
  EXPECT_EQ(field.events.executed[1], 0);
}

TEST_F(Ready, InterruptedAndIdempotentIsExecutedAgainInTime) {
  stop_in_the_middle(field);
  auto again = heat(1, 0.5);
  again.set_idempotent(true);
  field.send(again);
  run();
  ASSERT_FALSE(field.world.is_alive(kEdge));
  field.world.start(kEdge);
  run(seconds(5));
  EXPECT_EQ(outcome(1), InstructionResult::DONE);
  EXPECT_EQ(field.events.executed[1], 1);
}

TEST_F(Ready, InterruptedAndIdempotentIsNotExecutedAgainIfTheHubTakesItBack) {
  stop_in_the_middle(field);
  auto again = heat(1, 0.5);
  again.set_idempotent(true);
  again.set_not_before_ns(field.wall_ns() + 1'000'000'000);
  field.send(again);
  run();
  ASSERT_FALSE(field.world.is_alive(kEdge));
  field.world.start(kEdge);
  field.world.jump_wall_clock(kEdge, -minutes(1));  // so that it waits
  run(seconds(3));
  field.cancel(1);
  run();
  EXPECT_EQ(outcome(1), InstructionResult::INTERRUPTED);
  run(minutes(2));
  EXPECT_EQ(field.events.executed[1], 0);
}

TEST_F(Ready, AClockThatIsSetBackRepeatsNothingAndOneSetForwardExpires) {
  auto soon = heat(1, 0.5);
  soon.set_deadline_ns(field.wall_ns() + 5'000'000'000);
  field.send(soon);
  auto later = heat(2, 0.6);
  later.set_not_before_ns(field.wall_ns() + 60'000'000'000);
  later.set_deadline_ns(field.wall_ns() + 70'000'000'000);
  field.send(later);
  run();
  field.world.jump_wall_clock(kEdge, -minutes(10));
  field.send(soon);
  run();
  field.world.power_loss(kEdge);
  field.world.start(kEdge);
  run(seconds(4));
  field.send(soon);
  run();
  EXPECT_EQ(field.events.executed[1], 1);
  EXPECT_EQ(field.events.executed[2], 0);
  field.world.jump_wall_clock(kEdge, minutes(30));
  run();
  EXPECT_EQ(outcome(2), InstructionResult::EXPIRED);
}

TEST_F(Ready, ManyInstructionsWithLossAndRestartsAreExecutedOnceEach) {
  field.disturb(sim::Verdict::Kind::kDrop, 200'000);
  field.disturb(sim::Verdict::Kind::kDuplicate, 300'000);
  for (int round = 0; round < 12; ++round) {
    for (std::uint64_t id = 1; id <= 30; ++id)
      if (!field.books.results.contains(id)) field.send(heat(id, 0.5));
    run(milliseconds(1300));
    if (round % 3 == 2) {
      field.world.power_loss(kEdge);
      field.world.start(kEdge);
    }
  }
  EXPECT_EQ(field.compare(), "");
  EXPECT_EQ(field.events.ended.size(), 30u);
}

}  // namespace
}  // namespace lockstep::edge
