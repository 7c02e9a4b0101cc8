// Choices that come twice are wanted twice as often.
#include "scenarios/chaos/fault_draws.h"

#include <algorithm>
#include <utility>

namespace lockstep::chaos {
namespace {

using namespace scenarios;

bool is_two_phase(const Scenario& scenario) {
  return scenario.cluster.consensus.pause_before_commit > Duration::zero() ||
         scenario.cluster.consensus.write_mode == WriteMode::kStrong;
}

bool has_deaths(const Scenario& scenario) {
  return std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) {
    return std::holds_alternative<Kill>(fault.action) || std::holds_alternative<PowerLoss>(fault.action);
  });
}

}  // namespace

AtEvent draw_event(Dice& dice, const Scenario& scenario) {
  AtEvent at;
  if (has_deaths(scenario) && dice.percent(50)) {
    at.event = dice.one_of<const char*>({"process_killed", "recovered"});
    const std::uint32_t starts = at.event == "recovered" ? scenario.cluster.nodes : 0;  // of the beginning
    at.nth = starts + static_cast<std::uint32_t>(dice.between(1, 2));
    return at;
  }
  if (is_two_phase(scenario) && dice.percent(40)) {
    at.event = dice.one_of<const char*>({"transaction_durable", "transaction_prepared"});
    at.nth = static_cast<std::uint32_t>(dice.between(1, 200));
    return at;
  }
  at.event = dice.one_of<const char*>(
      {"role_changed", "hard_state_durable", "commit_advanced", "entry_durable", "append_sent"});
  const bool is_of_elections = at.event == "role_changed" || at.event == "hard_state_durable";
  at.nth = static_cast<std::uint32_t>(dice.between(1, is_of_elections ? 4 : 500));
  return at;
}

Target draw_node(Dice& dice, const Scenario& scenario) {
  return {TargetKind::kNode, static_cast<std::uint32_t>(dice.between(1, scenario.cluster.nodes))};
}

Target draw_client(Dice& dice, const Scenario& scenario) {
  return {TargetKind::kClient, static_cast<std::uint32_t>(dice.between(1, client_count(scenario)))};
}

Targets draw_victims(Dice& dice, const Scenario& scenario) {
  switch (dice.below(10)) {
    case 0: return only(kEveryNode);
    case 1: return {kTheLeader, draw_node(dice, scenario)};
    case 2:
    case 3: return only(draw_node(dice, scenario));
    case 4:
    case 5:
    case 6: return only(kAFollower);
    default: return only(kTheLeader);
  }
}

Links draw_links(Dice& dice, const Scenario& scenario) {
  Links links;
  const std::uint32_t nodes = scenario.cluster.nodes;
  const std::uint64_t kind = dice.below(6);
  if (kind < 3) {
    const Target alone = kind == 0 ? kTheLeader : kind == 1 ? kAFollower : draw_node(dice, scenario);
    Targets side = only(alone);
    if (dice.percent(40)) side.push_back(draw_client(dice, scenario));
    links.groups = {side, only(kTheOthers)};
  } else if (kind == 3) {
    // The first group takes every second node from a drawn one on; the others keep the clients.
    Targets side;
    for (std::uint32_t i = static_cast<std::uint32_t>(dice.below(2)); i < nodes; i += 2)
      side.push_back({TargetKind::kNode, i + 1});
    links.groups = {side, only(kTheOthers)};
  } else if (kind == 4) {
    const auto first = static_cast<std::uint32_t>(dice.between(1, nodes));
    const std::uint32_t second = first % nodes + 1;
    links.groups = {only({TargetKind::kNode, first}), only({TargetKind::kNode, second})};
  } else {
    links.groups = {only(draw_client(dice, scenario)), only(kEveryNode)};
  }
  links.one_way = dice.percent(25);
  if (links.one_way && dice.percent(50)) std::swap(links.groups[0], links.groups[1]);
  return links;
}

Links draw_links_or_all(Dice& dice, const Scenario& scenario) {
  return dice.percent(40) ? Links{} : draw_links(dice, scenario);
}

AtProbe draw_probe(Dice& dice, const Scenario& scenario) {
  AtProbe at;
  at.probe = dice.one_of<const char*>({"raft.before_persist", "raft.after_persist", "replica.before_apply"});
  if (is_two_phase(scenario) && dice.percent(60)) at.probe = "txn.before_commit";
  // The first few are of the first election: nothing is persisted before it.
  const bool is_early = at.probe != "txn.before_commit" && dice.percent(25);
  at.nth = static_cast<std::uint32_t>(dice.between(1, is_early ? 2 * scenario.cluster.nodes : 300));
  // Only leaders reach the last one: a node might never be one.
  if (at.probe != "txn.before_commit" && dice.percent(25)) at.node = draw_node(dice, scenario);
  return at;
}

Trigger draw_trigger(Dice& dice, const Scenario& scenario, Duration lasting) {
  const std::uint64_t kind = dice.below(12);
  if (kind < 4) return AtTime{dice.milliseconds(500, 27'000)};
  if (kind < 7) {
    Repeatedly every;
    every.period = lasting + dice.milliseconds(500, 6000);
    every.from = dice.milliseconds(500, 8000);
    if (dice.percent(40)) every.times = static_cast<std::uint32_t>(dice.between(2, 5));
    return every;
  }
  if (kind == 7) return draw_probe(dice, scenario);
  if (kind < 10 || scenario.faults.empty()) return draw_event(dice, scenario);
  // No chains: their last link might come when the workloads have ended.
  AfterFault after;
  after.fault = static_cast<std::uint32_t>(dice.below(scenario.faults.size()));
  if (const auto* same = std::get_if<AfterFault>(&scenario.faults[after.fault].trigger))
    after.fault = same->fault;
  after.by = dice.milliseconds(0, 800);
  return after;
}

Duration draw_duration(Dice& dice, std::uint64_t least_ms, std::uint64_t usual_ms, std::uint64_t most_ms) {
  const std::uint64_t most = dice.percent(30) ? most_ms : usual_ms;
  return dice.milliseconds(least_ms, most);
}

std::uint64_t draw_count(Dice& dice) { return dice.one_of({1u, 1u, 2u}); }

}  // namespace lockstep::chaos
