// Draws what a hub scenario has around its cluster: edges, devices, buffers, and what the cloud sends.
#pragma once

#include <cstdint>

#include "scenarios/scenario.h"

namespace lockstep::chaos {

inline constexpr std::uint64_t kSeedsPerField = 8;  // one seed in so many has a field

bool has_field(std::uint64_t seed);
// Makes a hub scenario of one whose cluster, profiles and workloads are drawn already; they stay, but for
// clocks that differ by more than instructions allow for.
void draw_field(std::uint64_t seed, scenarios::Scenario& scenario);

}  // namespace lockstep::chaos
