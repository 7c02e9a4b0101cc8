// Read committed, read atomic and causal consistency, decided exactly for registers by the edges that each of
// them forces (Biswas and Enea 2019; Møldrup and Pavlogiannis 2025).
//
// Each level is an axiom: if t reads x from b, and a, which wrote x as well, is visible to t, then a comes
// before b. They differ in what "visible" means: read by t earlier; read by t or earlier in its session; or
// in its causal past. A history satisfies the level if these edges and what the history itself orders have no
// cycle.
#pragma once

#include "reports/transactions/anomalies.h"
#include "reports/transactions/graph.h"
#include "reports/transactions/transactions.h"

namespace lockstep::transactions {

// Logs non-monotonic-read, fractured-read or causal-violation, the first that occurs; with the suffix
// -process if `order` is kSession. Causal consistency is about sessions and is judged with kSession only.
// `graph` has the data's dependencies and, for kSession, the session order. False: too large to decide causal
// consistency.
bool check_weak_levels(const Transactions& all, const DependencyGraph& graph, Order order, AnomalyLog& log);

}  // namespace lockstep::transactions
