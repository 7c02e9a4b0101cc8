// Which families there are, and which of them a seed has.
#include "scenarios/chaos/fault_families.h"

#include "base/text.h"
#include "scenarios/chaos/dice.h"

namespace lockstep::chaos {
namespace {

constexpr std::uint64_t kShare = 35;  // percent of the seeds, for each family

}  // namespace

std::vector<const FaultFamily*> fault_families() {
  std::vector<const FaultFamily*> all;
  for (const auto& families : {process_families(), network_families()})
    for (const FaultFamily& family : families) all.push_back(&family);
  return all;
}

std::vector<const FaultFamily*> families_of(std::uint64_t seed) {
  std::vector<const FaultFamily*> on;
  for (const FaultFamily* family : fault_families())
    if (Dice(seed, cat("chaos.family.", family->name)).percent(kShare)) on.push_back(family);
  return on;
}

}  // namespace lockstep::chaos
