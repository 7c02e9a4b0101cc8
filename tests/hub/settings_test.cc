// Settings of edges: forwarded until each has them, refused by each for itself, kept while one runs them.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "hub/events.h"
#include "tests/hub/field_device.h"
#include "tests/hub/test_cloud.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An edge that takes settings as the real one does.
TEST(Settings, AreForwardedUntilEachEdgeHasThem) {
  TestHubs hubs(60);
  const Bytes settings(700'000, 's');
  Bytes received;
  std::uint64_t active = 0;
  hubs.edge().answer = [&](NodeId from, const wire::FieldMessage& message) {
    wire::FieldMessage answer;
    wire::PackageStatus& status = *answer.mutable_package_status();
    status.set_kind(wire::SETTINGS);
    status.set_version(1);
    if (message.has_chunk() && message.chunk().offset() == received.size())
      received += message.chunk().data();
    if (message.has_activate()) active = message.activate().version();
    if (!message.has_package() && !message.has_chunk() && !message.has_activate()) return;
    status.set_received(received.size());
    status.set_state(active > 0                           ? wire::ACTIVE
                     : received.size() == settings.size() ? wire::STAGED
                                                          : wire::RECEIVING);
    hubs.edge().say(from, answer);
  };
  const NodeId leader = hubs.leader();
  wire::FieldMessage hello;
  hello.mutable_hello()->set_role(wire::EDGE);
  hello.mutable_hello()->set_name("e1");
  hubs.edge().say(leader, hello);
  Cloud cloud(hubs, {package(1, settings, wire::SETTINGS)});
  ASSERT_TRUE(hubs.run_until([&] {
    if (hubs.world().now().time_since_epoch() % seconds(1) == Duration{}) hubs.edge().say(leader, hello);
    return active == 1;
  }));
  EXPECT_EQ(received, settings);
  ASSERT_TRUE(hubs.run_until([&] { return hubs.row("SELECT settings_version FROM hub_edges") == "1"; }));
}

TEST(Settings, AnEdgesRefusalIsARowWithItsReason) {
  TestHubs hubs(62);
  wire::FieldMessage hello;
  hello.mutable_hello()->set_role(wire::EDGE);
  hello.mutable_hello()->set_name("e1");
  bool takes_them = false;
  hubs.edge().answer = [&](NodeId from, const wire::FieldMessage& message) {
    if (!message.has_package()) return;
    wire::FieldMessage answer;
    wire::PackageStatus& status = *answer.mutable_package_status();
    status.set_kind(wire::SETTINGS);
    status.set_version(message.package().version());
    status.set_state(takes_them ? wire::ACTIVE : wire::REFUSED);
    if (!takes_them) status.set_reason("'sampling/tank/period_ms': expected 1 to 3600000");
    if (takes_them) hello.mutable_hello()->set_settings_version(message.package().version());
    hubs.edge().say(from, answer);
  };
  const NodeId leader = hubs.leader();
  const auto greet_until = [&](const std::string& row) {
    for (int i = 0; i < 100; ++i) {
      if (hubs.row("SELECT settings_version, refused_settings, refusal FROM hub_edges") == row) return true;
      hubs.edge().say(leader, hello);
      hubs.run(milliseconds(500));
    }
    return false;
  };
  Cloud cloud(hubs, {package(1, "bad", wire::SETTINGS)});
  EXPECT_TRUE(greet_until("0|1|'sampling/tank/period_ms': expected 1 to 3600000"));
  takes_them = true;
  cloud.actor->dispatch(package(2, "good", wire::SETTINGS));
  EXPECT_TRUE(greet_until("2|0|"));
}

// An edge that runs what it took last, and refuses those that are not in `good`.
struct TryingEdge {
  TryingEdge(TestHubs& at, std::set<std::uint64_t> good_ones) : hubs(at), good(std::move(good_ones)) {
    hello.mutable_hello()->set_role(wire::EDGE);
    hello.mutable_hello()->set_name("e1");
    hubs.edge().answer = [this](NodeId from, const wire::FieldMessage& message) {
      if (message.has_package()) answer(from, message.package().version());
    };
  }
  void answer(NodeId hub, std::uint64_t version) {
    const bool takes_them = good.contains(version);
    if (takes_them) hello.mutable_hello()->set_settings_version(version);
    wire::FieldMessage message;
    wire::PackageStatus& status = *message.mutable_package_status();
    status.set_kind(wire::SETTINGS);
    status.set_version(version);
    status.set_state(takes_them ? wire::ACTIVE : wire::REFUSED);
    status.set_active(hello.hello().settings_version());
    if (!takes_them) status.set_reason(reason);
    hubs.edge().say(hub, message);
  }
  // It says hello until this holds.
  bool greet_until(const std::function<bool()>& holds) {
    for (int i = 0; i < 100 && !holds(); ++i) {
      hubs.edge().say(hubs.leader(), hello);
      hubs.run(milliseconds(500));
    }
    return holds();
  }
  TestHubs& hubs;
  std::set<std::uint64_t> good;
  std::string reason;  // of a refusal
  wire::FieldMessage hello;
};

// An edge whose devices are others by now cannot read all that it confirmed once. It is a row like a refusal,
// also if nobody has asked, until the edge says that it reads all of it.
TEST(Settings, WhatAnEdgeCannotReadOfThoseThatItRunsIsARow) {
  TestHubs hubs(65);
  TryingEdge edge(hubs, {1});
  Cloud cloud(hubs, {package(1, "good", wire::SETTINGS)});
  const auto row = [&] {
    return hubs.row("SELECT settings_version, refused_settings, refusal FROM hub_edges");
  };
  ASSERT_TRUE(edge.greet_until([&] { return row() == "1|0|"; }));
  edge.good.clear();
  edge.reason = "a device is gone";
  hubs.edge().say(hubs.leader(), edge.hello);
  edge.answer(hubs.leader(), 1);
  ASSERT_TRUE(hubs.run_until([&] { return row() == "1|1|a device is gone"; }));
  EXPECT_FALSE(edge.greet_until([&] { return row() != "1|1|a device is gone"; }));
  edge.good = {1};
  EXPECT_TRUE(edge.greet_until([&] { return row() == "1|0|"; })) << "it is back";
}

TEST(Settings, WhatAnEdgeRefusedOnceIsOfferedAgainWhenItIsMadeActiveAgain) {
  TestHubs hubs(66);
  TryingEdge edge(hubs, {1});
  Cloud cloud(hubs, {package(1, "good", wire::SETTINGS)});
  const auto row = [&] { return hubs.row("SELECT settings_version, refused_settings FROM hub_edges"); };
  ASSERT_TRUE(edge.greet_until([&] { return row() == "1|0"; }));
  edge.good.clear();
  edge.answer(hubs.leader(), 1);  // a device is gone
  ASSERT_TRUE(hubs.run_until([&] { return row() == "1|1"; }));
  edge.good = {2};
  cloud.actor->dispatch(package(2, "for what is left", wire::SETTINGS));
  ASSERT_TRUE(hubs.run_until([&] { return row() == "2|0"; })) << "without another hello";
  edge.good = {1, 2};  // the device is back
  cloud.actor->dispatch(package(1, {}, wire::SETTINGS));
  EXPECT_TRUE(edge.greet_until([&] { return row() == "1|0"; }));
}

TEST(Settings, WhatAnEdgeRunsIsKeptHoweverManyNewerOnesAreRefused) {
  TestHubs hubs(63, {.kept_versions = 2});
  TryingEdge edge(hubs, {1, 8});
  const auto states = [&] { return hubs.rows("SELECT version, state FROM hub_packages"); };
  Cloud cloud(hubs, {package(1, "good", wire::SETTINGS)});
  ASSERT_TRUE(edge.greet_until([&] { return hubs.row("SELECT settings_version FROM hub_edges") == "1"; }));
  for (std::uint64_t bad = 2; bad <= 7; ++bad) cloud.actor->dispatch(package(bad, "bad", wire::SETTINGS));
  const auto refused = [&] { return hubs.row("SELECT settings_version, refused_settings FROM hub_edges"); };
  ASSERT_TRUE(edge.greet_until([&] { return refused() == "1|7"; }));
  EXPECT_EQ(states(), (std::vector<std::string>{"1|4", "2|6", "3|6", "4|6", "5|4", "6|4", "7|3"}));
  cloud.actor->dispatch(package(1, {}, wire::SETTINGS));
  ASSERT_TRUE(edge.greet_until([&] { return cloud.settled.size() == 8; }));
  EXPECT_EQ(cloud.settled[7].second.state(), wire::ACTIVE) << "the way back is open";
  cloud.actor->dispatch(package(8, "better", wire::SETTINGS));
  EXPECT_TRUE(edge.greet_until([&] { return states().front() == "1|6"; })) << "no edge runs it any more";
  EXPECT_EQ(hubs.row("SELECT count(*) FROM hub_packages WHERE state = 4"), "2");
}

TEST(Settings, AnEdgeThatIsForgottenKeepsNoVersion) {
  TestHubs hubs(64, {.kept_versions = 1});
  TryingEdge edge(hubs, {1});
  Cloud cloud(hubs, {package(1, "good", wire::SETTINGS)});
  ASSERT_TRUE(edge.greet_until([&] { return hubs.row("SELECT settings_version FROM hub_edges") == "1"; }));
  for (std::uint64_t bad = 2; bad <= 3; ++bad) cloud.actor->dispatch(package(bad, "bad", wire::SETTINGS));
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 3; }));
  hubs.run(seconds(5));
  EXPECT_EQ(hubs.row("SELECT state FROM hub_packages WHERE version = 1"), "4");
  ASSERT_TRUE(hubs.write("DELETE FROM hub_edges"));
  EXPECT_TRUE(
      hubs.run_until([&] { return hubs.row("SELECT state FROM hub_packages WHERE version = 1") == "6"; }));
}

// By whoever may write SQL: first the bytes, which the next leader looks for, then what is in force.
TEST(Settings, MayBeTakenAwayByHand) {
  TestHubs hubs(61);
  const NodeId leader = hubs.leader();
  Cloud cloud(hubs, {package(1, Bytes(100, 's'), wire::SETTINGS)});
  ASSERT_TRUE(hubs.run_until([&] { return cloud.settled.size() == 1; }));
  ASSERT_TRUE(hubs.write("DELETE FROM hub_chunks"));
  hubs.world().kill(leader);
  hubs.leader();
  const std::uint64_t before = hubs.world().events();
  hubs.run(seconds(3));
  EXPECT_LT(hubs.world().events() - before, 1000u) << "they are looked for now and then";
  ASSERT_TRUE(hubs.write("DELETE FROM hub_active"));
  hubs.run(seconds(3));
  EXPECT_FALSE(hubs.world().standstill().has_value());
}

}  // namespace
}  // namespace lockstep::tests
