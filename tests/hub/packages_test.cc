// Packages come whole or not at all, are verified before they can be active, and become active at one log
// index.
#include <gtest/gtest.h>

#include <set>

#include "base/hash.h"
#include "hub/events.h"
#include "sim/link_rules.h"
#include "tests/hub/field_device.h"
#include "tests/hub/test_cloud.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Packages, APackageBecomesActiveOnEveryNodeAtOneIndex) {
  TestHubs hubs(41);
  hubs.leader();
  Cloud cloud(hubs, {package(1, policy(300'000)), package(2, policy(1000))});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 2; }));
  hubs.run(seconds(1));
  EXPECT_EQ(cloud.settled[1].second.state(), wire::ACTIVE);
  EXPECT_EQ(cloud.settled[1].second.active(), 2u);
  EXPECT_EQ(hubs.rows("SELECT version, state, received = bytes FROM hub_packages"),
            (std::vector<std::string>{"1|4|1", "2|3|1"}));
  std::set<std::pair<std::uint64_t, std::uint64_t>> indexes;
  for (const NodeId member : hubs.members()) {
    const auto active = hubs.events().of(hub::kPackageActive, member);
    ASSERT_EQ(active.size(), 2u);
    EXPECT_EQ(active[1].fields[3], hash64(policy(1000)));
    for (const Seen& seen : active) indexes.insert({seen.fields[2], seen.fields[0]});
  }
  EXPECT_EQ(indexes.size(), 2u) << "every node says the same index";
}

// By whoever may write SQL. A node that begins again finds it out, says so, and decides without it; so does
// the report. Sent again under another number all is well.
TEST(Packages, WhatSomebodyHasDamagedIsNotUsedAndSaid) {
  TestHubs hubs(62);
  const NodeId leader = hubs.leader();
  Cloud cloud(hubs, {package(1, policy(1000))});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 1; }));
  ASSERT_TRUE(hubs.write("UPDATE hub_chunks SET data = zeroblob(length(data))"));
  hubs.world().kill(leader);
  hubs.leader();
  hubs.world().start(leader);
  ASSERT_TRUE(hubs.run_until([&] { return !hubs.events().of(hub::kPackageDamaged, leader).empty(); }));
  const Seen seen = hubs.events().of(hub::kPackageDamaged, leader).front();
  EXPECT_EQ(seen.fields[0], std::uint64_t{wire::POLICY});
  EXPECT_EQ(seen.fields[1], 1u);
  EXPECT_NE(seen.text.find("expected bytes with the hash"), std::string::npos) << seen.text;
  cloud.actor->dispatch(package(2, policy(20)));
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 2; }));
  hubs.run(seconds(1));
  EXPECT_EQ(hubs.events().of(hub::kPackageDamaged, leader).size(), 1u);
}

// Reasons quote what came, and that need not be UTF-8.
TEST(Packages, ARefusalThatQuotesBytesIsToldAllTheSame) {
  TestHubs hubs(63);
  hubs.leader();
  Cloud cloud(hubs, {package(1, "\xA2{}"), package(2, "{“kind”: 1}")});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 2; }));
  EXPECT_NE(cloud.settled[0].second.reason().find("\\xa2"), std::string::npos)
      << cloud.settled[0].second.reason();
  EXPECT_NE(cloud.settled[1].second.reason().find("“"), std::string::npos)
      << cloud.settled[1].second.reason();
}

// Both look for the next number before either has written.
TEST(Packages, OfTwoSendersUnderOneNumberOneIsToldSo) {
  TestHubs hubs(64);
  hubs.leader();
  Cloud one(hubs, {package(1, policy(10))});
  Cloud other(hubs, {package(1, policy(2000))}, NodeId(kSecondCloud.value() + 1));
  ASSERT_TRUE(hubs.run_until([&] { return one.settled.size() + other.settled.size() == 2; }));
  const wire::PackageStatus& first = one.settled[0].second;
  const wire::PackageStatus& second = other.settled[0].second;
  EXPECT_EQ((first.state() == wire::ACTIVE) + (second.state() == wire::ACTIVE), 1);
  const wire::PackageStatus& refused = first.state() == wire::ACTIVE ? second : first;
  EXPECT_EQ(refused.state(), wire::REFUSED);
  EXPECT_NE(refused.reason().find("another package"), std::string::npos) << refused.reason();
}

TEST(Packages, WhatIsNoModelIsRefusedAndTheOldOneStays) {
  TestHubs hubs(42);
  hubs.leader();
  Cloud cloud(
      hubs, {package(1, policy(10)), package(2, "{\"format\": 7}"), package(3, "not a model", wire::MODEL)});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 3; }));
  EXPECT_EQ(cloud.settled[1].second.state(), wire::REFUSED);
  EXPECT_FALSE(cloud.settled[1].second.reason().empty());
  EXPECT_EQ(cloud.settled[1].second.active(), 1u);
  EXPECT_EQ(cloud.settled[2].second.state(), wire::REFUSED);
  EXPECT_EQ(hubs.rows("SELECT kind, version FROM hub_active"), (std::vector<std::string>{"2|1"}));
  // Its chunks go.
  ASSERT_TRUE(
      hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_chunks WHERE version > 1") == "0"; }));
}

TEST(Packages, RollbackMakesAKeptVersionActiveAgain) {
  TestHubs hubs(43);
  hubs.leader();
  Cloud cloud(hubs, {package(1, policy(10)), package(2, policy(20))});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 2; }));
  cloud.actor->dispatch(package(1, {}));
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 3; }));
  EXPECT_EQ(cloud.settled[2].second.active(), 1u);
  EXPECT_EQ(hubs.rows("SELECT version, state FROM hub_packages"), (std::vector<std::string>{"1|3", "2|4"}));
}

TEST(Packages, OnlyTheNewestAreKept) {
  TestHubs hubs(44, {.kept_versions = 2});
  hubs.leader();
  std::vector<cloud::Dispatch> packages;
  for (std::uint64_t version = 1; version <= 5; ++version)
    packages.push_back(package(version, policy(version * 100)));
  Cloud cloud(hubs, packages);
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 5; }));
  ASSERT_TRUE(
      hubs.run_until([&] { return hubs.row("SELECT count(DISTINCT version) FROM hub_chunks") == "3"; }));
  EXPECT_EQ(hubs.rows("SELECT version, state FROM hub_packages"),
            (std::vector<std::string>{"1|6", "2|6", "3|4", "4|4", "5|3"}));
  cloud.actor->dispatch(package(1, {}));
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 6; }));
  EXPECT_EQ(cloud.settled[5].second.state(), wire::DROPPED);
  EXPECT_EQ(cloud.settled[5].second.reason(), "not kept any more");
}

TEST(Packages, OfDroppedOnesTheNewestStayToBeRead) {
  TestHubs hubs(56, {.kept_versions = 1});
  hubs.leader();
  std::vector<cloud::Dispatch> packages;
  for (std::uint64_t version = 1; version <= 20; ++version) packages.push_back(package(version, policy(10)));
  Cloud cloud(hubs, packages);
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 20; }));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT min(version) FROM hub_packages") == "3"; }));
  EXPECT_EQ(hubs.rows("SELECT state, count(*) FROM hub_packages GROUP BY state"),
            (std::vector<std::string>{"3|1", "4|1", "6|16"}));
  EXPECT_EQ(hubs.row("SELECT count(DISTINCT version) FROM hub_chunks"), "2");
}

// Version 2 of the tables called both refused.
TEST(Packages, WhatAnOlderHubHasDroppedIsNotCalledRefused) {
  TestHubs hubs(57, {.kept_versions = 1});
  hubs.leader();
  Cloud cloud(hubs,
              {package(1, policy(10)), package(2, policy(20)), package(3, policy(30)), package(4, "{}")});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 4; }));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT sum(state) FROM hub_packages") == "18"; }));
  ASSERT_TRUE(hubs.write("UPDATE hub_packages SET state = 5 WHERE state = 6"));
  ASSERT_TRUE(hubs.make_tables_of_version_2());
  for (const NodeId member : hubs.members()) hubs.world().kill(member);
  for (const NodeId member : hubs.members()) hubs.world().start(member);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT max(version) FROM hub_schema") == "3"; }));
  EXPECT_EQ(hubs.rows("SELECT version, state FROM hub_packages"),
            (std::vector<std::string>{"1|6", "2|4", "3|3", "4|5"}));
}

TEST(Packages, ATransferGoesOnWithTheNextLeader) {
  for (std::uint64_t seed = 50; seed < 54; ++seed) {
    TestHubs hubs(seed);
    const NodeId leader = hubs.leader();
    Cloud cloud(hubs, {package(1, policy(900'000))});
    hubs.run_until([&] { return hubs.events().of(hub::kPackageAnswered).size() > 3 + (seed - 50) * 7; });
    hubs.world().kill(leader);
    hubs.run(seconds(1));
    hubs.world().start(leader);
    ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 1; })) << seed;
    EXPECT_EQ(cloud.settled[0].second.state(), wire::ACTIVE) << seed;
    EXPECT_EQ(hubs.row("SELECT sum(length(data)) = max(bytes) FROM hub_chunks, hub_packages"), "1");
  }
}

// By hand, in the middle of the transfer. A chunk that did not fit is not remembered as if it had come.
TEST(Packages, OneWhoseRowIsDeletedComesAgainFromItsBeginning) {
  TestHubs hubs(57);
  const NodeId leader = hubs.leader();
  const Bytes bytes = policy(300'000);
  wire::FieldMessage whole;
  whole.mutable_package()->set_kind(wire::POLICY);
  whole.mutable_package()->set_version(1);
  whole.mutable_package()->set_bytes(bytes.size());
  whole.mutable_package()->set_hash(hash64(bytes));
  wire::FieldMessage chunk;
  chunk.mutable_chunk()->set_kind(wire::POLICY);
  chunk.mutable_chunk()->set_version(1);
  chunk.mutable_chunk()->set_data(bytes.substr(0, 200'000));
  const auto ask = [&](const wire::FieldMessage& message) {
    hubs.cloud().heard.clear();
    hubs.cloud().say(leader, message);
    hubs.run_until([&] { return hubs.cloud().count(wire::FieldMessage::kPackageStatus) == 1; });
    return hubs.cloud().last(wire::FieldMessage::kPackageStatus).package_status().received();
  };
  EXPECT_EQ(ask(whole), 0u);
  EXPECT_EQ(ask(chunk), 200'000u);
  EXPECT_EQ(ask(chunk), 200'000u) << "it is there already";
  ASSERT_TRUE(hubs.write("DELETE FROM hub_packages"));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_chunks"));
  EXPECT_EQ(ask(whole), 0u);
  EXPECT_EQ(ask(chunk), 200'000u);
}

TEST(Packages, ACloudThatComesBackSendsOnlyWhatIsMissing) {
  TestHubs hubs(45);
  hubs.leader();
  Cloud cloud(hubs, {package(1, policy(1'000'000)), package(2, policy(1'000'000, 'y'))});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 1; }));
  hubs.run(milliseconds(30));
  hubs.world().kill(kSecondCloud);
  cloud.settled.clear();
  hubs.world().start(kSecondCloud);
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 2; }));
  EXPECT_EQ(hubs.row("SELECT version FROM hub_active"), "2") << "the first is not made active again";
  EXPECT_EQ(hubs.events().of(hub::kPackageActive, NodeId(1)).size(), 2u);
}

// It loses the leadership with a write under way; then there is nothing that it could try again.
TEST(Packages, ALeaderThatIsCutOffInTheMiddleOfACleanUpRests) {
  TestHubs hubs(55);
  const NodeId leader = hubs.leader();
  Cloud cloud(hubs, {package(1, Bytes(1'000'000, 'x'))});
  std::vector<NodeId> others;
  for (const NodeId member : hubs.members())
    if (member != leader) others.push_back(member);
  std::optional<sim::Network::RuleId> cut;
  hubs.events().then = [&](const sim::Recorded& recorded) {
    if (recorded.event.type->number != hub::kPackageRefused.number || recorded.node != leader || cut) return;
    cut = hubs.world().network().add_rule(
        std::make_unique<sim::Partition>(std::vector<std::vector<NodeId>>{{leader}, others}));
  };
  ASSERT_TRUE(hubs.run_until([&] { return cut.has_value(); }));
  hubs.run(seconds(10));
  EXPECT_FALSE(hubs.world().standstill().has_value());
  hubs.world().network().remove_rule(*cut);
  EXPECT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_chunks") == "0"; }));
}

TEST(Packages, DamageOnTheWayIsFoundByTheHash) {
  TestHubs hubs(46);
  const NodeId leader = hubs.leader();
  const Bytes bytes = policy(100);
  wire::FieldMessage announce;
  announce.mutable_package()->set_kind(wire::POLICY);
  announce.mutable_package()->set_version(1);
  announce.mutable_package()->set_bytes(bytes.size());
  announce.mutable_package()->set_hash(hash64(bytes) + 1);
  hubs.cloud().say(leader, announce);
  const auto state = [&] {
    return hubs.cloud().last(wire::FieldMessage::kPackageStatus).package_status().state();
  };
  ASSERT_TRUE(hubs.run_until([&] { return state() == wire::RECEIVING; }));
  wire::FieldMessage chunk;
  chunk.mutable_chunk()->set_kind(wire::POLICY);
  chunk.mutable_chunk()->set_version(1);
  chunk.mutable_chunk()->set_data(bytes);
  hubs.cloud().say(leader, chunk);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT state FROM hub_packages") == "5"; }));
  EXPECT_NE(hubs.row("SELECT reason FROM hub_packages").find("hash"), std::string::npos);
}

TEST(Packages, AVersionIsNeverUsedTwice) {
  TestHubs hubs(47);
  const NodeId leader = hubs.leader();
  Cloud cloud(hubs, {package(5, policy(10))});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 1; }));
  for (const std::uint64_t version : {5, 4}) {
    wire::FieldMessage announce;
    announce.mutable_package()->set_kind(wire::POLICY);
    announce.mutable_package()->set_version(version);
    announce.mutable_package()->set_bytes(17);
    announce.mutable_package()->set_hash(4711);
    hubs.cloud().heard.clear();
    hubs.cloud().say(leader, announce);
    const auto last = [&] { return hubs.cloud().last(wire::FieldMessage::kPackageStatus).package_status(); };
    ASSERT_TRUE(hubs.run_until([&] { return last().version() == version; }));
    EXPECT_EQ(last().state(), wire::REFUSED);
    EXPECT_FALSE(last().reason().empty());
  }
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_packages"), "1");
}

// The way back from the first model, too, is one entry of the log, on every node.
TEST(Packages, TheRulesAloneAreAVersionToGoBackTo) {
  TestHubs hubs(51);
  hubs.leader();
  const cloud::Dispatch rules{.kind = wire::POLICY, .version = 0};
  Cloud cloud(hubs, {rules, package(1, policy(1000)), rules, rules});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 4; }));
  for (const std::size_t at : {0u, 2u, 3u}) {
    EXPECT_EQ(cloud.settled[at].second.state(), wire::ACTIVE) << at;
    EXPECT_EQ(cloud.settled[at].second.active(), 0u) << at;
  }
  hubs.run(seconds(1));
  EXPECT_EQ(hubs.rows("SELECT kind, version FROM hub_active"), (std::vector<std::string>{"2|0"}));
  EXPECT_EQ(hubs.rows("SELECT version, state FROM hub_packages"), (std::vector<std::string>{"1|4"}));
  std::set<std::uint64_t> indexes;
  for (const NodeId member : hubs.members()) {
    const auto active = hubs.events().of(hub::kPackageActive, member);
    ASSERT_EQ(active.size(), 2u);
    EXPECT_EQ(active[1].fields[2], 0u);
    indexes.insert(active[1].fields[0]);
  }
  EXPECT_EQ(indexes.size(), 1u);
  EXPECT_EQ(cloud.settled[2].second.active_index(), *indexes.begin());
  cloud.actor->dispatch(package(1, {}));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT version FROM hub_active") == "1"; }))
      << "and forward again";
}

TEST(Packages, OfRefusedOnesTheNewestStay) {
  TestHubs hubs(52);
  hubs.leader();
  std::vector<cloud::Dispatch> bad;
  for (std::uint64_t version = 1; version <= 20; ++version) bad.push_back(package(version, "{}"));
  Cloud cloud(hubs, bad);
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 20; }));
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT count(*) FROM hub_packages") == "16"; }));
  EXPECT_EQ(hubs.row("SELECT min(version), max(version) FROM hub_packages"), "5|20");
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_chunks"), "0");
}

TEST(Reports, TheCloudLearnsOfEdgesInstructionsAndPackages) {
  TestHubs hubs(48);
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  Cloud cloud(hubs, {package(1, policy(10))});
  edge.read_windows(3);
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 1; }));
  hubs.run(milliseconds(2500));
  ASSERT_TRUE(cloud.actor->report().has_value());
  const wire::StatusReport& report = *cloud.actor->report();
  ASSERT_EQ(report.edges_size(), 1);
  EXPECT_EQ(report.edges(0).name(), "e1");
  EXPECT_EQ(report.edges(0).readings(), 24u);
  EXPECT_EQ(report.instructions(), 3u);
  EXPECT_EQ(report.done(), 3u);
  ASSERT_EQ(report.active_size(), 1);
  EXPECT_EQ(report.active(0).active(), 1u);
  std::vector<Bytes> blocks;
  cloud.actor->fetch("e1/tank/level", 0, INT64_MAX, [&](const std::vector<Bytes>& found) { blocks = found; });
  ASSERT_TRUE(hubs.run_until([&] { return blocks.size() == 3; }));
}

TEST(Retention, OldReadingsGoInSteps) {
  TestHubs hubs(49, {.retention = seconds(30), .retention_step = 2});
  ScriptedEdge edge(hubs);
  edge.hello(hubs.leader());
  edge.read_windows(5);
  EXPECT_EQ(hubs.row("SELECT count(*) FROM series_blocks"), "10");
  hubs.run(seconds(40));
  EXPECT_EQ(hubs.row("SELECT count(*) FROM series_blocks"), "0");
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_instructions"), "1")
      << "the newest says what has been decided";
  EXPECT_EQ(hubs.row("SELECT readings FROM hub_streams"), "40") << "what has come in is still known";
}

}  // namespace
}  // namespace lockstep::tests
