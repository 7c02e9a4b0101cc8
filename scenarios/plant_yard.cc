// Each plant has a seed of its own, keyed by edge and place.
#include "scenarios/plant_yard.h"

#include <bit>

#include "base/check.h"
#include "base/prng.h"
#include "base/text.h"
#include "edge/events.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kPlant{"field.plant"};

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

}  // namespace

PlantYard::PlantYard(const Field& field, const Roster& roster, std::uint64_t seed) {
  for (const NodeId edge : roster.edges()) {
    for (std::size_t place = 0; place < field.devices.size(); ++place) {
      const std::string_view kind = to_string(field.devices[place]);
      auto plant = devices::make_plant(kind, cat(Roster::name(edge), '/', kind, place + 1),
                                       draw(seed, kPlant, edge.value(), place));
      CHECK(plant.has_value(), kind);
      plants_[edge].push_back(std::move(*plant));
    }
  }
}

void PlantYard::tell(Duration now, const std::function<void(NodeId edge, const env::Event&)>& note) const {
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

}  // namespace lockstep::scenarios
