// A closed window becomes one instruction, whoever leads, and its outcome comes back into the database.
#include <gtest/gtest.h>

#include "hub/events.h"
#include "tests/hub/field_device.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string count(TestHubs& hubs, const std::string& where) {
  return hubs.row("SELECT count(*) FROM hub_instructions WHERE " + where);
}

// So many windows more, and what was decided about each of them.
bool settles(TestHubs& hubs, ScriptedEdge& edge, int windows) {
  const std::size_t then = edge.settled.size() + static_cast<std::size_t>(windows);
  edge.read_windows(windows);
  return hubs.run_until([&] { return edge.settled.size() == then; });
}

TEST(Decisions, AClosedWindowBecomesAnInstructionThatIsDoneAndSettled) {
  TestHubs hubs(21);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  ASSERT_TRUE(settles(hubs, edge, 3));
  EXPECT_EQ(hubs.row("SELECT count(*), count(DISTINCT window), min(state), min(outcome), max(outcome) FROM "
                     "hub_instructions"),
            "3|3|3|1|1");
  const auto& [id, instruction] = *edge.taken.begin();
  EXPECT_EQ(instruction.device(), "e1/tank");
  EXPECT_EQ(instruction.action(), "set");
  ASSERT_EQ(instruction.parameters_size(), 1);
  EXPECT_EQ(instruction.parameters(0).name(), "heater");
  EXPECT_EQ(instruction.parameters(0).value().unit(), "1");
  hubs.run(seconds(1));
  for (const NodeId member : hubs.members()) {
    const auto logged = hubs.events().of(hub::kInstructionLogged, member);
    ASSERT_EQ(logged.size(), 3u);
    for (const Seen& one : logged)
      EXPECT_LT(one.fields[4], one.fields[0]) << "its inputs were committed before it";
    EXPECT_EQ(hubs.events().of(hub::kInstructionSettled, member).size(), 3u);
  }
}

TEST(Decisions, TheLeaderMayDieBetweenAnyTwoSteps) {
  const env::EventType* steps[] = {&hub::kDecided, &hub::kInstructionLogged, &hub::kInstructionSent,
                                   &hub::kInstructionSettled};
  std::uint64_t seed = 30;
  for (const env::EventType* step : steps) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      TestHubs hubs(++seed);
      ScriptedEdge edge(hubs);
      const NodeId leader = hubs.leader();
      edge.hello(leader);
      edge.read_windows(1);
      bool killed = false;
      hubs.events().then = [&](const sim::Recorded& recorded) {
        if (recorded.event.type->number != step->number || recorded.node != leader ||
            std::exchange(killed, true))
          return;
        hubs.world().schedule_after({}, [&] { hubs.world().kill(leader); });
        hubs.world().schedule_after(seconds(2), [&] { hubs.world().start(leader); });
      };
      edge.read_windows(4);
      ASSERT_TRUE(hubs.run_until([&] {
        return killed && hubs.world().is_alive(leader) && count(hubs, "state < 3") == "0";
      })) << step->name
          << " " << seed;
      hubs.events().then = nullptr;
      EXPECT_EQ(hubs.row("SELECT count(*) - count(DISTINCT window) FROM hub_instructions"), "0")
          << step->name << seed;
      EXPECT_EQ(hubs.row("SELECT max(window) FROM hub_instructions"), cat(kFirstWindow + 4))
          << step->name << seed;
      EXPECT_EQ(cat(edge.taken.size()), hubs.row("SELECT count(*) FROM hub_instructions"))
          << step->name << seed;
    }
  }
}

TEST(Decisions, AMissedDeadlineIsNotedUntilSomebodyKnowsMore) {
  TestHubs hubs(22);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  edge.is_silent = true;
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state = 2 AND outcome = 0") == "1"; }));
  edge.is_silent = false;  // it comes back
  edge.hello(leader);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state = 3 AND outcome = 1") == "1"; }));
  const auto settled = hubs.events().of(hub::kInstructionSettled, leader);
  ASSERT_EQ(settled.size(), 2u);
  EXPECT_EQ(settled[0].fields[2], 0u);
  EXPECT_EQ(settled[1].fields[2], 1u);
  EXPECT_EQ(hubs.row("SELECT decided, done, missed FROM hub_totals"), "1|1|1");
}

TEST(Decisions, AnInstructionIsSentAgainUntilItIsAcknowledged) {
  TestHubs hubs(23);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  edge.is_silent = true;
  edge.read_windows(1);
  hubs.run(seconds(2));
  EXPECT_GE(hubs.events().of(hub::kInstructionSent).size(), 3u);
  edge.is_silent = false;
  edge.says_results = false;
  ASSERT_TRUE(hubs.run_until([&] { return !edge.taken.empty(); }));
  hubs.run(seconds(1));
  const std::size_t sent = hubs.events().of(hub::kInstructionSent).size();
  hubs.run(seconds(2));
  EXPECT_EQ(hubs.events().of(hub::kInstructionSent).size(), sent);
}

TEST(Decisions, WhatWaitsIsTakenBackWhenANewerInstructionIsThere) {
  TestHubs hubs(28);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  edge.says_results = false;
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return edge.taken.size() == 1; }));
  EXPECT_EQ(hubs.edge().count(wire::FieldMessage::kCancel), 0u);
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(wire::FieldMessage::kCancel) == 1; }));
  EXPECT_EQ(hubs.edge().last(wire::FieldMessage::kCancel).cancel().id(), edge.taken.begin()->first);
}

TEST(Decisions, ALateResultIsAnsweredThoughItIsKnown) {
  TestHubs hubs(24);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  ASSERT_TRUE(settles(hubs, edge, 1));
  const std::string before = hubs.row("SELECT * FROM hub_corrections");
  const std::uint64_t id = *edge.settled.begin();
  edge.settled.clear();
  edge.after = 100;
  edge.say_result(leader, id);
  ASSERT_TRUE(hubs.run_until([&] { return edge.settled.contains(id); }));
  EXPECT_EQ(hubs.row("SELECT * FROM hub_corrections"), before);
}

TEST(Decisions, ResultsCorrectTheNextDecisionsAndSqlResetsThat) {
  TestHubs hubs(25);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  edge.after = 329;  // near enough: the gain stays, and is counted
  edge.read_windows(6);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state < 3") == "0"; }));
  hubs.run(seconds(1));
  const std::string corrections = hubs.row("SELECT device, gain, updates > 0 FROM hub_corrections");
  EXPECT_EQ(corrections, "e1/tank|1|1");
  const auto decided = hubs.events().of(hub::kDecided);
  EXPECT_EQ(decided.front().fields[4], 0u);
  EXPECT_EQ(decided.back().fields[4], 1u) << "the correction was an input";
  ASSERT_TRUE(hubs.write("DELETE FROM hub_corrections"));
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_corrections"), "0");
}

// What still comes of a signal that the device had says nothing about those that it has.
TEST(Decisions, ASignalThatADeviceHasNoMoreClosesNoWindow) {
  TestHubs hubs(29);
  const NodeId leader = hubs.leader();
  wire::FieldMessage hello;
  hello.mutable_hello()->set_role(wire::EDGE);
  hello.mutable_hello()->set_name("e1");
  wire::Device& device = *hello.mutable_hello()->add_devices();
  for (const int signals : {2, 1}) {  // the second time without the first one
    device = tank();
    if (signals == 1) device.mutable_signals()->DeleteSubrange(0, 1);
    device.set_controlled("level");
    hubs.edge().say(leader, hello);
    const std::string length = cat(device.ByteSizeLong());
    ASSERT_TRUE(
        hubs.run_until([&] { return hubs.row("SELECT length(description) FROM hub_devices") == length; }));
  }
  wire::FieldMessage message;
  wire::SensorBatch& batch = *message.mutable_batch();
  batch.set_buffer(7);
  batch.set_stream(1);
  batch.set_sequence(1);
  wire::SensorBlock& block = *batch.add_blocks();
  block.set_series("e1/tank/temperature");
  const std::vector<series::Point> points{{kEpochNs, 320}, {kEpochNs + 3 * kWindowNs, 320}};
  block.set_points(series::pack(points));
  hubs.edge().say(leader, message);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM series_blocks") == "1"; }));
  hubs.run(seconds(2));
  EXPECT_EQ(count(hubs, "1"), "0");
}

// An edge leaves alone what it has seen: a number that comes again would never be carried out.
TEST(Decisions, NumbersGoOnWhoeverDeletesInstructions) {
  TestHubs hubs(32);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  ASSERT_TRUE(settles(hubs, edge, 3));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_instructions"));
  for (const NodeId member : hubs.members()) hubs.world().kill(member);
  for (const NodeId member : hubs.members()) hubs.world().start(member);
  edge.hello(hubs.leader());
  edge.read_windows(2);
  ASSERT_TRUE(hubs.run_until([&] { return edge.settled.size() >= 5; }));
  EXPECT_EQ(hubs.row("SELECT min(id) FROM hub_instructions"), "4");
}

// Who could say whether it was done is lost; the one that begins anew must not do it once more.
TEST(Decisions, WhatAStoreWasToldThatIsLostHasNoKnownOutcome) {
  TestHubs hubs(35);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.store = 5;
  edge.hello(leader);
  edge.says_results = false;
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return edge.taken.size() == 1; }));
  edge.taken.clear();
  edge.says_results = true;
  edge.store = 6;
  edge.anew = true;
  edge.hello(leader);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state = 3 AND outcome = 0") == "1"; }));
  edge.hello(
      leader);  // as long as it runs with --anew it says so; that takes nothing from what it is told now
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state = 3 AND outcome = 1") == "1"; }));
  for (const auto& [id, instruction] : edge.taken) EXPECT_EQ(instruction.store(), 6u);
  EXPECT_EQ(edge.taken.size(), 1u);
}

// An older database was restored: the edge has heard long ago that the outcome is committed, and has
// forgotten.
TEST(Decisions, WhatAnEdgeHasForgottenAsSettledDoesNotStayOpen) {
  TestHubs hubs(36);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  edge.says_results = false;
  edge.read_windows(2);
  ASSERT_TRUE(hubs.run_until([&] { return edge.taken.size() == 2; }));
  edge.floor = 2;
  edge.hello(leader);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state = 3 AND outcome = 0") == "1"; }));
  EXPECT_EQ(hubs.row("SELECT id FROM hub_instructions WHERE state < 3"), "2");
}

// One of each outcome.
void settle_one_of_each(TestHubs& hubs, ScriptedEdge& edge) {
  using wire::InstructionResult;
  for (const auto outcome :
       {InstructionResult::DONE, InstructionResult::FAILED, InstructionResult::EXPIRED,
        InstructionResult::CANCELLED, InstructionResult::REFUSED, InstructionResult::INTERRUPTED}) {
    edge.outcome = outcome;
    ASSERT_TRUE(settles(hubs, edge, 1)) << outcome;
  }
}

constexpr const char* kOutcomes =
    "SELECT decided, done, failed, expired, cancelled, refused, interrupted FROM hub_totals";

TEST(Decisions, OutcomesAndWhatIsOpenAreAllThatWasDecided) {
  TestHubs hubs(37);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  settle_one_of_each(hubs, edge);
  edge.says_results = false;
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return edge.taken.size() == 7; }));
  edge.floor = 8;  // the edge has forgotten the seventh
  edge.hello(leader);
  ASSERT_TRUE(hubs.run_until([&] { return count(hubs, "state = 3") == "7"; }));
  edge.read_windows(1);
  ASSERT_TRUE(hubs.run_until([&] { return edge.taken.size() == 8; }));
  EXPECT_EQ(hubs.row(kOutcomes), "8|1|1|1|1|1|1");
  wire::FieldMessage hello;
  hello.mutable_hello()->set_role(wire::CLOUD);
  hubs.cloud().say(leader, hello);
  const auto report = [&] { return hubs.cloud().last(wire::FieldMessage::kReport).report(); };
  ASSERT_TRUE(hubs.run_until([&] { return report().instructions() == 8; }));
  const wire::StatusReport::Outcomes outcomes = report().outcomes();
  EXPECT_EQ(outcomes.open(), 1u);
  EXPECT_EQ(outcomes.unknown(), 1u);
  EXPECT_EQ(report().done() + outcomes.failed() + outcomes.expired() + outcomes.cancelled() +
                outcomes.refused() + outcomes.interrupted() + outcomes.unknown() + outcomes.open(),
            report().instructions());
}

// Version 2 of the tables counted only what was done.
TEST(Decisions, TotalsOfAnOlderHubLearnOutcomesFromRows) {
  TestHubs hubs(38);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  settle_one_of_each(hubs, edge);
  ASSERT_TRUE(hubs.write("DELETE FROM hub_instructions WHERE outcome = 2"));
  ASSERT_TRUE(hubs.make_tables_of_version_2());
  for (const NodeId member : hubs.members()) hubs.world().kill(member);
  for (const NodeId member : hubs.members()) hubs.world().start(member);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT max(version) FROM hub_schema") == "3"; }));
  EXPECT_EQ(hubs.row(kOutcomes), "6|1|0|1|1|1|1");
  edge.hello(hubs.leader());
  edge.outcome = wire::InstructionResult::FAILED;
  ASSERT_TRUE(settles(hubs, edge, 1));
  EXPECT_EQ(hubs.row(kOutcomes), "7|1|1|1|1|1|1") << "and count on";
}

TEST(Decisions, TotalsComeBackFromWhatInstructionsShow) {
  TestHubs hubs(34);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  ASSERT_TRUE(settles(hubs, edge, 3));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_totals"));
  EXPECT_TRUE(
      hubs.run_until([&] { return hubs.row("SELECT decided, done, missed FROM hub_totals") == "3|3|0"; }));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_instructions WHERE id < 3"));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_totals"));
  EXPECT_TRUE(
      hubs.run_until([&] { return hubs.row("SELECT decided, done, missed FROM hub_totals") == "3|1|0"; }));
  ASSERT_TRUE(settles(hubs, edge, 1));
  EXPECT_EQ(hubs.row("SELECT decided, done, missed FROM hub_totals"), "4|2|0") << "and count on";
}

// As docs/hub.md says it.
TEST(Decisions, AnEdgeThatWillNotComeBackIsForgottenForGood) {
  TestHubs hubs(39);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  edge.says_results = false;
  edge.read_windows(2);
  ASSERT_TRUE(hubs.run_until([&] { return edge.taken.size() == 2; }));
  edge.is_silent = true;
  hubs.run(seconds(4));
  for (const char* words :
       {"DELETE FROM hub_streams WHERE edge = (SELECT node FROM hub_edges WHERE name = 'e1')",
        "UPDATE hub_instructions SET state = 3 WHERE state < 3 AND device IN (SELECT device FROM hub_devices "
        "WHERE edge = 'e1')",
        "DELETE FROM hub_corrections WHERE device IN (SELECT device FROM hub_devices WHERE edge = 'e1')",
        "DELETE FROM hub_devices WHERE edge = 'e1'", "DELETE FROM hub_edges WHERE name = 'e1'"})
    ASSERT_TRUE(hubs.write(words)) << words;
  hubs.run(seconds(10));
  EXPECT_EQ(
      hubs.row(
          "SELECT (SELECT count(*) FROM hub_edges), (SELECT count(*) FROM hub_devices), (SELECT count(*) "
          "FROM hub_streams), (SELECT count(*) FROM hub_instructions WHERE state < 3)"),
      "0|0|0|0");
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_instructions"), "2") << "what was decided stays to be read";
  wire::FieldMessage hello;
  hello.mutable_hello()->set_role(wire::CLOUD);
  hubs.cloud().say(hubs.leader(), hello);
  const auto report = [&] { return hubs.cloud().last(wire::FieldMessage::kReport).report(); };
  ASSERT_TRUE(hubs.run_until([&] { return report().instructions() == 2; }));
  EXPECT_EQ(report().edges_size(), 0);
  EXPECT_EQ(report().outcomes().open(), 0u);
}

// A hub whose database is another or an older one, with an edge that has gone further.
TEST(Decisions, NumbersGoOnAboveThoseThatEdgesKnow) {
  TestHubs hubs(33);
  ScriptedEdge edge(hubs);
  edge.newest = 40;
  edge.hello(hubs.leader());
  ASSERT_TRUE(settles(hubs, edge, 2));
  EXPECT_EQ(hubs.rows("SELECT id FROM hub_instructions ORDER BY id"), (std::vector<std::string>{"41", "42"}));
  edge.newest = ~std::uint64_t{0};  // nonsense is not believed
  edge.hello(hubs.leader());
  ASSERT_TRUE(settles(hubs, edge, 1));
  EXPECT_EQ(hubs.row("SELECT max(id) FROM hub_instructions"), "43");
}

// The edge's clock is set back by an hour: its windows have numbers that were used. Then a new leader goes
// on.
TEST(Decisions, AClockThatIsSetBackStopsNothing) {
  TestHubs hubs(27);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  edge.read_windows(3);
  edge.set_clock_back(3600);
  edge.read_windows(3);
  ASSERT_TRUE(hubs.run_until([&] { return edge.settled.size() == 6; }));
  EXPECT_EQ(hubs.row("SELECT max(window) FROM hub_instructions"), cat(kFirstWindow + 5));
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_instructions WHERE input_to_ns < " + cat(kEpochNs)), "3");
  hubs.world().kill(leader);
  hubs.leader();
  ASSERT_TRUE(settles(hubs, edge, 2));
  EXPECT_EQ(hubs.row("SELECT count(*), max(window) FROM hub_instructions"), cat("8|", kFirstWindow + 7));
}

// An edge that was away brings its readings in order: only where a deadline can still be kept something is
// decided.
TEST(Decisions, WhatWouldExpireOnArrivalIsSkippedAndSaid) {
  TestHubs hubs(30);
  ScriptedEdge edge(hubs);
  const NodeId leader = hubs.leader();
  edge.hello(leader);
  edge.lag = 60;
  edge.read_windows(3);
  EXPECT_EQ(count(hubs, "1"), "0");
  const auto skipped = hubs.events().of(hub::kWindowSkipped);
  ASSERT_EQ(skipped.size(), 3u) << "once each";
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(skipped[i].node, leader);
    EXPECT_EQ(skipped[i].fields[1], kFirstWindow + i);
    EXPECT_EQ(skipped[i].text, "e1/tank");
  }
  edge.lag = 0;
  ASSERT_TRUE(settles(hubs, edge, 2));
  EXPECT_EQ(hubs.row("SELECT count(*), min(window) FROM hub_instructions"), cat("2|", kFirstWindow + 3));
  EXPECT_EQ(hubs.events().of(hub::kWindowSkipped).size(), 3u);
}

TEST(Decisions, AWindowIsNotDecidedBeforeItIsClosed) {
  TestHubs hubs(26);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  edge.read_windows(1);
  hubs.run(seconds(5));
  EXPECT_EQ(count(hubs, "window >= " + cat(kFirstWindow + 1)), "0");
}

}  // namespace
}  // namespace lockstep::tests
