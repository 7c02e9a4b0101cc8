// Which families there are, and which of them a seed has.
#include "scenarios/chaos/fault_families.h"

#include "base/text.h"
#include "scenarios/chaos/dice.h"
#include "scenarios/chaos/field_draw.h"

namespace lockstep::chaos {
namespace {

void append(std::vector<const FaultFamily*>& all, std::span<const FaultFamily> families) {
  for (const FaultFamily& family : families) all.push_back(&family);
}

std::vector<const FaultFamily*> cluster_families() {
  std::vector<const FaultFamily*> all;
  for (const auto& families : {process_families(), election_families(), network_families(), disk_families()})
    append(all, families);
  return all;
}

}  // namespace

std::vector<const FaultFamily*> fault_families() {
  auto all = cluster_families();
  append(all, field_families());
  return all;
}

std::vector<const FaultFamily*> families_of(std::uint64_t seed) {
  std::vector<const FaultFamily*> on;
  const auto possible = has_field(seed) ? fault_families() : cluster_families();
  for (const FaultFamily* family : possible) {
    if (!Dice(seed, cat("chaos.family.", family->name)).percent(family->share)) continue;
    if (family->is_alone) return {family};
    on.push_back(family);
  }
  return on;
}

}  // namespace lockstep::chaos
