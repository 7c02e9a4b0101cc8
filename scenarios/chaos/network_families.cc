// Frames that are lost, late, doubled, overtaken, or kept apart.
#include <array>
#include <utility>

#include "scenarios/chaos/fault_draws.h"
#include "scenarios/chaos/fault_families.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;

Links draw_links_or_all(Dice& dice, const Scenario& scenario) {
  return dice.percent(40) ? Links{} : draw_links(dice, scenario);
}

// `make` draws the action.
template <class Make>
void draw_network(std::string_view area, std::uint64_t seed, Scenario& scenario, Make make) {
  Dice dice(seed, area);
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    const Duration lasting = draw_duration(dice, 100, 2500, 8000);
    Trigger trigger = draw_trigger(dice, scenario, lasting);
    scenario.faults.push_back({std::move(trigger), make(dice), lasting});
  }
}

void draw_partition(std::uint64_t seed, Scenario& scenario) {
  draw_network("chaos.partition", seed, scenario,
               [&](Dice& dice) { return Partition{draw_links(dice, scenario)}; });
}

template <class Verb>
void draw_share(std::string_view area, std::uint64_t seed, Scenario& scenario) {
  draw_network(area, seed, scenario, [&](Dice& dice) {
    const std::uint64_t most = dice.percent(50) ? 20 : 90;
    const Probability share = dice.percents(2, most);
    return Verb{share, draw_links_or_all(dice, scenario)};
  });
}

void draw_loss(std::uint64_t seed, Scenario& scenario) { draw_share<Loss>("chaos.loss", seed, scenario); }
void draw_duplicate(std::uint64_t seed, Scenario& scenario) {
  draw_share<Duplicate>("chaos.duplicate", seed, scenario);
}
void draw_reorder(std::uint64_t seed, Scenario& scenario) {
  draw_share<Reorder>("chaos.reorder", seed, scenario);
}

void draw_delay(std::uint64_t seed, Scenario& scenario) {
  draw_network("chaos.delay", seed, scenario, [&](Dice& dice) {
    const Duration median = draw_duration(dice, 1, 50, 400);
    const Spread extra{median, median * dice.one_of({1, 2, 5})};
    return Delay{extra, draw_links_or_all(dice, scenario)};
  });
}

constexpr std::array kFamilies{
    FaultFamily{"partition", {"partition"}, draw_partition},
    FaultFamily{"loss", {"loss"}, draw_loss},
    FaultFamily{"delay", {"delay"}, draw_delay},
    FaultFamily{"duplicate", {"duplicate"}, draw_duplicate},
    FaultFamily{"reorder", {"reorder"}, draw_reorder},
};

}  // namespace

std::span<const FaultFamily> network_families() { return kFamilies; }

}  // namespace lockstep::chaos
