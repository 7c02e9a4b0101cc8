// Judges what the versioned writes' clients read: contents and versions, while the run went on and at its
// end.
#pragma once

#include <string>
#include <vector>

#include "reports/durability.h"
#include "reports/history.h"
#include "reports/verdict.h"
#include "scenarios/end_phase.h"

namespace lockstep::scenarios {

// Writes of one table as identified writes for the durability check.
std::vector<reports::IdentifiedWrite> writes_of(const reports::History& history, const std::string& table);

// The row of the table of verdicts that a check fills.
struct Promise {
  std::string name;
  std::string sentence;
};

// A read of a table, or of another key to which "add" operations add rows by their numbers, holds no row that
// was not asked for before it ended, and none of a failed write; no row twice, and batches never half. A
// linearizable one also holds all rows acknowledged before it began. A text in the answer is a fault that the
// read itself has found.
reports::Verdict check_contents(Promise promise, const reports::History& history,
                                const std::vector<std::string>& keys);
// The row "reads", about tables of versioned writes.
reports::Verdict check_reads(const reports::History& history, const std::vector<std::string>& tables);

// GetVersion never exceeds what was attempted, and at the end it is the number of executed statements on
// every node.
reports::Verdict check_versions(const reports::History& history,
                                const std::vector<EndPhase::FinalVersion>& final_versions);

// The operations on registers alone, in the same order.
reports::History registers_of(const reports::History& history);
// The transactions of lists alone.
reports::History transactions_of(const reports::History& history);

}  // namespace lockstep::scenarios
