// Judges a history of transactions: which anomalies it has, which levels of consistency they rule out.
#pragma once

#include "reports/transactions/cycles.h"
#include "reports/transactions/model.h"
#include "reports/transactions/polygraph.h"
#include "reports/transactions/transactions.h"
#include "reports/verdict.h"

namespace lockstep::transactions {

struct Limits {
  CycleLimits cycles;
  PolygraphLimits polygraph;
};

struct Findings {
  reports::Outcome outcome = reports::Outcome::kHolds;
  AnomalyLog log;                   // everything that was found, also what the model allows
  Levels ruled_out[3] = {0, 0, 0};  // per order: by anomalies, and by cycles that nobody named
  std::string unknown_because;      // kUnknown
  Workload workload = Workload::kListAppend;
  std::uint64_t transactions = 0;  // that happened
  std::uint64_t keys = 0;
  std::uint64_t dependencies = 0;
  std::uint64_t components = 0;         // strongly connected, of more than one transaction
  std::uint32_t largest_component = 0;  // transactions
};

// Operations of the history are of the kind txn, their values lists of micro-operations ["r",key,answer],
// ["w",key,value], ["append",key,element]; docs/format/history.md. Fails if it is not such a history.
Result<Findings> check(const reports::History& history, const Model& model, const Limits& limits = {});

// The findings as a row of the table of verdicts.
reports::Verdict verdict(const Model& model, const Findings& findings);

}  // namespace lockstep::transactions
