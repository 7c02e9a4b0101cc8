// From strikes and events to intervals; where a fault's effect has no plain end, it has none here.
#include "scenarios/outages.h"

#include <algorithm>

#include "core/replica/events.h"
#include "sim/events.h"

namespace lockstep::scenarios {

bool Outage::cuts(NodeId a, NodeId b) const {
  if (everything || hosts.contains(a) || hosts.contains(b)) return true;
  const auto place_of = [this](NodeId host) {
    return std::ranges::find_if(groups, [host](const auto& group) { return group.contains(host); });
  };
  const auto first = place_of(a);
  const auto second = place_of(b);
  return first != groups.end() && second != groups.end() && first != second;
}

namespace {

std::vector<std::set<NodeId>> sets_of(const std::vector<std::vector<NodeId>>& groups) {
  std::vector<std::set<NodeId>> sets;
  for (const auto& group : groups) sets.emplace_back(group.begin(), group.end());
  return sets;
}

std::set<NodeId> set_of(const std::vector<NodeId>& hosts) { return {hosts.begin(), hosts.end()}; }

Outage of_network(const Strike& strike, Lasting lasting) {
  Outage outage{.from = strike.at, .hosts = {}, .groups = sets_of(strike.groups)};
  outage.until = lasting == Lasting::kNever ? strike.at : strike.until.value_or(Outage::kForever);
  if (strike.groups.empty()) outage.hosts = set_of(strike.hosts);
  outage.everything = strike.groups.empty() && strike.hosts.empty();
  return outage;
}

}  // namespace

std::vector<Outage> outages_of(const Scenario& scenario, const Nemesis& nemesis) {
  std::vector<Outage> outages;
  for (const auto& strike : nemesis.strikes()) {
    const Action& action = scenario.faults[strike->fault].action;
    const VerbFacts& facts = facts_of(action);
    Outage outage{.from = strike->at, .hosts = set_of(strike->hosts), .groups = {}};
    if (facts.family == Family::kNetwork) {
      outages.push_back(of_network(*strike, facts.lasting));
    } else if (const auto* clock = std::get_if<ClockChange>(&action)) {
      if (!clock->tick) outage.until = strike->at + clock->freeze;
      outages.push_back(std::move(outage));
    } else if (facts.family == Family::kDisk || std::holds_alternative<Pause>(action)) {
      // A damaged storage may never be whole again.
      const bool passes = facts.harm == Harm::kPasses;
      outage.until = passes ? strike->until.value_or(Outage::kForever) : Outage::kForever;
      outages.push_back(std::move(outage));
    }
  }
  return outages;
}

std::span<const env::EventType* const> Uptime::listens_to() const {
  static constexpr const env::EventType* kListened[] = {&sim::kProcessStarted, &sim::kProcessKilled,
                                                        &sim::kPowerLost,      &sim::kProcessStalled,
                                                        &sim::kProcessResumed, &replica::kNodeFailed};
  return kListened;
}

void Uptime::on_event(const Observation& observation) {
  const std::uint16_t number = observation.event.type->number;
  const bool runs = number == sim::kProcessStarted.number || number == sim::kProcessResumed.number;
  const auto open = open_.find(observation.node);
  if (runs && open != open_.end()) {
    outages_[open->second].until = observation.at;
    open_.erase(open);
  } else if (!runs && open == open_.end()) {
    open_[observation.node] = outages_.size();
    outages_.push_back({.from = observation.at, .hosts = {observation.node}, .groups = {}});
  }
}

}  // namespace lockstep::scenarios
