// Serializability, snapshot isolation and prefix consistency decided exactly: is there any order of the
// versions that nobody knows the order of, under which the dependency graph has no forbidden cycle?
//
// Two writes of a key whose order is not known make a choice; each side brings edges (the one write before
// the other, whoever read the first before the second). A side that closes a cycle is impossible, then the
// other is forced. What stays undecided is tried out, the most plausible first, with backtracking. Which
// cycles are forbidden is brought to plain acyclicity: snapshot isolation and prefix consistency look at two
// copies of each transaction, the second for one that may not be left by kRw.
#pragma once

#include "reports/transactions/anomalies.h"
#include "reports/transactions/graph.h"
#include "reports/transactions/transactions.h"
#include "reports/transactions/version_order.h"
#include "reports/verdict.h"

namespace lockstep::transactions {

struct PolygraphLimits {
  std::uint32_t vertices = 12'000;  // memory grows with the square
  std::uint64_t choices = 1'000'000;
  std::uint64_t work = 4'000'000'000;  // words of reachability touched
};

struct PolygraphFindings {
  reports::Outcome outcome = reports::Outcome::kUnknown;
  std::string unknown_because;
  std::uint64_t choices = 0;       // pairs of writes whose order was open
  std::uint64_t tried = 0;         // decisions that were not forced
  std::vector<std::string> proof;  // kViolated
};

// `level` is kPrefix, kSnapshot or kSerializable. `graph` has all that is known.
PolygraphFindings solve(const Transactions& all, const DependencyGraph& graph, Level level,
                        const PolygraphLimits& limits = {});

}  // namespace lockstep::transactions
