// The families of faults that a drawn scenario chooses among; each is on or exactly off.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace lockstep::chaos {

struct FaultFamily {
  std::string_view name;
  std::array<std::string_view, 6> verbs;  // of its faults, as in scenario files; empty ones say nothing
  // Appends its faults, and may set the cluster's times to go with them; cluster and workloads are drawn already.
  void (*draw)(std::uint64_t seed, scenarios::Scenario& scenario);
  std::uint64_t share = 30;  // percent of the seeds that can have it
  bool is_alone = false;     // and nothing else then: it is more than a cluster owes beside anything else
};

std::span<const FaultFamily> process_families();
std::span<const FaultFamily> election_families();
std::span<const FaultFamily> network_families();
std::span<const FaultFamily> disk_families();
std::span<const FaultFamily> field_families();  // of seeds with a field only

// All of them, in the order in which they draw.
std::vector<const FaultFamily*> fault_families();
// Those that are on for this seed: each that it can have in its share of the seeds, by a draw of its own; or one
// that is alone.
std::vector<const FaultFamily*> families_of(std::uint64_t seed);

}  // namespace lockstep::chaos
