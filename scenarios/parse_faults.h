// Reading one fault: its trigger, its verb and who it hits, against the cluster that it will hit.
#pragma once

#include "scenarios/parse_scenario.h"
#include "scenarios/parse_values.h"

namespace lockstep::scenarios {

// Reads `at` as the fault that stands behind `before.faults`; `before` has cluster and workload already.
Fault read_fault(const json::Cursor& at, const Scenario& before, const Vocabulary& vocabulary);

// When a fault first strikes, if its trigger is a time or follows one that is.
std::optional<Duration> first_strike(const Scenario& scenario, std::size_t fault);

}  // namespace lockstep::scenarios
