// Each plant has a seed of its own, keyed by edge and place.
#include "scenarios/plant_yard.h"

#include <bit>

#include "base/check.h"
#include "base/prng.h"
#include "base/text.h"
#include "edge/events.h"
#include "scenarios/plant_parts.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kPlant{"field.plant"};

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

}  // namespace

std::uint64_t PlantYard::seed_of(NodeId edge, std::size_t place, std::uint64_t seed) {
  return draw(seed, kPlant, edge.value(), place);
}

PlantYard::PlantYard(const Field& field, const Roster& roster, std::uint64_t seed) : field_(field) {
  for (const NodeId edge : roster.edges()) {
    for (std::size_t place = 0; place < field.devices.size(); ++place) {
      const std::string_view kind = to_string(field.devices[place]);
      auto plant = devices::make_plant(kind, cat(Roster::name(edge), '/', device_name(field, place)),
                                       seed_of(edge, place, seed));
      CHECK(plant.has_value(), kind);
      plants_[edge].push_back(std::move(*plant));
    }
  }
}

void PlantYard::tell(Duration now, const Note& note) const {
  for (const auto& [edge, plants] : plants_)
    for (std::size_t device = 0; device < plants.size(); ++device) {
      devices::Plant& plant = *plants[device];
      plant.advance(now);
      const std::vector<double> state = plant.state();
      for (std::size_t signal = 0; signal < state.size(); ++signal) {
        const devices::SignalInfo& info = plant.info().signals[signal];
        note(edge, {edge::kPlantState,
                    {device, signal, bits(state[signal]), bits(info.safe_low), bits(info.safe_high)}});
      }
    }
}

std::vector<PlantYard::Part> PlantYard::parts_of(NodeId edge, const Breakdown& breakdown) const {
  std::vector<Part> parts;
  for (std::size_t device = 0; device < field_.devices.size(); ++device) {
    if (!breakdown.device.empty() && breakdown.device != device_name(field_, device)) continue;
    const auto names = part_names(plants_.at(edge)[device]->info(), breakdown.kind);
    for (std::size_t number = 0; number < names.size(); ++number)
      if (breakdown.part.empty() || breakdown.part == names[number])
        parts.push_back({.edge = edge, .device = device, .number = number, .fault = breakdown.kind});
  }
  return parts;
}

void PlantYard::set(const Part& part, bool broken, Duration now, const Note& note) {
  devices::Plant& plant = *plants_.at(part.edge)[part.device];
  plant.advance(now);
  plant.set_fault(part.fault, part.number, broken);
  const auto fault = static_cast<std::uint64_t>(part.fault) + 1;
  const std::string name =
      cat(device_name(field_, part.device), " ", part_names(plant.info(), part.fault)[part.number]);
  note(part.edge, {edge::kPlantFault, {part.device, part.number, fault, broken ? 1u : 0u}, name});
}

std::size_t PlantYard::break_down(NodeId edge, const Breakdown& breakdown, Duration now, const Note& note) {
  std::size_t count = 0;
  for (const Part& part : parts_of(edge, breakdown)) {
    if (broken_[part]++ > 0) continue;
    set(part, true, now, note);
    ++count;
  }
  return count;
}

void PlantYard::repair(NodeId edge, const Breakdown& breakdown, Duration now, const Note& note) {
  for (const Part& part : parts_of(edge, breakdown)) {
    const auto broken = broken_.find(part);
    if (broken == broken_.end() || --broken->second > 0) continue;
    broken_.erase(broken);
    set(part, false, now, note);
  }
}

void PlantYard::repair_all(NodeId edge, Duration now, const Note& note) {
  std::erase_if(broken_, [&](const auto& broken) {
    if (broken.first.edge != edge) return false;
    set(broken.first, false, now, note);
    return true;
  });
}

}  // namespace lockstep::scenarios
