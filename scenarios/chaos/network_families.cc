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
void draw_network(std::string_view area, std::uint64_t seed, Scenario& scenario, Make make,
                  std::uint64_t most_ms = 8000) {
  Dice dice(seed, area);
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    const Duration lasting = draw_duration(dice, 100, most_ms / 3, most_ms);
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

void draw_corrupt(std::uint64_t seed, Scenario& scenario) {
  draw_share<Corrupt>("chaos.corrupt", seed, scenario);
}

void draw_bandwidth(std::uint64_t seed, Scenario& scenario) {
  draw_network("chaos.bandwidth", seed, scenario, [&](Dice& dice) {
    Bandwidth bandwidth;
    bandwidth.bytes_per_second = dice.between(1, 100) * 2000;
    bandwidth.queue_bytes = bandwidth.bytes_per_second * dice.between(1, 8) / 4;  // emptied in two seconds
    bandwidth.between = draw_links_or_all(dice, scenario);
    return bandwidth;
  });
}

void draw_bridge(std::uint64_t seed, Scenario& scenario) {
  draw_network("chaos.bridge", seed, scenario, [&](Dice& dice) {
    const Target middle = draw_node(dice, scenario);
    return Bridge{only(dice.one_of({middle, kTheLeader, kAFollower}))};
  });
}

void draw_clog(std::uint64_t seed, Scenario& scenario) {
  draw_network(
      "chaos.clog", seed, scenario,
      [&](Dice& dice) -> Action {
        if (dice.percent(30)) return Swizzle{only(kEveryNode)};
        Clog clog;
        clog.targets = draw_victims(dice, scenario);
        if (dice.percent(30)) clog.with = only(draw_node(dice, scenario));
        clog.direction = dice.one_of({Direction::kBoth, Direction::kSend, Direction::kReceive});
        return clog;
      },
      kMostHoldingBackMs);
}

void draw_reset(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.reset");
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    Trigger trigger = draw_trigger(dice, scenario, {});
    scenario.faults.push_back({std::move(trigger), Reset{draw_victims(dice, scenario)}, {}});
  }
}

constexpr std::array kFamilies{
    FaultFamily{"partition", {"partition"}, draw_partition},
    FaultFamily{"loss", {"loss"}, draw_loss},
    FaultFamily{"delay", {"delay"}, draw_delay},
    FaultFamily{"duplicate", {"duplicate"}, draw_duplicate},
    FaultFamily{"reorder", {"reorder"}, draw_reorder},
    FaultFamily{"corrupt", {"corrupt"}, draw_corrupt},
    FaultFamily{"bandwidth", {"bandwidth"}, draw_bandwidth},
    FaultFamily{"bridge", {"bridge"}, draw_bridge},
    FaultFamily{"clog", {"clog", "swizzle"}, draw_clog},
    FaultFamily{"reset", {"reset"}, draw_reset},
};

}  // namespace

std::span<const FaultFamily> network_families() { return kFamilies; }

}  // namespace lockstep::chaos
