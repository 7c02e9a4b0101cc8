// The rows of the table of verdicts that judge what the clients of a run saw.
#pragma once

#include <vector>

#include "reports/verdict.h"
#include "scenarios/end_phase.h"
#include "scenarios/run_book.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

// One for each check that some workload of the scenario asks for; `end` has run.
std::vector<reports::Verdict> judge_clients(const Scenario& scenario, const RunBook& book,
                                            const EndPhase& end);

}  // namespace lockstep::scenarios
