// All oracles together: they hear a fine story and keep silent, and say where a violation was seen.
#include <gtest/gtest.h>

#include "tests/scenarios/oracle_court.h"

namespace lockstep::scenarios {
namespace {

// ---- a fine run -------------------------------------------------------------------------------------------------

// Elections, a deposed leader whose entry is replaced, a crash, transactions, dropped prefixes.
TEST(Oracles, AFineRunIsAcceptedByAllAndEveryOneOfThemCompared) {
  OracleCourt court(3);
  for (std::uint64_t node = 1; node <= 3; ++node) court.voted(node, 1, 1);
  court.replicate(4);
  court.prepared(1, 4);
  court.prepared(2, 4);
  court.transaction_durable(1, 4, true);
  court.executed(1, 2, 1, 1);
  court.executed(2, 2, 1, 1);
  court.durable(1, 5, 1);  // n1 is cut off with an entry of its own
  court.voted(2, 2, 2);
  court.voted(3, 2, 2);
  court.leads(2, 2);
  court.durable(2, 5, 2);
  court.durable(3, 5, 2);
  court.committed(2, 5, 2);
  court.applied(2, 5, 2);
  court.decided(2, 4, 5, false);
  court.voted(1, 2, 0);
  court.follows(1, 2, 2);
  court.committed(1, 5, 2);  // told before the write that cuts is durable
  court.cut(1, 5);
  court.durable(1, 5, 2);
  court.applied(1, 5, 2);
  court.decided(1, 4, 5, false);
  court.recovered(3, {.last = 5, .commit = 3, .applied = 0, .term = 2});
  court.committed(3, 5, 2);
  for (std::uint64_t index = 1; index <= 5; ++index) court.applied(3, index, index == 5 ? 2 : 1);
  court.decided(3, 4, 5, false);
  for (std::uint64_t node = 1; node <= 3; ++node) court.dropped(node, 4, 5, 5);
  EXPECT_EQ(court.verdict(), "");
  for (const auto& oracle : court.oracles()) EXPECT_GT(oracle->checked(), 0u) << oracle->name();
}

TEST(Oracles, NamesAndPromisesAreDistinct) {
  const auto oracles = make_oracles({.voters = 3});
  EXPECT_EQ(oracles.size(), 14u);
  for (const auto& a : oracles)
    for (const auto& b : oracles)
      if (a != b) {
        EXPECT_NE(a->name(), b->name());
        EXPECT_NE(a->promise(), b->promise());
      }
}

TEST(Oracles, AViolationSaysWhereItWasSeenAndOnlyTheFirstAreKept) {
  OracleCourt court(3);
  court.leads(1, 1);
  for (int i = 0; i < 50; ++i) court.leads(2, 1);
  const auto& violations = court.oracle("election-safety").violations();
  ASSERT_EQ(violations.size(), 10u);
  EXPECT_EQ(violations.front().order, 1u);
  EXPECT_EQ(violations.front().at, Duration(1));
  EXPECT_EQ(violations.front().node, NodeId(2));
}

}  // namespace
}  // namespace lockstep::scenarios
