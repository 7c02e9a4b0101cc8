// From strikes and events to intervals; where a fault's effect has no plain end, it has none here.
#include "scenarios/outages.h"

#include <algorithm>
#include <optional>

#include "base/join.h"
#include "base/text.h"
#include "core/replica/events.h"
#include "scenarios/roster.h"
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

std::string cause_of(std::string_view verb, const Outage& outage) {
  if (!outage.hosts.empty()) return cat(verb, " struck ", joined(outage.hosts, &Roster::name));
  if (outage.everything || outage.groups.empty()) return cat(verb, " struck all links");
  std::string between;
  for (const auto& group : outage.groups)
    append_text(between, cat(between.empty() ? "" : " and ", joined(group, &Roster::name)));
  return cat(verb, " struck the links between ", between);
}

// How long a frame may be under way that the fault has judged: those behind it on its link wait for it.
Duration held_back(const Action& action) {
  if (const auto* delay = std::get_if<Delay>(&action))
    return 2 * std::max(delay->extra.median, delay->extra.p99);
  if (const auto* limits = std::get_if<Bandwidth>(&action)) return limits->drain();
  return {};
}

Outage of_network(const Strike& strike, const Action& action) {
  const Lasting lasting = facts_of(action).lasting;
  Outage outage{.from = strike.at, .hosts = {}, .groups = sets_of(strike.groups)};
  outage.until = lasting == Lasting::kNever ? strike.at : strike.until.value_or(Outage::kForever);
  if (outage.until != Outage::kForever) outage.until += held_back(action);
  if (strike.groups.empty()) outage.hosts = set_of(strike.hosts);
  outage.everything = strike.groups.empty() && strike.hosts.empty();
  return outage;
}

// A clock that jumps in steps which nobody's patience notices is as good as another.
constexpr int kUnnoticed = 10;  // such steps in an election timeout

// Not only what the wall clock shows, but how fast time goes.
bool changes_pace(const ClockChange& change) {
  return change.tick || change.drift_ppm.value_or(0) != 0 || change.leap + change.freeze != Duration();
}

// An instant, unless the clock stands still. What a wall clock shows matters to edges alone: they have the
// deadlines.
Outage of_clock(const Strike& strike, const ClockChange& change, Duration election_timeout) {
  Outage outage{.from = strike.at, .hosts = set_of(strike.hosts), .groups = {}};
  if (!change.tick || kUnnoticed * *change.tick <= election_timeout) outage.until = strike.at + change.freeze;
  if (!changes_pace(change)) std::erase_if(outage.hosts, [](NodeId host) { return !Roster::is_edge(host); });
  outage.took_effect = !outage.hosts.empty();
  return outage;
}

// Nothing: what the fault does is no outage.
std::optional<Outage> outage_of(const Strike& strike, const Action& action, Duration election_timeout) {
  const VerbFacts& facts = facts_of(action);
  if (facts.family == Family::kNetwork) return of_network(strike, action);
  if (const auto* clock = std::get_if<ClockChange>(&action))
    return of_clock(strike, *clock, election_timeout);
  if (facts.family != Family::kDisk && !std::holds_alternative<Pause>(action)) return std::nullopt;
  Outage outage{.from = strike.at, .hosts = set_of(strike.hosts), .groups = {}};
  // A damaged storage may never be whole again.
  if (facts.harm == Harm::kPasses) outage.until = strike.until.value_or(Outage::kForever);
  return outage;
}

}  // namespace

bool can_disturb(const Action& action) {
  if (const auto* clock = std::get_if<ClockChange>(&action))
    return clock->jump != Duration() || changes_pace(*clock);
  return !std::holds_alternative<Duplicate>(action);
}

std::vector<Outage> outages_of(const Scenario& scenario, const Nemesis& nemesis) {
  std::vector<Outage> outages;
  for (const auto& strike : nemesis.strikes()) {
    const Action& action = scenario.faults[strike->fault].action;
    auto outage = outage_of(*strike, action, scenario.cluster.consensus.election_timeout);
    if (!outage) continue;
    outage->cause = cause_of(verb_of(action), *outage);
    outage->took_effect = outage->took_effect && strike->effects > 0 && can_disturb(action);
    outages.push_back(*std::move(outage));
  }
  return outages;
}

std::span<const env::EventType* const> Uptime::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &sim::kProcessStarted, &sim::kProcessKilled,  &sim::kProcessLeaves, &sim::kPowerLost,
      &sim::kProcessStalled, &sim::kProcessResumed, &replica::kNodeFailed};
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
    outages_.push_back({.from = observation.at,
                        .hosts = {observation.node},
                        .groups = {},
                        .cause = cat(Roster::name(observation.node), " did not run")});
  }
}

}  // namespace lockstep::scenarios
