// All processes together judge each frame exactly as the scenario's groups say, and never twice.
#include "scenarios/real/link_plan.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace lockstep::real {
namespace {

using std::chrono::milliseconds;

constexpr Purpose kGroups{"tests.link_plan.groups"};
const Roster kRoster(5, 3, 2);
const scenarios::Network kQuiet{.latency = {}, .loss = {}, .duplicate = {}, .reorder = {}};

std::vector<NodeId> everybody() {
  auto all = kRoster.nodes();
  for (const auto& others : {kRoster.clients(), kRoster.field()}) all.insert(all.end(), others.begin(), others.end());
  all.push_back(Roster::steward());
  return all;
}

bool is_link(NodeId from, NodeId to) { return from != to && (Roster::is_node(from) || Roster::is_node(to)); }

// How many rules of the two ends have an opinion on a frame of this link.
std::size_t opinions(const LinkPlan& plan, NodeId from, NodeId to) {
  std::size_t count = 0;
  for (const net::LinkRule& rule : plan.rules_of(from)) count += rule.filter.concerns(to, true) ? 1 : 0;
  for (const net::LinkRule& rule : plan.rules_of(to)) count += rule.filter.concerns(from, false) ? 1 : 0;
  return count;
}

TEST(LinkPlan, EachFrameOfAConcernedLinkIsJudgedOnceAndNoOther) {
  for (std::uint64_t round = 0; round < 200; ++round) {
    Stream draws(round, kGroups, 0);
    Between between{.groups = {{}, {}, {}}, .one_way = draws.next_below(2) == 1};
    for (const NodeId id : everybody())
      if (const auto group = draws.next_below(4); group < 3) between.groups[group].insert(id);
    if (between.one_way) between.groups.pop_back();
    if (draws.next_below(8) == 0) between = {};
    LinkPlan plan(kQuiet, kRoster);
    std::uint64_t effects = 0;
    const auto fault = plan.begin(scenarios::Partition{}, between, effects);
    for (const NodeId from : everybody())
      for (const NodeId to : everybody())
        if (is_link(from, to)) {
          EXPECT_EQ(opinions(plan, from, to), between.concerns(from, to) ? 1u : 0u)
              << Roster::name(from) << " to " << Roster::name(to) << ", round " << round;
        }
    plan.end(fault);
    for (const NodeId process : everybody()) EXPECT_TRUE(plan.rules_of(process).empty());
  }
}

TEST(LinkPlan, TheHealedAreFreeAmongThemselvesAndCutOffFromTheRest) {
  LinkPlan plan(kQuiet, kRoster);
  std::uint64_t effects = 0;
  plan.begin(scenarios::Loss{.share = {500'000}, .between = {}}, {}, effects);
  std::set<NodeId> healed{NodeId(1), NodeId(2), NodeId(3), Roster::steward()};
  for (const auto& others : {kRoster.clients(), kRoster.field()}) healed.insert(others.begin(), others.end());
  plan.set_apart(healed);
  for (const NodeId from : everybody())
    for (const NodeId to : everybody()) {
      if (!is_link(from, to)) continue;
      const bool apart = healed.contains(from) != healed.contains(to);
      const bool both_broken = !healed.contains(from) && !healed.contains(to);
      EXPECT_EQ(opinions(plan, from, to), apart || both_broken ? 1u : 0u)
          << Roster::name(from) << " to " << Roster::name(to);
    }
  plan.end_all();
  for (const NodeId process : everybody()) EXPECT_TRUE(plan.rules_of(process).empty());
}

TEST(LinkPlan, LatencyIsPaidOnceOnEveryLink) {
  const scenarios::Network slow{
      .latency = {milliseconds(1), milliseconds(4)}, .loss = {}, .duplicate = {}, .reorder = {}};
  const LinkPlan plan(slow, kRoster);
  for (const NodeId from : everybody())
    for (const NodeId to : everybody())
      if (is_link(from, to)) {
        const int paid = (plan.latency_of(from).filter.concerns(to, true) ? 1 : 0) +
                         (plan.latency_of(to).filter.concerns(from, false) ? 1 : 0);
        EXPECT_EQ(paid, 1) << Roster::name(from) << " to " << Roster::name(to);
      }
}

TEST(LinkPlan, WhatARuleStruckIsCountedForItsFault) {
  LinkPlan plan({.latency = {}, .loss = {1'000}, .duplicate = {}, .reorder = {}}, kRoster);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  const auto one_way = [](NodeId from, NodeId to) {
    return Between{.groups = {{from}, {to}}, .one_way = true};
  };
  plan.begin(scenarios::Partition{}, one_way(NodeId(1), NodeId(2)), first);
  plan.begin(scenarios::Partition{}, one_way(NodeId(3), NodeId(2)), second);
  for (const net::LinkRule& rule : plan.rules_of(NodeId(3))) plan.count(rule.id, 5);
  EXPECT_EQ(first, 0u);
  EXPECT_EQ(second, 5u);
}

}  // namespace
}  // namespace lockstep::real
