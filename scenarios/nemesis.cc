// Triggers, targets and verbs of faults.
#include "scenarios/nemesis.h"

#include <algorithm>

#include "base/check.h"
#include "core/raft/types.h"
#include "core/replica/events.h"
#include "scenarios/event_catalog.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kFollowerChoice{"nemesis.follower"};
constexpr Purpose kDelayDraw{"nemesis.delay"};

class ExtraDelay final : public sim::LinkRule {
 public:
  explicit ExtraDelay(sim::Latency extra) : extra_(extra) {}
  std::optional<sim::Verdict> judge(const sim::FrameFacts& facts) override {
    return sim::Verdict{.kind = sim::Verdict::Kind::kDelay, .extra = extra_.from(facts.bits(kDelayDraw))};
  }

 private:
  sim::Latency extra_;
};

class DropAll final : public sim::LinkRule {
 public:
  std::optional<sim::Verdict> judge(const sim::FrameFacts&) override {
    return sim::Verdict{.kind = sim::Verdict::Kind::kDrop, .reason = sim::DropReason::kPartitioned};
  }
};

std::unique_ptr<sim::LinkRule> with_probability(Probability share, sim::Verdict::Kind kind, Duration most_extra) {
  return std::make_unique<sim::RandomFault>(sim::FaultOptions{.filter = {},
                                                              .parts_per_million = share.parts_per_million,
                                                              .kind = kind,
                                                              .least_extra = {},
                                                              .most_extra = most_extra});
}

}  // namespace

Nemesis::Nemesis(sim::World& world, const Scenario& scenario, const Roster& roster, std::uint64_t seed)
    : world_(world), scenario_(scenario), roster_(roster), seed_(seed) {}

void Nemesis::enter_network() {
  auto faults = std::make_unique<NetworkFaults>();
  network_ = faults.get();
  world_.network().add_rule(std::move(faults));
}

// ---- triggers -------------------------------------------------------------------------------------------------

void Nemesis::arm() {
  world_.recorder().subscribe(replica::kRoleChanged, *this);
  world_.recorder().subscribe(sim::kProcessKilled, *this);
  world_.recorder().subscribe(sim::kPowerLost, *this);
  for (std::size_t fault = 0; fault < scenario_.faults.size(); ++fault) arm_trigger(fault);
}

void Nemesis::arm_trigger(std::size_t fault) {
  const Trigger& trigger = scenario_.faults[fault].trigger;
  if (const auto* at = std::get_if<AtTime>(&trigger)) {
    world_.schedule(sim::SimTime(at->at), [this, fault] { strike(fault); });
  } else if (const auto* repeatedly = std::get_if<Repeatedly>(&trigger)) {
    arm_repeatedly(fault, *repeatedly);
  } else if (const auto* probe = std::get_if<AtProbe>(&trigger)) {
    arm_probe(fault, *probe);
  } else if (const auto* event = std::get_if<AtEvent>(&trigger)) {
    const env::EventType* type = find_event_type(event->event);
    CHECK(type != nullptr, "event ", event->event);
    watches_.push_back({fault, *event});
    world_.recorder().subscribe(*type, *this);
  }
  // AfterFault is armed by the strike that it waits for.
}

void Nemesis::arm_repeatedly(std::size_t fault, const Repeatedly& trigger) {
  const Duration until = trigger.until.value_or(workloads_end(scenario_));
  std::uint32_t times = 0;
  for (Duration at = trigger.from; at < until; at += trigger.period) {
    if (trigger.times && times++ >= *trigger.times) return;
    world_.schedule(sim::SimTime(at), [this, fault] { strike(fault); });
  }
}

void Nemesis::arm_probe(std::size_t fault, const AtProbe& trigger) {
  sim::ProbeRule rule{.point = trigger.probe, .node = {}, .nth = 0, .decide = {}};
  rule.decide = [this, fault, wanted = trigger](const sim::ProbeHit& hit) {
    if (stopped_ || (wanted.node && !is(*wanted.node, hit.node, fault))) return sim::ProbeDecision{};
    return ++probe_hits_[fault] == wanted.nth ? at_probe(fault, hit) : sim::ProbeDecision{};
  };
  world_.probes().arm(std::move(rule));
}

void Nemesis::on_event(const sim::Recorded& recorded) {
  const env::EventType& type = *recorded.event.type;
  if (&type == &replica::kRoleChanged) {
    standings_[recorded.node] = {recorded.event.fields[1], recorded.event.fields[2]};
  } else if (&type == &sim::kProcessKilled || &type == &sim::kPowerLost) {
    standings_.erase(recorded.node);
  }
  if (!stopped_) watch_events(recorded);
}

void Nemesis::watch_events(const sim::Recorded& recorded) {
  for (Watch& watch : watches_)
    if (matches(watch, recorded) && ++watch.seen == watch.trigger.nth) strike_later(watch.fault);
}

bool Nemesis::matches(const Watch& watch, const sim::Recorded& recorded) const {
  const env::EventType& type = *recorded.event.type;
  if (type.name != watch.trigger.event) return false;
  if (watch.trigger.from && !is(*watch.trigger.from, recorded.node, watch.fault)) return false;
  if (!watch.trigger.to) return true;
  for (std::size_t field = 0; field < type.field_count(); ++field)
    if (type.fields[field] == "to" || type.fields[field] == "from" || type.fields[field] == "leader")
      return is(*watch.trigger.to, NodeId(recorded.event.fields[field]), watch.fault);
  return false;
}

// ---- strikes --------------------------------------------------------------------------------------------------

// Not inside the event that caused it: a process must not change under its own feet.
void Nemesis::strike_later(std::size_t fault) {
  world_.schedule_after({}, [this, fault] { strike(fault); });
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
  strike.at = world_.now().time_since_epoch();
  strike.missed = misses_role(fault);
  strike.in_pause_window = window_ != nullptr && window_->open_at_last_event();
  if (first)
    for (std::size_t later = fault + 1; later < scenario_.faults.size(); ++later)
      if (const auto* after = std::get_if<AfterFault>(&scenario_.faults[later].trigger); after && after->fault == fault)
        world_.schedule_after(after->by, [this, later] { this->strike(later); });
  return strike;
}

sim::ProbeDecision Nemesis::at_probe(std::size_t fault, const sim::ProbeHit& hit) {
  const Action& action = scenario_.faults[fault].action;
  if (const auto* pause = std::get_if<Pause>(&action)) {
    Strike& strike = begin_strike(fault);
    strike.hosts = {hit.node};
    strike.effects = 1;
    strike.until = strike.at + pause->hold;
    return {.kind = sim::ProbeDecision::Kind::kHold, .hold = pause->hold};
  }
  if (const auto* crash = std::get_if<Crash>(&action)) {
    Strike& strike = begin_strike(fault);
    bring_down(resolve(crash->targets, fault), false, strike);
    end_after(fault, strike, 0);
    return {};
  }
  strike_later(fault);
  return {};
}

void Nemesis::perform(std::size_t fault, Strike& strike) {
  const Action& action = scenario_.faults[fault].action;
  using Kind = sim::Verdict::Kind;
  const Duration far = scenario_.network.latency.p99 * 4;
  if (const auto* kill = std::get_if<Kill>(&action)) {
    bring_down(resolve(kill->targets, fault), false, strike);
  } else if (const auto* loss_of_power = std::get_if<PowerLoss>(&action)) {
    bring_down(resolve(loss_of_power->targets, fault), true, strike);
  } else if (const auto* restart = std::get_if<Restart>(&action)) {
    bring_up(resolve(restart->targets, fault), &strike);
  } else if (const auto* stall = std::get_if<Stall>(&action)) {
    strike.hosts = resolve(stall->targets, fault);
    for (const NodeId node : strike.hosts) {
      if (!world_.is_alive(node)) continue;
      world_.stall(node, *scenario_.faults[fault].lasting);
      ++strike.effects;
    }
    strike.until = strike.at + *scenario_.faults[fault].lasting;
    return;
  } else if (const auto* clock = std::get_if<ClockChange>(&action)) {
    strike.hosts = resolve(clock->targets, fault);
    for (const NodeId node : strike.hosts) {
      world_.jump_wall_clock(node, clock->jump);
      if (clock->drift_ppm) world_.set_drift(node, *clock->drift_ppm);
      ++strike.effects;
    }
    return;
  } else if (const auto* partition = std::get_if<Partition>(&action)) {
    return begin_network_fault(fault, strike, partition->between, std::make_unique<DropAll>());
  } else if (const auto* loss = std::get_if<Loss>(&action)) {
    return begin_network_fault(fault, strike, loss->between, with_probability(loss->share, Kind::kDrop, {}));
  } else if (const auto* delay = std::get_if<Delay>(&action)) {
    return begin_network_fault(fault, strike, delay->between,
                               std::make_unique<ExtraDelay>(sim::Latency{delay->extra.median, delay->extra.p99}));
  } else if (const auto* duplicate = std::get_if<Duplicate>(&action)) {
    return begin_network_fault(fault, strike, duplicate->between,
                               with_probability(duplicate->share, Kind::kDuplicate, far));
  } else if (const auto* reorder = std::get_if<Reorder>(&action)) {
    return begin_network_fault(fault, strike, reorder->between,
                               with_probability(reorder->share, Kind::kReorder, far));
  }
  end_after(fault, strike, 0);
}

void Nemesis::begin_network_fault(std::size_t fault, Strike& strike, const Links& links,
                                  std::unique_ptr<sim::LinkRule> rule) {
  const std::uint64_t id = ++next_network_fault_;
  Between between = resolve(links, fault);
  for (const auto& group : between.groups) strike.groups.emplace_back(group.begin(), group.end());
  network_->add(id, std::move(between), std::move(rule), strike.effects);
  end_after(fault, strike, id);
}

// network_fault: 0 if the strike was against processes.
void Nemesis::end_after(std::size_t fault, Strike& strike, std::uint64_t network_fault) {
  const auto lasting = scenario_.faults[fault].lasting;
  if (!lasting) return;
  strike.until = strike.at + *lasting;
  world_.schedule_after(*lasting, [this, network_fault, hosts = strike.hosts] {
    if (stopped_) return;
    if (network_fault != 0) {
      network_->remove(network_fault);
    } else {
      bring_up(hosts, nullptr);
    }
  });
}

void Nemesis::bring_down(const std::vector<NodeId>& nodes, bool power, Strike& strike) {
  for (const NodeId node : nodes) {
    const bool alive = world_.is_alive(node);
    if (!alive && !power) continue;
    strike.hosts.push_back(node);
    ++strike.effects;
    crashed_.insert(node);
    if (power) {
      world_.power_loss(node);
    } else {
      world_.kill(node);
    }
  }
}

// Scheduled, because a process cannot start inside an event of its own.
void Nemesis::bring_up(const std::vector<NodeId>& nodes, Strike* strike) {
  for (const NodeId node : nodes) {
    crashed_.erase(node);
    if (world_.is_alive(node)) continue;
    if (strike != nullptr) {
      strike->hosts.push_back(node);
      ++strike->effects;
    }
    world_.schedule_after({}, [this, node] {
      if (!world_.is_alive(node)) world_.start(node);
    });
  }
}

// ---- the end --------------------------------------------------------------------------------------------------

void Nemesis::stop() { stopped_ = true; }

void Nemesis::heal(const std::vector<NodeId>& nodes) {
  std::set<NodeId> healed(nodes.begin(), nodes.end());
  healed.insert(Roster::steward());
  for (const NodeId client : roster_.clients()) healed.insert(client);
  network_->set_apart(std::move(healed));
  for (const NodeId node : nodes) world_.release(node);
  bring_up(nodes, nullptr);
}

void Nemesis::heal_all() {
  network_->clear();
  for (const NodeId node : roster_.nodes()) world_.release(node);
  bring_up(roster_.nodes(), nullptr);
}

std::uint64_t Nemesis::effects(std::size_t fault) const {
  std::uint64_t sum = 0;
  for (const auto& strike : strikes_)
    if (strike->fault == fault) sum += strike->effects;
  return sum;
}

// ---- targets --------------------------------------------------------------------------------------------------

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
        if (world_.is_alive(node) && node != leader()) candidates.push_back(node);
      if (candidates.empty()) return {};
      return {candidates[below(draw(seed_, kFollowerChoice, fault, 0), candidates.size())]};
    }
    case TargetKind::kCrashed: return {crashed_.begin(), crashed_.end()};
    case TargetKind::kAll: return roster_.nodes();
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
    for (const NodeId node : roster_.nodes())
      if (!named.contains(node)) between.groups[group].insert(node);
    for (const NodeId client : roster_.clients())
      if (!named.contains(client)) between.groups[group].insert(client);
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
