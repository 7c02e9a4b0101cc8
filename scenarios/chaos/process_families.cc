// Nodes that die, stand still or are held at one point, and clocks that go wrong.
#include <array>
#include <utility>

#include "scenarios/chaos/fault_draws.h"
#include "scenarios/chaos/fault_families.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Verb>
void draw_deaths(std::string_view area, std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, area);
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    const Duration down = draw_duration(dice, 50, 1500, 6000);
    Trigger trigger = draw_trigger(dice, scenario, down);
    Fault fault{std::move(trigger), Verb{draw_victims(dice, scenario)}, down};
    const bool stays_down = dice.percent(10);
    if (stays_down) fault.lasting.reset();
    scenario.faults.push_back(std::move(fault));
    if (!stays_down) continue;
    Repeatedly nurse;
    nurse.period = nurse.from = seconds(3);
    scenario.faults.push_back({nurse, Restart{only({TargetKind::kCrashed, 0})}, {}});
  }
}

void draw_kill(std::uint64_t seed, Scenario& scenario) { draw_deaths<Kill>("chaos.kill", seed, scenario); }
void draw_leave(std::uint64_t seed, Scenario& scenario) { draw_deaths<Leave>("chaos.leave", seed, scenario); }
void draw_power_loss(std::uint64_t seed, Scenario& scenario) {
  draw_deaths<PowerLoss>("chaos.power_loss", seed, scenario);
}

void draw_restart_storm(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.restart_storm");
  Repeatedly storm;
  storm.period = dice.milliseconds(300, 900);
  storm.from = dice.milliseconds(1000, 20'000);
  storm.times = static_cast<std::uint32_t>(dice.between(4, 12));
  const Duration down = dice.milliseconds(20, 250);
  const Target victim = dice.percent(50) ? kTheLeader : draw_node(dice, scenario);
  if (dice.percent(50)) {
    scenario.faults.push_back({storm, Kill{only(victim)}, down});
  } else {
    scenario.faults.push_back({storm, PowerLoss{only(victim)}, down});
  }
}

void draw_stall(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.stall");
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    const Duration still = draw_duration(dice, 20, 1000, 5000);
    Trigger trigger = draw_trigger(dice, scenario, still);
    scenario.faults.push_back({std::move(trigger), Stall{draw_victims(dice, scenario)}, still});
  }
}

void draw_crash(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.crash");
  for (std::uint64_t left = draw_count(dice) + 1; left > 0; --left) {
    const Duration down = dice.milliseconds(50, 2000);
    AtProbe probe = draw_probe(dice, scenario);
    scenario.faults.push_back({std::move(probe), Crash{draw_victims(dice, scenario)}, down});
  }
}

void draw_pause(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.pause");
  for (std::uint64_t left = draw_count(dice) + 1; left > 0; --left) {
    AtProbe probe = draw_probe(dice, scenario);
    scenario.faults.push_back({std::move(probe), Pause{dice.milliseconds(5, 4000)}, {}});
  }
}

// Some allocations of SQLite are refused; the node stops itself and is started again.
void draw_memory(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.memory");
  for (std::uint64_t left = draw_count(dice); left > 0; --left) {
    const Duration lasting = draw_duration(dice, 100, 1500, 4000);
    Trigger trigger = draw_trigger(dice, scenario, lasting);
    OutOfMemory refusal{.targets = draw_victims(dice, scenario)};
    const std::uint64_t most = dice.one_of({20u, 300u, 3000u});
    refusal.nth = static_cast<std::uint32_t>(dice.between(1, most));
    refusal.times = dice.one_of({1u, 1u, 2u, 10u});
    scenario.faults.push_back({std::move(trigger), std::move(refusal), lasting});
  }
}

void draw_clock(std::uint64_t seed, Scenario& scenario) {
  Dice dice(seed, "chaos.clock");
  for (std::uint64_t left = draw_count(dice) + 1; left > 0; --left) {
    ClockChange change;
    Trigger trigger = draw_trigger(dice, scenario, milliseconds(500));
    change.targets = draw_victims(dice, scenario);
    change.jump = milliseconds(dice.one_of({-3'600'000, -60'000, -1000, -3, 0, 3, 1000, 60'000, 3'600'000}));
    if (change.jump == Duration::zero() || dice.percent(40))
      change.drift_ppm = dice.one_of({-50'000, -500, 0, 500, 50'000});
    if (dice.percent(20)) change.leap = dice.milliseconds(1, 5000);
    if (dice.percent(20)) change.freeze = dice.milliseconds(10, 2000);
    if (dice.percent(20)) change.tick = dice.milliseconds(1, 20);
    scenario.faults.push_back({std::move(trigger), change, {}});
  }
}

constexpr std::array kFamilies{
    FaultFamily{"kill", {"kill", "restart"}, draw_kill},
    FaultFamily{"power loss", {"power_loss", "restart"}, draw_power_loss},
    FaultFamily{"restart storm", {"kill", "power_loss"}, draw_restart_storm},
    FaultFamily{"stall", {"stall"}, draw_stall},
    FaultFamily{"crash", {"crash"}, draw_crash},
    FaultFamily{"pause", {"pause"}, draw_pause},
    FaultFamily{"clock", {"clock"}, draw_clock},
    FaultFamily{"memory", {"out_of_memory"}, draw_memory},
    FaultFamily{"leave", {"leave", "restart"}, draw_leave},
};

}  // namespace

std::span<const FaultFamily> process_families() { return kFamilies; }

}  // namespace lockstep::chaos
