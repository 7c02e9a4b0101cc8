// Triggers, targets and verbs of faults.
#include "scenarios/nemesis.h"

#include <algorithm>
#include <ranges>

#include "base/check.h"
#include "base/prng.h"
#include "core/raft/types.h"
#include "core/replica/events.h"
#include "scenarios/blow.h"
#include "scenarios/event_catalog.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kFollowerChoice{"nemesis.follower"};

}  // namespace

Nemesis::Nemesis(Stage& stage, const Scenario& scenario, const Roster& roster, std::uint64_t seed)
    : stage_(stage), scenario_(scenario), roster_(roster), seed_(seed), state_(scenario.cluster.nodes) {}

// ---- triggers ----------------------------------------------------------------------------------------

void Nemesis::arm() {
  Events& events = stage_.events();
  for (const env::EventType* type : window_.listens_to()) events.subscribe_early(*type, window_);
  for (const env::EventType* type : damage_.listens_to()) events.subscribe_early(*type, damage_);
  for (const env::EventType* type : state_.listens_to()) events.subscribe_early(*type, state_);
  for (const env::EventType* type : {&replica::kRoleChanged, &sim::kProcessKilled, &sim::kPowerLost})
    listen_to(*type);
  for (std::size_t fault = 0; fault < scenario_.faults.size(); ++fault)
    if (skipped(fault).empty()) arm_trigger(fault);
}

void Nemesis::arm_trigger(std::size_t fault) {
  const Trigger& trigger = scenario_.faults[fault].trigger;
  if (const auto* at = std::get_if<AtTime>(&trigger)) {
    stage_.schedule(at->at, [this, fault] { strike(fault); });
  } else if (const auto* repeatedly = std::get_if<Repeatedly>(&trigger)) {
    arm_repeatedly(fault, *repeatedly);
  } else if (const auto* probe = std::get_if<AtProbe>(&trigger)) {
    arm_probe(fault, *probe);
  } else if (const auto* event = std::get_if<AtEvent>(&trigger)) {
    const env::EventType* type = find_event_type(event->event);
    CHECK(type != nullptr, "event ", event->event);
    watches_.push_back({fault, *event});
    listen_to(*type);
  }
  // AfterFault is armed by the strike that it waits for.
}

// Once, however many faults wait for it: each of them counts what is told.
void Nemesis::listen_to(const env::EventType& type) {
  if (listens_to_.insert(type.number).second) stage_.events().subscribe_early(type, *this);
}

void Nemesis::arm_repeatedly(std::size_t fault, const Repeatedly& trigger) {
  const Duration until = trigger.until.value_or(workloads_end(scenario_));
  std::uint32_t times = 0;
  for (Duration at = trigger.from; at < until; at += trigger.period) {
    if (trigger.times && times++ >= *trigger.times) return;
    stage_.schedule(at, [this, fault] { strike(fault); });
  }
}

void Nemesis::arm_probe(std::size_t fault, const AtProbe& trigger) {
  stage_.arm_probe(trigger.probe,
                   [this, fault, wanted = trigger](const ProbeHit& hit) -> std::optional<Duration> {
                     if (stopped_ || (wanted.node && !is(*wanted.node, hit.node, fault))) return std::nullopt;
                     return ++probe_hits_[fault] == wanted.nth ? at_probe(fault, hit) : std::nullopt;
                   });
}

void Nemesis::on_event(const Observation& seen) {
  const env::EventType& type = *seen.event.type;
  if (&type == &replica::kRoleChanged) {
    standings_[seen.node] = {seen.event.fields[1], seen.event.fields[2]};
  } else if (&type == &sim::kProcessKilled || &type == &sim::kPowerLost) {
    standings_.erase(seen.node);
    leaving_.erase(seen.node);
    // A node that stopped itself has ended its process.
    if (damage_.has_stopped(seen.node)) crashed_.try_emplace(seen.node, nullptr);
  }
  if (!stopped_) watch_events(seen);
}

void Nemesis::watch_events(const Observation& seen) {
  for (Watch& watch : watches_)
    if (matches(watch, seen) && ++watch.seen == watch.trigger.nth) strike_later(watch.fault);
}

bool Nemesis::matches(const Watch& watch, const Observation& seen) const {
  const env::EventType& type = *seen.event.type;
  if (type.name != watch.trigger.event) return false;
  if (watch.trigger.from && !is(*watch.trigger.from, seen.node, watch.fault)) return false;
  if (!watch.trigger.to) return true;
  for (std::size_t field = 0; field < type.field_count(); ++field)
    if (type.fields[field] == "to" || type.fields[field] == "from" || type.fields[field] == "leader")
      return is(*watch.trigger.to, NodeId(seen.event.fields[field]), watch.fault);
  return false;
}

// ---- strikes -----------------------------------------------------------------------------------------

// Not inside the event that caused it: a process must not change under its own feet.
void Nemesis::strike_later(std::size_t fault) {
  stage_.after({}, [this, fault] { strike(fault); });
}

void Nemesis::strike(std::size_t fault) {
  if (stopped_) return;
  perform(fault, begin_strike(fault));
}

Strike& Nemesis::begin_strike(std::size_t fault) {
  const bool first = std::none_of(strikes_.begin(), strikes_.end(),
                                  [fault](const auto& earlier) { return earlier->fault == fault; });
  strikes_.push_back(std::make_unique<Strike>());
  Strike& strike = *strikes_.back();
  strike.fault = fault;
  strike.at = stage_.now();
  strike.missed = misses_role(fault);
  strike.conditions = state_.conditions();
  strike.in_pause_window = window_.open_at_last_event();
  if (first)
    for (std::size_t later = fault + 1; later < scenario_.faults.size(); ++later)
      if (const auto* after = std::get_if<AfterFault>(&scenario_.faults[later].trigger);
          after && after->fault == fault && skipped(later).empty())
        stage_.after(after->by, [this, later] { this->strike(later); });
  return strike;
}

std::optional<Duration> Nemesis::at_probe(std::size_t fault, const ProbeHit& hit) {
  const Action& action = scenario_.faults[fault].action;
  if (const auto* pause = std::get_if<Pause>(&action)) {
    Strike& strike = begin_strike(fault);
    strike.hosts = {hit.node};
    strike.effects = 1;
    strike.until = strike.at + pause->hold;
    return pause->hold;
  }
  if (const auto* crash = std::get_if<Crash>(&action)) {
    Blow(*this, fault, begin_strike(fault))(*crash);
    return std::nullopt;
  }
  strike_later(fault);
  return std::nullopt;
}

void Nemesis::perform(std::size_t fault, Strike& strike) {
  std::visit(Blow(*this, fault, strike), scenario_.faults[fault].action);
}

void Nemesis::bring_down(const std::vector<NodeId>& nodes, Death death, Strike& strike) {
  for (const NodeId node : nodes) {
    if (!stage_.is_alive(node) && death != Death::kWithoutPower) {
      strike.spared.push_back(
          cat(Roster::name(node), damage_.has_stopped(node) ? " had stopped itself" : " was down already"));
      continue;
    }
    strike.hosts.push_back(node);
    ++strike.effects;
    crashed_[node] = &strike;
    switch (death) {
      case Death::kKilled: stage_.kill(node); break;
      case Death::kWithoutPower: stage_.power_loss(node); break;
      case Death::kInGoodOrder:
        leaving_.insert(node);
        stage_.leave(node);
        break;
    }
  }
}

// Scheduled, because a process cannot start inside an event of its own.
void Nemesis::bring_up(const std::vector<NodeId>& nodes, Strike* strike) {
  if (nodes.empty() && strike != nullptr) strike->spared.push_back("nobody was down");
  for (const NodeId node : nodes) {
    crashed_.erase(node);
    if (leaving_.contains(node)) stage_.kill(node);
    if (stage_.is_alive(node)) {
      if (strike != nullptr) strike->spared.push_back(cat(Roster::name(node), " was running already"));
      continue;
    }
    if (strike != nullptr) {
      strike->hosts.push_back(node);
      ++strike->effects;
    }
    stage_.after({}, [this, node] {
      if (!stage_.is_alive(node)) stage_.start(node);
    });
  }
}

void Nemesis::bring_up_after(const Strike& strike) {
  std::vector<NodeId> nodes = strike.hosts;
  std::erase_if(nodes, [&](NodeId node) {
    const auto crashed = crashed_.find(node);
    return crashed == crashed_.end() || crashed->second != &strike;
  });
  bring_up(nodes, nullptr);
}

void Nemesis::bring_up_stopped(std::vector<NodeId> nodes) {
  std::erase_if(nodes, [this](NodeId node) {
    const auto crashed = crashed_.find(node);
    const bool is_struck = crashed != crashed_.end() && crashed->second != nullptr;
    return is_struck || !damage_.has_stopped(node);
  });
  bring_up(nodes, nullptr);
}

// ---- the end -----------------------------------------------------------------------------------------

void Nemesis::stop() { stopped_ = true; }

void Nemesis::heal(const std::vector<NodeId>& nodes) {
  std::set<NodeId> healed(nodes.begin(), nodes.end());
  healed.insert(Roster::steward());
  for (const auto& others : {roster_.clients(), roster_.field()}) healed.insert(others.begin(), others.end());
  stage_.set_apart(std::move(healed));
  mend(nodes);
  mend(roster_.field());
}

void Nemesis::heal_all() {
  stage_.end_all_faults();
  mend(roster_.nodes());
  mend(roster_.field());
}

void Nemesis::mend(const std::vector<NodeId>& processes) {
  for (const NodeId process : processes) {
    stage_.end_disk_faults(process);
    stage_.grant_all_memory(process);
    stage_.repair_all_plants(process);
    stage_.release(process);
  }
  bring_up(processes, nullptr);
}

std::string Nemesis::skipped(std::size_t fault) const {
  if (auto reason = stage_.cannot(scenario_.faults[fault])) return std::move(*reason);
  const auto* after = std::get_if<AfterFault>(&scenario_.faults[fault].trigger);
  if (after == nullptr || skipped(after->fault).empty()) return {};
  return cat("it follows fault ", after->fault, ", which was skipped");
}

std::uint64_t Nemesis::anchor_seen(std::size_t fault) const {
  const auto watch = std::ranges::find(watches_, fault, &Watch::fault);
  if (watch != watches_.end()) return watch->seen;
  const auto hits = probe_hits_.find(fault);
  return hits == probe_hits_.end() ? 0 : hits->second;
}

std::uint64_t Nemesis::effects(std::size_t fault) const {
  std::uint64_t sum = 0;
  for (const auto& strike : strikes_)
    if (strike->fault == fault) sum += strike->effects;
  return sum;
}

// ---- targets -----------------------------------------------------------------------------------------

NodeId Nemesis::leader() const {
  NodeId found;
  std::uint64_t term = 0;
  for (const auto& [node, standing] : standings_) {
    if (standing.role != static_cast<std::uint64_t>(raft::Role::kLeader) || standing.term <= term) continue;
    found = node;
    term = standing.term;
  }
  return found;
}

std::vector<NodeId> Nemesis::resolve(const Targets& targets, std::size_t fault) const {
  std::vector<NodeId> all;
  for (const Target& target : targets)
    for (const NodeId node : resolve(target, fault))
      if (std::find(all.begin(), all.end(), node) == all.end()) all.push_back(node);
  return all;
}

std::vector<NodeId> Nemesis::resolve(const Target& target, std::size_t fault) const {
  switch (target.kind) {
    case TargetKind::kNode: return {Roster::node(target.number)};
    case TargetKind::kClient: return {Roster::client(target.number)};
    case TargetKind::kLeader: return leader().is_none() ? std::vector<NodeId>{} : std::vector{leader()};
    case TargetKind::kFollower: {
      std::vector<NodeId> candidates;
      for (const NodeId node : roster_.nodes())
        if (stage_.is_alive(node) && node != leader()) candidates.push_back(node);
      if (candidates.empty()) return {};
      return {candidates[below(draw(seed_, kFollowerChoice, fault, 0), candidates.size())]};
    }
    case TargetKind::kCrashed: {
      const auto crashed = std::views::keys(crashed_);
      return {crashed.begin(), crashed.end()};
    }
    case TargetKind::kAll: return roster_.nodes();
    case TargetKind::kEdge: return {Roster::edge(target.number)};
    case TargetKind::kCloud: return {Roster::cloud()};
    case TargetKind::kOthers: return {};  // only in groups, see below
  }
  return {};
}

Between Nemesis::resolve(const Links& links, std::size_t fault) const {
  Between between{.groups = {}, .one_way = links.one_way};
  std::set<NodeId> named;
  for (const Targets& targets : links.groups) {
    const auto members = resolve(targets, fault);
    named.insert(members.begin(), members.end());
    between.groups.emplace_back(members.begin(), members.end());
  }
  for (std::size_t group = 0; group < links.groups.size(); ++group) {
    const bool others = std::any_of(links.groups[group].begin(), links.groups[group].end(),
                                    [](const Target& target) { return target.kind == TargetKind::kOthers; });
    if (!others) continue;
    for (const NodeId host : roster_.hosts())
      if (!named.contains(host)) between.groups[group].insert(host);
  }
  return between;
}

// A fault that names the leader when there is none is not quite the fault that was meant: the report says so.
bool Nemesis::misses_role(std::size_t fault) const {
  std::vector<Targets> named;
  std::visit(
      [&named](const auto& action) {
        if constexpr (requires { action.targets; }) named.push_back(action.targets);
        if constexpr (requires { action.between; }) named = action.between.groups;
      },
      scenario_.faults[fault].action);
  for (const Targets& targets : named)
    for (const Target& target : targets) {
      const bool is_role = target.kind == TargetKind::kLeader || target.kind == TargetKind::kFollower;
      if (is_role && resolve(target, fault).empty()) return true;
    }
  return false;
}

bool Nemesis::is(const Target& target, NodeId node, std::size_t fault) const {
  const auto nodes = resolve(target, fault);
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace lockstep::scenarios
