// Who may say what to a hub, and which edge is the one that it knows.
#include "hub/speakers.h"

#include <gtest/gtest.h>

#include "base/field_numbers.h"
#include "hub/events.h"
#include "tests/hub/field_device.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

wire::FieldMessage hello_of(wire::FieldRole role, const std::string& name) {
  wire::FieldMessage message;
  message.mutable_hello()->set_role(role);
  message.mutable_hello()->set_name(name);
  return message;
}

wire::FieldMessage batch_of(const std::vector<std::string>& names) {
  wire::FieldMessage message;
  message.mutable_batch()->set_buffer(1);
  message.mutable_batch()->set_sequence(1);
  const series::Point point{1, 1.0};
  for (const std::string& name : names) {
    message.mutable_batch()->add_blocks()->set_series(name);
    message.mutable_batch()->mutable_blocks()->rbegin()->set_points(series::pack(std::span(&point, 1)));
  }
  return message;
}

TEST(Speakers, AnEdgeSpeaksForItsOwnNumberOnly) {
  using hub::objection_to;
  const NodeId east = edge_number("east");
  EXPECT_EQ(objection_to(kEdge, hello_of(wire::EDGE, "e1")), "");
  EXPECT_EQ(objection_to(east, hello_of(wire::EDGE, "east")), "");
  EXPECT_EQ(objection_to(kEdge, hello_of(wire::EDGE, "e2")),
            "expected edge 'e2' under number 10002, found it under 10001");
  EXPECT_EQ(objection_to(kCloud, hello_of(wire::CLOUD, "cloud")), "");
  EXPECT_NE(objection_to(kEdge, hello_of(wire::CLOUD, "cloud")), "");
  EXPECT_NE(objection_to(kCloud, hello_of(wire::EDGE, "e1")), "");
  EXPECT_EQ(objection_to(kEdge, batch_of({"e1/tank/level", "e1/tank/temperature"})), "");
  EXPECT_EQ(objection_to(east, batch_of({"east/tank/level"})), "");
  EXPECT_EQ(
      objection_to(kEdge, batch_of({"e1/tank/level", "e2/tank/level"})),
      "expected readings of the edge with number 10001, found the series 'e2/tank/level' of number 10002");
  EXPECT_NE(objection_to(kCloud, batch_of({"e1/tank/level"})), "");
  for (const std::string nobody : {"", "/tank/level"}) {
    EXPECT_NE(objection_to(kEdge, batch_of({nobody})), "") << nobody;
    EXPECT_NE(objection_to(kEdge, batch_of({"e1/tank/level", nobody})), "") << nobody;
  }
}

TEST(Speakers, PackagesComeFromClouds) {
  wire::FieldMessage package;
  package.mutable_package()->set_kind(wire::MODEL);
  wire::FieldMessage chunk;
  chunk.mutable_chunk();
  wire::FieldMessage activate;
  activate.mutable_activate();
  wire::FieldMessage question;
  question.mutable_telemetry();
  for (const wire::FieldMessage& message : {package, chunk, activate, question}) {
    EXPECT_NE(hub::objection_to(kEdge, message), "");
    EXPECT_EQ(hub::objection_to(kCloud, message), "");
    EXPECT_EQ(hub::objection_to(passing_cloud_number(77), message), "");
  }
}

TEST(Speakers, WhatIsNotTakenIsAnsweredCountedAndWithoutEffect) {
  TestHubs hubs(81);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, batch_of({"e2/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(wire::FieldMessage::kRefused) == 1; }));
  EXPECT_NE(hubs.edge().last(wire::FieldMessage::kRefused).refused().reason().find("e2/tank/level"),
            std::string::npos);
  hubs.cloud().say(leader, hello_of(wire::CLOUD, "cloud"));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.cloud().count(wire::FieldMessage::kReport) > 0; }));
  EXPECT_EQ(hubs.cloud().last(wire::FieldMessage::kReport).report().refused(), 1u);
  EXPECT_EQ(hubs.events().of(hub::kFieldRefused).size(), 1u);
  EXPECT_EQ(hubs.row("SELECT count(*) FROM series_blocks"), "0");
}

// ---- which edge is known -----------------------------------------------------------------------------

wire::FieldMessage edge_with_store(std::uint64_t store, bool anew = false) {
  wire::FieldMessage message = hello_of(wire::EDGE, "e1");
  message.mutable_hello()->set_store(store);
  message.mutable_hello()->set_anew(anew);
  return message;
}

TEST(KnownEdges, AnotherStoreUnderOneNameIsRefusedUntilItsOperatorSaysSo) {
  TestHubs hubs(82);
  const NodeId leader = hubs.leader();
  const auto welcomes = [&] { return hubs.edge().count(wire::FieldMessage::kWelcome); };
  hubs.edge().say(leader, edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT store FROM hub_edges") == "5"; }));
  EXPECT_EQ(welcomes(), 1u);
  hubs.edge().say(leader, edge_with_store(6));
  hubs.edge().say(leader, batch_of({"e1/tank/level"}));
  hubs.run(seconds(1));
  EXPECT_EQ(welcomes(), 1u);
  EXPECT_NE(
      hubs.edge().last(wire::FieldMessage::kRefused).refused().reason().find("known here with another store"),
      std::string::npos);
  EXPECT_EQ(hubs.row("SELECT count(*) FROM series_blocks"), "0") << "nothing of it is taken";
  hubs.edge().say(leader, edge_with_store(5));
  hubs.edge().say(leader, batch_of({"e1/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM series_blocks") == "1"; }));
  hubs.edge().say(leader, edge_with_store(6, true));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT store FROM hub_edges") == "6"; }));
  // It is a row: the next leader knows it, too.
  hubs.world().kill(leader);
  hubs.edge().heard.clear();
  hubs.edge().say(hubs.leader(), edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(wire::FieldMessage::kRefused) == 1; }));
}

// As while its disk is full: it is the same store when it is opened again.
TEST(KnownEdges, OneThatDoesNotSayItsStoreKeepsIt) {
  TestHubs hubs(82);
  const NodeId leader = hubs.leader();
  wire::FieldMessage hello = edge_with_store(5);
  hello.mutable_hello()->set_settings_version(3);
  hubs.edge().say(leader, hello);
  const std::string row = "SELECT store, settings_version FROM hub_edges";
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row(row) == "5|3"; }));
  ASSERT_TRUE(
      hubs.write("INSERT INTO hub_instructions(id, device, window, action, body, input_from_ns, input_to_ns, "
                 "input_index, model_version, deadline_ns, state, outcome) "
                 "VALUES(1, 'e1/tank', 1, 'set', x'', 0, 0, 0, 0, 9000000000000000000, 1, 0)"));
  hubs.edge().say(leader, edge_with_store(0));
  hubs.edge().say(leader, batch_of({"e1/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM series_blocks") == "1"; }));
  EXPECT_EQ(hubs.row(row), "5|3");
  EXPECT_EQ(hubs.row("SELECT state FROM hub_instructions"), "1") << "it will be done, and reported";
  EXPECT_EQ(hubs.edge().count(wire::FieldMessage::kHelloWanted), 0u);
  hubs.edge().say(leader, edge_with_store(6));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(wire::FieldMessage::kRefused) == 1; }));
  EXPECT_EQ(hubs.row(row), "5|3");
}

// A new leader tells the numbers that it knows that it leads, whoever bears them now.
TEST(KnownEdges, NothingIsTakenFromWhoHasNotSaidWhoItIs) {
  TestHubs hubs(86);
  const NodeId first = hubs.leader();
  hubs.edge().say(first, edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_edges") == "1"; }));
  hubs.edge().introduces_itself = false;
  hubs.edge().heard.clear();
  hubs.world().kill(first);
  const NodeId second = hubs.leader();
  ASSERT_TRUE(
      hubs.run_until([&] { return hubs.edge().last(wire::FieldMessage::kWelcome).welcome().leads(); }));
  hubs.edge().say(second, batch_of({"e1/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(wire::FieldMessage::kHelloWanted) == 1; }));
  EXPECT_EQ(hubs.row("SELECT count(*) FROM series_blocks"), "0");
  hubs.edge().say(second, edge_with_store(5));
  hubs.edge().say(second, batch_of({"e1/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM series_blocks") == "1"; }));
}

TEST(KnownEdges, WhoseRowIsDeletedIsAskedForAnotherHello) {
  TestHubs hubs(85);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_edges") == "1"; }));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_edges"));
  hubs.edge().introduces_itself = false;
  hubs.edge().say(leader, batch_of({"e1/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.edge().count(wire::FieldMessage::kHelloWanted) == 1; }));
  hubs.edge().say(leader, edge_with_store(5));
  hubs.edge().say(leader, batch_of({"e1/tank/level"}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM series_blocks") == "1"; }));
  EXPECT_EQ(hubs.row("SELECT store FROM hub_edges"), "5");
}

// Whoever operates the hub by hand may make mistakes; the edge says who it is, and the row is mended.
TEST(KnownEdges, WhoseRowIsChangedIsAskedForAnotherHello) {
  TestHubs hubs(88);
  const NodeId leader = hubs.leader();
  wire::FieldMessage hello = edge_with_store(5);
  wire::Device& device = *hello.mutable_hello()->add_devices();
  device.set_name("e1/tank");
  device.set_window_ns(1'000'000'000);
  hubs.edge().say(leader, hello);
  const std::string rows =
      "SELECT e.node, e.store, d.description FROM hub_edges e JOIN hub_devices d ON d.edge = e.name";
  const std::string as_said = cat(kEdge.value(), "|5|blob of ", device.ByteSizeLong());
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row(rows) == as_said; }));
  std::uint64_t sequence = 0;
  for (const std::string change :
       {"UPDATE hub_edges SET node = -1", "UPDATE hub_edges SET name = 'e9'", "DELETE FROM hub_devices",
        "UPDATE hub_devices SET description = x'00'", "UPDATE hub_edges SET node = 10002, store = 0"}) {
    ASSERT_TRUE(hubs.write(change)) << change;
    wire::FieldMessage batch = batch_of({"e1/tank/level"});
    batch.mutable_batch()->set_previous(sequence);
    batch.mutable_batch()->set_sequence(++sequence);
    hubs.edge().say(leader, batch);
    EXPECT_TRUE(hubs.run_until([&] { return hubs.row(rows + " WHERE e.name = 'e1'") == as_said; })) << change;
    EXPECT_TRUE(hubs.run_until([&] {
      return hubs.row("SELECT max(received) FROM hub_streams") == cat(sequence);
    })) << change;
  }
}

// While a column has another name its hello cannot be written; afterwards it can.
TEST(KnownEdges, WhatCouldNotBeWrittenIsSaidAgain) {
  TestHubs hubs(89);
  const NodeId leader = hubs.leader();
  ASSERT_TRUE(hubs.write("ALTER TABLE hub_edges RENAME COLUMN node TO number"));
  hubs.edge().say(leader, edge_with_store(5));
  hubs.run(seconds(1));
  ASSERT_TRUE(hubs.write("ALTER TABLE hub_edges RENAME COLUMN number TO node"));
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_edges"), "0");
  hubs.edge().say(leader, batch_of({"e1/tank/level"}));
  EXPECT_TRUE(hubs.run_until([&] { return hubs.row("SELECT store FROM hub_edges") == "5"; }));
}

// Version 1 did not know stores, nor who refuses which settings.
TEST(KnownEdges, RowsOfAnOlderVersionGetTheirColumns) {
  TestHubs hubs(87);
  hubs.edge().say(hubs.leader(), edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_edges") == "1"; }));
  for (const std::string column : {"store", "refused_settings", "refusal"})
    ASSERT_TRUE(hubs.write("ALTER TABLE hub_edges DROP COLUMN " + column)) << column;
  for (const std::string column : {"failed", "expired", "cancelled", "refused", "interrupted"})
    ASSERT_TRUE(hubs.write("ALTER TABLE hub_totals DROP COLUMN " + column)) << column;
  ASSERT_TRUE(hubs.write("UPDATE hub_schema SET version = 1"));
  for (const NodeId member : hubs.members()) hubs.world().kill(member);
  for (const NodeId member : hubs.members()) hubs.world().start(member);
  const NodeId leader = hubs.leader();
  EXPECT_EQ(hubs.rows("SELECT version FROM hub_schema"), (std::vector<std::string>{"1", "3"}));
  EXPECT_EQ(hubs.rows("SELECT name, node, store, refused_settings, refusal FROM hub_edges"),
            (std::vector<std::string>{"e1|10001|0|0|"}));
  hubs.edge().say(leader, edge_with_store(6));  // it says so for the first time
  EXPECT_TRUE(hubs.run_until([&] { return hubs.row("SELECT store FROM hub_edges") == "6"; }));
}

TEST(KnownEdges, TheLastWordIsNotedNowAndThen) {
  TestHubs hubs(83);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_edges") == "1"; }));
  const auto seen = [&] { return std::stoll(hubs.row("SELECT seen_ns FROM hub_edges")); };
  const std::int64_t first = seen();
  for (int i = 0; i < 200; ++i) {
    hubs.edge().say(leader, edge_with_store(5));
    hubs.run(milliseconds(100));
  }
  const std::int64_t last = seen();
  EXPECT_GE(last - first, 14'000'000'000);
  EXPECT_LE(last - first, 20'100'000'000);
  hubs.run(seconds(20));
  EXPECT_LE(seen() - first, 20'100'000'000) << "it has said nothing since";
}

TEST(KnownEdges, WhoLeadsReportsThemAndNobodyElse) {
  TestHubs hubs(85);
  const NodeId leader = hubs.leader();
  hubs.edge().say(leader, edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_edges") == "1"; }));
  for (const NodeId member : hubs.members()) {
    const auto report = hubs.report(member);
    EXPECT_EQ(report.has_value(), member == leader) << member.value();
    if (!report) continue;
    ASSERT_EQ(report->edges_size(), 1);
    EXPECT_TRUE(report->edges(0).connected());
  }
}

TEST(KnownEdges, ANewLeaderDoesNotSayThatTheyAreGone) {
  TestHubs hubs(84);
  hubs.edge().say(hubs.leader(), edge_with_store(5));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_edges") == "1"; }));
  hubs.world().kill(hubs.leader());
  hubs.cloud().heard.clear();
  hubs.cloud().say(hubs.leader(), hello_of(wire::CLOUD, "cloud"));
  const auto edge = [&] { return hubs.cloud().last(wire::FieldMessage::kReport).report().edges(0); };
  ASSERT_TRUE(hubs.run_until([&] { return hubs.cloud().count(wire::FieldMessage::kReport) > 0; }));
  EXPECT_FALSE(edge().connected());
  EXPECT_TRUE(edge().not_heard_yet());
  EXPECT_GT(edge().seen_ns(), 0);
  hubs.run(seconds(5));
  EXPECT_FALSE(edge().not_heard_yet()) << "now it is known";
}

}  // namespace
}  // namespace lockstep::tests
