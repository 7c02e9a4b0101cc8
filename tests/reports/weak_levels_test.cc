// The parts of the weak levels, each beside what it must not cost.
#include <gtest/gtest.h>

#include <utility>

#include "reports/transactions/check.h"
#include "reports/transactions/session_writes.h"
#include "tests/reports/small_histories.h"

namespace lockstep::transactions {
namespace {

TEST(WeakLevels, AKnotIsTriedOnceAndOnlyIfSomethingInItIsForced) {
  // A knot of three with two forced edges, one of two without any, a forced edge from that to a vertex alone.
  const std::vector<Edge> edges = {{4, 0, kWr}, {0, 4, kWr}, {1, 2, kRw}, {2, 3, kRw},
                                   {3, 1, kWr}, {4, 5, kRw}, {5, 1, kWw}};
  const Components parts = strong_components(make_csr(6, edges, kWw | kWr | kRw));
  ASSERT_TRUE(parts.cyclic(0));
  EXPECT_EQ(components_with(kRw, parts, edges), std::vector<std::uint32_t>{parts.of[1]});
  EXPECT_EQ(components_with(kWr, parts, edges), (std::vector<std::uint32_t>{parts.of[0], parts.of[1]}));
}

TEST(WeakLevels, AForcedKnotIsFoundBehindOneOfTheSessionsOwn) {
  // Two sessions that read each other's future; beside them one that sees y and misses the x behind it.
  const reports::History history =
      one_by_one({{0, "Ra1 wb1"}, {1, "Rb1 wa1"}, {2, "wx1"}, {3, "Rx1 wy1"}, {4, "Ry1 Rx"}});
  const auto findings = check(history, *parse_model("strong-session-causal", {}));
  ASSERT_TRUE(findings) << findings.error().message;
  EXPECT_TRUE(findings->log.has("G1c"));
  EXPECT_EQ(findings->outcome, reports::Outcome::kViolated);
}

TEST(WeakLevels, OfASessionTheLastWriteThatIsEarlyEnoughCounts) {
  SessionWrites writes;
  for (const std::uint32_t place : {1u, 4u, 9u}) writes.add(7, 2, place);
  writes.add(7, 1'000'000'000, 3);  // a session costs nothing where it wrote nothing
  writes.add(8, 2, 5);
  EXPECT_EQ(writes.last(7, 2, 1), std::nullopt);
  EXPECT_EQ(writes.last(7, 2, 2), 1u);
  EXPECT_EQ(writes.last(7, 2, 9), 4u);
  EXPECT_EQ(writes.last(7, 2, 100), 9u);
  EXPECT_EQ(writes.last(7, 3, 100), std::nullopt);
  EXPECT_EQ(writes.last(9, 2, 100), std::nullopt);
  using Seen = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  const auto seen = [&](std::uint32_t key, std::uint32_t of_two, std::uint32_t of_others) {
    Seen found;
    writes.each_last(
        key, [&](std::uint32_t session) { return session == 2 ? of_two : of_others; },
        [&](std::uint32_t session, std::uint32_t place) { found.emplace_back(session, place); });
    return found;
  };
  EXPECT_EQ(seen(7, 5, 4), (Seen{{2, 4}, {1'000'000'000, 3}}));
  EXPECT_EQ(seen(7, 1, 4), (Seen{{1'000'000'000, 3}}));
  EXPECT_EQ(seen(8, 9, 9), (Seen{{2, 5}}));
  EXPECT_EQ(seen(6, 9, 9), Seen{});
}

// The write is far back, so that it is not found by looking back one by one soon.
TEST(WeakLevels, ASessionThatLosesItsOwnOldWriteIsFractured) {
  std::vector<SmallTransaction> steps = {{0, "wx1"}, {1, "wx2"}};
  for (int i = 0; i < 50; ++i) steps.push_back({0, i % 2 == 0 ? "Ry" : "Rz"});
  steps.push_back({0, "Rx"});
  const auto findings = check(one_by_one(steps), *parse_model("strong-session-read-atomic", {}));
  ASSERT_TRUE(findings) << findings.error().message;
  EXPECT_TRUE(findings->log.has("fractured-read-process"));
}

}  // namespace
}  // namespace lockstep::transactions
