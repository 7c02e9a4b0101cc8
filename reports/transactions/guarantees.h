// Session guarantees (Terry et al. 1994): read your writes, monotonic reads, monotonic writes, writes follow
// reads.
#pragma once

#include "reports/transactions/anomalies.h"
#include "reports/transactions/version_order.h"

namespace lockstep::transactions {

// Logs an anomaly with the name of each guarantee that is broken. For lists the order of versions is known;
// for registers a guarantee is broken if what it demands of a key contradicts itself or `order`.
void check_guarantees(const Transactions& all, const VersionOrder& order, AnomalyLog& log);

}  // namespace lockstep::transactions
