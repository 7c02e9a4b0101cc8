// The parts of the weak levels, each beside what it must not cost.
#include <gtest/gtest.h>

#include "reports/transactions/check.h"
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
  const reports::History history = one_by_one({{0, "Ra1 wb1"}, {1, "Rb1 wa1"}, {2, "wx1"}, {3, "Rx1 wy1"}, {4, "Ry1 Rx"}});
  const auto findings = check(history, *parse_model("strong-session-causal", {}));
  ASSERT_TRUE(findings) << findings.error().message;
  EXPECT_TRUE(findings->log.has("G1c"));
  EXPECT_EQ(findings->outcome, reports::Outcome::kViolated);
}

}  // namespace
}  // namespace lockstep::transactions
