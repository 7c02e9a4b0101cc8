// Which edges close a cycle through edges of other kinds: many questions answered in one pass.
#pragma once

#include "reports/transactions/cycle_search.h"

namespace lockstep::transactions {

// Those of `edges` (a, b) for which a path of `kinds` leads from b to a. All that it cannot decide within a
// bounded effort are kept.
std::vector<Edge> closing(const Component& component, Kinds kinds, std::vector<Edge> edges);

}  // namespace lockstep::transactions
