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

// A read of a table holds no row that was not asked for before it ended, and none of a failed write; batches
// are never half there. A linearizable one also holds all rows acknowledged before it began.
reports::Verdict check_reads(const reports::History& history, const std::vector<std::string>& tables);

// GetVersion never exceeds what was attempted, and at the end it is the number of executed statements on
// every node.
reports::Verdict check_versions(const reports::History& history,
                                const std::vector<EndPhase::FinalVersion>& final_versions);

// The operations on registers alone, in the same order.
reports::History registers_of(const reports::History& history);

}  // namespace lockstep::scenarios
