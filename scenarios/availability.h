// Judges whether a cluster served within a bound whenever enough of it was sound and connected.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reports/history.h"
#include "reports/verdict.h"
#include "scenarios/outages.h"

namespace lockstep::scenarios {

struct AvailabilityRules {
  std::vector<NodeId> nodes;
  std::size_t quorum = 0;  // so many nodes, all connected with each other, can serve
  Duration bound{};
};

// In a stretch of the run in which nothing changes and such a quorum exists, no client that reaches all of it
// waits longer than the bound without that any operation is executed. Anything that answers "executed"
// counts, also what SQL refuses; local reads and versions, which any node answers, do not. `clients`: whose
// each operation is.
reports::Verdict check_availability(const AvailabilityRules& rules, std::span<const Outage> outages,
                                    const reports::History& history,
                                    const std::vector<std::uint32_t>& clients);

}  // namespace lockstep::scenarios
