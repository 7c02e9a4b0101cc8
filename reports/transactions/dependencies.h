// Who must come before whom, and why: from versions, sessions and real time.
#pragma once

#include "reports/transactions/anomalies.h"
#include "reports/transactions/graph.h"
#include "reports/transactions/transactions.h"
#include "reports/transactions/version_order.h"

namespace lockstep::transactions {

// What the data say: kWw, kWr, kRw. `order` is used for registers only; lists order themselves.
void add_data_dependencies(const Transactions& all, const VersionOrder& order, DependencyGraph& graph);
// kProcess: consecutive transactions of a process.
void add_session_order(const Transactions& all, DependencyGraph& graph);
// kRealtime, in linear size: one waypoint for each run of returns.
void add_realtime_order(const Transactions& all, DependencyGraph& graph);

// "T1 appended 3 to x, and T2 read x as [1,2,3]": why `edge` from T1 to T2 is there.
std::string explain(const Transactions& all, const Edge& edge, std::string_view from, std::string_view to);

}  // namespace lockstep::transactions
