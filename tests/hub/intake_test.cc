// Batches come in exactly once, whatever is sent again, lost or killed.
#include <gtest/gtest.h>

#include "hub/events.h"
#include "tests/hub/test_hubs.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = wire::FieldMessage;

constexpr std::uint64_t kBuffer = 0xfeed'0000'0000'0001;  // negative as a 64-bit integer of SQL

// Three readings that nobody else has.
wire::FieldMessage batch(std::uint64_t sequence, std::uint64_t previous) {
  wire::FieldMessage message;
  wire::SensorBatch& batch = *message.mutable_batch();
  batch.set_buffer(kBuffer);
  batch.set_stream(1);
  batch.set_sequence(sequence);
  batch.set_previous(previous);
  wire::SensorBlock& block = *batch.add_blocks();
  block.set_series("e1/tank/level");
  std::vector<series::Point> points;
  for (std::int64_t i = 0; i < 3; ++i)
    points.push_back({static_cast<std::int64_t>(sequence) * 1000 + i, static_cast<double>(sequence)});
  block.set_points(series::pack(points));
  return message;
}

std::uint64_t received(TestHubs& hubs) { return hubs.edge().last(What::kBatchAck).batch_ack().received(); }

std::string totals(TestHubs& hubs) {
  return hubs.row("SELECT count(*), coalesce(sum(count), 0), count(DISTINCT first_ns) FROM series_blocks");
}

TEST(Intake, ABatchIsAcknowledgedWhenItIsCommitted) {
  TestHubs hubs(1);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  EXPECT_EQ(hubs.edge().last(What::kBatchAck).batch_ack().credit(), hub::HubConfig{}.credit);
  EXPECT_EQ(totals(hubs), "1|3|1");
  EXPECT_EQ(hubs.row("SELECT received, readings, dropped FROM hub_streams"), "1|3|0");
  hubs.run(seconds(1));
  for (const NodeId member : hubs.members()) {
    const auto applied = hubs.events().of(hub::kBatchApplied, member);
    ASSERT_EQ(applied.size(), 1u);
    EXPECT_EQ(applied[0].fields[1], kEdge.value());
    EXPECT_EQ(applied[0].fields[4], 1u);
    EXPECT_EQ(applied[0].fields[5], 3u);
  }
}

TEST(Intake, DuplicatesAreAnsweredAndChangeNothing) {
  TestHubs hubs(2);
  const NodeId leader = hubs.leader();
  for (int i = 0; i < 3; ++i) hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  hubs.edge().heard.clear();
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  EXPECT_EQ(totals(hubs), "1|3|1");
}

TEST(Intake, ABatchBehindAGapIsNotTakenUnlessTheGapWasDropped) {
  TestHubs hubs(3);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  hubs.edge().heard.clear();
  hubs.edge().say(leader, batch(3, 2));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(What::kBatchAck) > 0; }));
  EXPECT_EQ(received(hubs), 1u);
  hubs.edge().say(leader, batch(5, 1));  // 2 to 4 were dropped by the edge
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 5; }));
  EXPECT_EQ(totals(hubs), "2|6|2");
}

// One frame is late: what has overtaken it waits, and need not be sent again.
TEST(Intake, BatchesThatComeBeforeTheirTurnWaitForIt) {
  TestHubs hubs(8);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  EXPECT_FALSE(hubs.edge().last(What::kBatchAck).batch_ack().has_gap_after());
  for (const std::uint64_t early : {4, 3, 6}) hubs.edge().say(leader, batch(early, early - 1));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().last(What::kBatchAck).batch_ack().has_gap_after(); }));
  EXPECT_EQ(hubs.edge().last(What::kBatchAck).batch_ack().gap_after(), 1u);
  EXPECT_EQ(received(hubs), 1u);
  hubs.edge().say(leader, batch(2, 1));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 4; }));
  EXPECT_EQ(hubs.edge().last(What::kBatchAck).batch_ack().gap_after(), 4u);
  hubs.edge().say(leader, batch(5, 4));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 6; }));
  EXPECT_FALSE(hubs.edge().last(What::kBatchAck).batch_ack().has_gap_after());
  EXPECT_EQ(totals(hubs), "6|18|6");
}

// Its disk may have lost what it had sent; then it has other readings under these numbers.
TEST(Intake, AnEdgeThatBeginsAnewFindsNothingWaiting) {
  TestHubs hubs(9);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, batch(2, 1));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(What::kBatchAck) == 1; }));
  wire::FieldMessage hello;
  hello.mutable_hello()->set_role(wire::EDGE);
  hello.mutable_hello()->set_name("e1");
  hubs.edge().say(leader, hello);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(What::kWelcome) > 0; }));
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  hubs.run(seconds(1));
  EXPECT_EQ(totals(hubs), "1|3|1");
}

TEST(Intake, ManyBatchesUnderWayKeepTheirOrder) {
  TestHubs hubs(4);
  const NodeId leader = hubs.leader();
  hubs.edge().introduce_to(leader);
  std::uint64_t next = 1;
  ASSERT_TRUE(hubs.run_until([&] {
    for (; next <= 100 && next <= received(hubs) + 16; ++next) hubs.edge().say(leader, batch(next, next - 1));
    if (received(hubs) < 100 && hubs.edge().count(What::kBatchAck) % 8 == 7) next = received(hubs) + 1;
    return received(hubs) == 100;
  }));
  EXPECT_EQ(totals(hubs), "100|300|100");
}

TEST(Intake, ANewLeaderTakesWhatTheOldOneMayHaveTaken) {
  for (std::uint64_t seed = 10; seed < 20; ++seed) {
    TestHubs hubs(seed);
    NodeId leader = hubs.leader();
    for (std::uint64_t sequence = 1; sequence <= 8; ++sequence)
      hubs.edge().say(leader, batch(sequence, sequence - 1));
    hubs.run(milliseconds(2 + static_cast<int>(seed - 10)));
    hubs.world().kill(leader);
    const NodeId next = hubs.leader();
    ASSERT_NE(next, leader);
    hubs.world().start(leader);
    ASSERT_TRUE(hubs.run_until([&] {
      if (received(hubs) == 8) return true;
      for (std::uint64_t sequence = received(hubs) + 1; sequence <= 8; ++sequence)
        hubs.edge().say(next, batch(sequence, sequence - 1));
      hubs.run(milliseconds(20));
      return false;
    })) << "seed "
        << seed;
    EXPECT_EQ(totals(hubs), "8|24|8") << "seed " << seed;
  }
}

TEST(Intake, WhoDoesNotLeadSaysWhoDoes) {
  TestHubs hubs(5);
  const NodeId leader = hubs.leader();
  hubs.run(seconds(1));
  hubs.edge().heard.clear();
  const NodeId other = leader == NodeId(1) ? NodeId(2) : NodeId(1);
  hubs.edge().say(other, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(What::kWelcome) > 0; }));
  const wire::Welcome welcome = hubs.edge().last(What::kWelcome).welcome();
  EXPECT_FALSE(welcome.leads());
  EXPECT_EQ(welcome.leader(), leader.value());
}

TEST(Intake, WhatIsNoBatchIsLeftWithoutAnAnswer) {
  wire::FieldMessage no_block = batch(1, 0);
  no_block.mutable_batch()->mutable_blocks(0)->set_points("not a block");
  // It would be in one write with batches of other edges, and that would exceed a limit each time.
  wire::FieldMessage no_name = batch(1, 0);
  no_name.mutable_batch()->mutable_blocks(0)->set_series(cat("e1/tank/", std::string(249, 'x')));
  TestHubs hubs(6);
  const NodeId leader = hubs.leader();
  for (const wire::FieldMessage& broken : {no_block, no_name}) {
    hubs.edge().say(leader, broken);
    hubs.run(seconds(1));
    EXPECT_EQ(hubs.edge().count(What::kBatchAck), 0u);
  }
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  EXPECT_EQ(totals(hubs), "1|3|1");
}

TEST(Intake, ANodeThatComesBackKnowsItsStreams) {
  TestHubs hubs(7);
  NodeId leader = hubs.leader();
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  for (const NodeId member : hubs.members()) hubs.world().kill(member);
  for (const NodeId member : hubs.members()) hubs.world().start(member);
  leader = hubs.leader();
  hubs.edge().heard.clear();
  hubs.edge().say(leader, batch(1, 0));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 1; }));
  hubs.edge().say(leader, batch(2, 1));
  ASSERT_TRUE(hubs.run_until([&] { return received(hubs) == 2; }));
  EXPECT_EQ(totals(hubs), "2|6|2");
}

}  // namespace
}  // namespace lockstep::tests
