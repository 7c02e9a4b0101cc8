// Which families there are, and which of them a seed has.
#include "scenarios/chaos/fault_families.h"

#include "base/text.h"
#include "scenarios/chaos/dice.h"

namespace lockstep::chaos {
namespace {

constexpr std::uint64_t kShare = 30;      // percent of the seeds, for each family
constexpr std::uint64_t kShareAlone = 3;  // likewise, for one that is alone

}  // namespace

std::vector<const FaultFamily*> fault_families() {
  std::vector<const FaultFamily*> all;
  for (const auto& families : {process_families(), network_families(), disk_families()})
    for (const FaultFamily& family : families) all.push_back(&family);
  return all;
}

std::vector<const FaultFamily*> families_of(std::uint64_t seed) {
  std::vector<const FaultFamily*> on;
  for (const FaultFamily* family : fault_families())
    if (family->is_alone && Dice(seed, cat("chaos.family.", family->name)).percent(kShareAlone))
      return {family};
  for (const FaultFamily* family : fault_families())
    if (!family->is_alone && Dice(seed, cat("chaos.family.", family->name)).percent(kShare))
      on.push_back(family);
  return on;
}

}  // namespace lockstep::chaos
