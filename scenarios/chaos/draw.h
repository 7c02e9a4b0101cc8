// Draws a whole scenario from a seed: cluster, profiles, workloads, of some seeds a field, and faults of a few
// families, the others exactly off.
//
// A pure function of the seed (docs/chaos.md says what of): the same seed is the same scenario on every
// machine, and written as a file it runs alone. Swarm testing (Groce et al., ISSTA 2012): with every fault
// always on, most of them only get in each other's way.
#pragma once

#include <cstdint>

#include "scenarios/scenario.h"

namespace lockstep::chaos {

inline constexpr Duration kWorkTime = std::chrono::seconds(30);  // of the workloads of each drawn scenario
inline constexpr std::uint64_t kLeastOperations = 1000;          // that its clients begin

// Checked: it is one that parse_scenario() would accept.
scenarios::Scenario draw_scenario(std::uint64_t seed);

}  // namespace lockstep::chaos
