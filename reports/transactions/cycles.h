// Cycles of the dependency graph, by their names.
#pragma once

#include <functional>

#include "reports/transactions/anomalies.h"
#include "reports/transactions/graph.h"

namespace lockstep::transactions {

// How much work the naming of cycles may take. Whether there is one is answered in any case.
struct CycleLimits {
  std::uint64_t edge_visits = 200'000'000;  // of all searches together
};

// A cycle without a vertex twice and without passes: each edge's `to` is the next one's `from`.
using Cycle = std::vector<Edge>;

struct NamedCycle {
  std::string name;  // "G-single-item-process"
  Cycle cycle;
  bool shortest = true;     // of this name in its strongly connected component; false: the limit came first
  std::uint32_t among = 0;  // transactions of that component
};

// The levels of cycles that the graph forbids, decided by components alone, per order. A bit is a level.
struct CycleVerdicts {
  Levels ruled_out[3] = {0, 0, 0};
};

struct CycleFindings {
  std::vector<NamedCycle> cycles;  // the worst first; at most three of a name
  CycleVerdicts verdicts;
  std::uint64_t components = 0;  // strongly connected, of more than one transaction, of the whole graph
  std::uint32_t largest = 0;     // transactions of the largest
  bool limit_reached = false;
};

// `order`: which edges beside the data's count.
CycleFindings find_cycles(const DependencyGraph& graph, Order order, const CycleLimits& limits = {});

// The name of a cycle: G0, G1c, G-single-item, G-nonadjacent-item or G2-item, with -process or -realtime.
std::string name_of(const Cycle& cycle);

}  // namespace lockstep::transactions
