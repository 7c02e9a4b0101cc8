// Judges whether a cluster served within a bound whenever enough of it was sound and connected.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/history.h"
#include "reports/verdict.h"
#include "scenarios/quorums.h"

namespace lockstep::scenarios {

// In a stretch of the run in which nothing changes and such a quorum exists, no client that reaches all of it
// waits longer than the bound without that any operation is executed. Anything that answers "executed"
// counts, also what SQL refuses; local reads and versions, which any node answers, do not. `clients`: whose
// each operation is.
reports::Verdict check_availability(const Quorums& quorums, Duration bound, const reports::History& history,
                                    const std::vector<std::uint32_t>& clients);

}  // namespace lockstep::scenarios
