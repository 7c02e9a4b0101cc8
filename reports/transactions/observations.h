// Anomalies that need no order of transactions: what a transaction saw and should not have seen.
#pragma once

#include "reports/transactions/transactions.h"

namespace lockstep::transactions {

struct ObservationOptions {
  bool unwritten_values_allowed =
      false;  // a register's value that nobody wrote: written outside of this history
};

// Logs internal, non-repeatable-read, future-read, G1a, G1b, garbage-read, dirty-update and lost-update.
void observe(const Transactions& transactions, const ObservationOptions& options, AnomalyLog& log);

// "T of process 3 (event 12, [["r","x",[1]]])": how a transaction is introduced in a proof.
std::string introduce(const Transactions& transactions, std::uint32_t transaction);

}  // namespace lockstep::transactions
