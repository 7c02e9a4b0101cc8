// From a typed scenario to processes in a simulated world.
#include "scenarios/simulated_stage.h"

#include "base/check.h"
#include "base/env/paths.h"
#include "core/replica/events.h"
#include "core/service/node.h"
#include "core/service/standalone.h"
#include "edge/events.h"
#include "hub/hub_process.h"
#include "reports/render.h"
#include "storage/kv/options.h"
#include "storage/sql/database.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kClockOffset{"simulation.clock_offset"};
constexpr Purpose kClockDrift{"simulation.clock_drift"};
constexpr Purpose kDiskDamage{"simulation.disk_damage"};

Latency latency_of(const Spread& spread) { return {.median = spread.median, .p99 = spread.p99}; }

// Uniform in [-most, most].
std::int64_t symmetric(std::uint64_t bits, std::int64_t most) {
  return static_cast<std::int64_t>(below(bits, 2 * static_cast<std::uint64_t>(most) + 1)) - most;
}

service::NodeConfig node_config(const Scenario& scenario, const Roster& roster, const env::Env& env) {
  const Consensus& consensus = scenario.cluster.consensus;
  service::NodeConfig config;
  config.replica.raft.self = env.self;
  config.replica.raft.voters = roster.nodes();
  config.replica.raft.election_timeout = consensus.election_timeout;
  config.replica.raft.heartbeat_interval = consensus.heartbeat_interval;
  config.replica.raft.seed = env.seed;
  config.write_mode = consensus.write_mode == WriteMode::kStrong ? wire::STRONG : wire::QUORUM;
  config.transactions = {.pause_before_commit = consensus.pause_before_commit,
                         .durable_timeout = consensus.prepare_timeout};
  config.batch = {.max_entries = consensus.batch.max_entries,
                  .max_bytes = consensus.batch.max_bytes,
                  .max_delay = consensus.batch.max_delay};
  config.replica.drop_prefix_entries = consensus.drop_prefix_entries;
  return config;
}

sim::DiskTrouble trouble_of(DiskKind kind) {
  switch (kind) {
    case DiskKind::kError: return sim::DiskTrouble::kError;
    case DiskKind::kFailedSync: return sim::DiskTrouble::kFailedSync;
    case DiskKind::kFull: return sim::DiskTrouble::kFull;
    case DiskKind::kStall: return sim::DiskTrouble::kStall;
    case DiskKind::kSlow: return sim::DiskTrouble::kSlow;
    case DiskKind::kLie: return sim::DiskTrouble::kLie;
    case DiskKind::kBadSector: return sim::DiskTrouble::kBadSector;
    case DiskKind::kMisdirect: return sim::DiskTrouble::kMisdirect;
    case DiskKind::kPhantom: return sim::DiskTrouble::kPhantom;
    case DiskKind::kRot: return sim::DiskTrouble::kRot;
  }
  return sim::DiskTrouble::kError;
}

sim::DiskCalls calls_of(Calls calls) {
  switch (calls) {
    case Calls::kAny: return sim::DiskCalls::kAny;
    case Calls::kReads: return sim::DiskCalls::kReads;
    case Calls::kWrites: return sim::DiskCalls::kWrites;
    case Calls::kSyncs: return sim::DiskCalls::kSyncs;
    case Calls::kNames: return sim::DiskCalls::kNames;
  }
  return sim::DiskCalls::kAny;
}

std::string place_of(Files files) {
  const std::string main = sql::Options().path;
  switch (files) {
    case Files::kAll: return {};
    case Files::kKv: return kv::Options().directory;
    case Files::kSql: return std::string(env::directory_of(main));
    case Files::kMain: return main;
    case Files::kWal: return sql::wal_file_of(main);
  }
  return {};
}

sim::DiskRule rule_of(const DiskFault& fault) {
  return {.trouble = trouble_of(fault.kind),
          .where = place_of(fault.files),
          .calls = calls_of(fault.calls),
          .times = fault.times,
          .room = fault.amount,
          .extra = latency_of(fault.extra)};
}

}  // namespace

SimulatedStage::SimulatedStage(const Scenario& scenario, std::uint64_t seed, Cast& cast)
    : scenario_(scenario),
      seed_(seed),
      cast_(cast),
      world_({.seed = seed, .cluster = ClusterId(1), .latency = latency_of(scenario.network.latency)}),
      events_(world_.recorder()) {
  sql::initialise_sqlite(seed);
  events_.subscribe_early(replica::kNodeFailed, *this);
  events_.subscribe_early(edge::kEdgeStopped, *this);
  add_network_rules();
  for (const NodeId node : cast_.roster().nodes()) add_node(node);
  for (const NodeId client : cast_.roster().clients()) add_client(client);
  add_client(Roster::steward());
  if (scenario_.field) add_field();
}

void SimulatedStage::open() {
  for (const NodeId node : cast_.roster().nodes()) world_.start(node);
  world_.start(Roster::steward());
  for (const NodeId client : cast_.roster().clients()) world_.start(client);
  if (field_) open_field();
}

void SimulatedStage::add_field() {
  field_.emplace(scenario_, cast_.roster(), seed_, [this] { return now(); });
  for (const NodeId id : cast_.roster().field()) {
    sim::ProcessOptions options = process_options(id);
    options.factory = [this, id](const env::Env& env) { return field_->make(id, env); };
    world_.add_process(id, std::move(options));
  }
}

void SimulatedStage::open_field() {
  for (const NodeId id : cast_.roster().field()) world_.start(id);
  for (std::size_t place = 0; place < scenario_.field->dispatch.size(); ++place)
    schedule(scenario_.field->dispatch[place].at,
             [this, place] { field_->dispatch(place, is_alive(Roster::cloud())); });
  tell_plants();
}

void SimulatedStage::tell_plants() {
  constexpr Duration kEvery = std::chrono::seconds(1);
  field_->yard().tell(now(), notes());
  if (now() < scenario_.field->lasting) after(kEvery, [this] { tell_plants(); });
}

PlantYard::Note SimulatedStage::notes() {
  return [this](NodeId edge, const env::Event& event) { world_.note(edge, event); };
}

std::uint64_t SimulatedStage::break_plants(NodeId edge, const Breakdown& breakdown) {
  return field_->yard().break_down(edge, breakdown, now(), notes());
}

void SimulatedStage::repair_plants(NodeId edge, const Breakdown& breakdown) {
  field_->yard().repair(edge, breakdown, now(), notes());
}

void SimulatedStage::repair_all_plants(NodeId edge) {
  if (field_ && Roster::is_edge(edge)) field_->yard().repair_all(edge, now(), notes());
}

// Faults first: a partition comes before what the network does anyway.
void SimulatedStage::add_network_rules() {
  using Kind = sim::Verdict::Kind;
  const Network& network = scenario_.network;
  auto faults = std::make_unique<NetworkFaults>(network.latency.p99 * 4);
  network_ = faults.get();
  world_.network().add_rule(std::move(faults));
  const Duration far = network.latency.p99 * 2;
  if (network.loss.parts_per_million > 0)
    world_.network().add_rule(with_probability(network.loss, Kind::kDrop, {}));
  if (network.duplicate.parts_per_million > 0)
    world_.network().add_rule(with_probability(network.duplicate, Kind::kDuplicate, far));
  if (network.reorder.parts_per_million > 0)
    world_.network().add_rule(with_probability(network.reorder, Kind::kReorder, far));
}

sim::ProcessOptions SimulatedStage::process_options(NodeId id) const {
  sim::ProcessOptions options;
  options.disk.sync = latency_of(scenario_.disk.sync);
  options.clock.wall_offset =
      Duration(symmetric(draw(seed_, kClockOffset, id.value(), 0), scenario_.clocks.max_offset.count()));
  options.clock.drift_ppm =
      symmetric(draw(seed_, kClockDrift, id.value(), 0), scenario_.clocks.max_drift_ppm);
  return options;
}

void SimulatedStage::add_node(NodeId id) {
  sim::ProcessOptions options = process_options(id);
  options.factory = [this](const env::Env& env) { return make_node(env); };
  world_.add_process(id, std::move(options));
}

std::unique_ptr<env::Actor> SimulatedStage::make_node(const env::Env& env) {
  const auto known = [&retiring = retiring_[env.self]](auto node) {
    retiring = node.get();
    return node;
  };
  if (scenario_.system == System::kStandaloneSql) {
    service::StandaloneConfig config;
    config.apply.sql.allocations = &allocations_[env.self];
    return known(std::make_unique<service::StandaloneNode>(env, config));
  }
  service::NodeConfig config = node_config(scenario_, cast_.roster(), env);
  config.replica.apply.sql.allocations = &allocations_[env.self];
  if (scenario_.system != System::kHub) return known(std::make_unique<service::Node>(env, std::move(config)));
  return std::make_unique<hub::HubProcess>(
      env, hub::HubConfig(), [known, config](const env::Env& inside, service::FeedSubscriber& subscriber) {
        return known(service::make_followed_node(inside, config, subscriber));
      });
}

void SimulatedStage::add_client(NodeId id) {
  sim::ProcessOptions options = process_options(id);
  options.factory = [this, id](const env::Env& env) { return cast_.make(id, env); };
  world_.add_process(id, std::move(options));
}

std::string SimulatedStage::standstill() const {
  const auto found = world_.standstill();
  if (!found) return {};
  return cat("more than ", sim::Scheduler::kMostAtOnce, " events at one instant, ",
             reports::readable(found->at.time_since_epoch()), ", the last of them for ",
             found->by ? cast_.roster().name(*found->by) : std::string("nobody"),
             "; from then on each took a millisecond");
}

void SimulatedStage::schedule(Duration at, std::function<void()> callback) {
  world_.schedule(sim::SimTime(at), std::move(callback));
}

void SimulatedStage::run_while(const std::function<bool()>& waiting) {
  while (waiting()) CHECK(world_.step(), "the run waits for what nothing will ever bring about");
}

// What the program does with a signal.
void SimulatedStage::leave(NodeId process) {
  world_.tell(process, [this, process, life = world_.incarnation(process)] {
    const auto end_after = [this, process, life](Duration wait) {
      after(wait, [this, process, life] {
        if (world_.incarnation(process) == life) world_.kill(process);
      });
    };
    world_.note(process, {sim::kProcessLeaves, {}});
    service::Retiring& node = *retiring_.at(process);
    const bool is_told_again = std::exchange(leaving_[process], life) == life;
    if (is_told_again || node.failure() != nullptr) return end_after({});
    end_after(service::kPatienceWithLeaving);
    node.retire([end_after] { end_after({}); });
  });
}

void SimulatedStage::change_clock(NodeId process, const ClockChange& change) {
  world_.jump_wall_clock(process, change.jump);
  if (change.drift_ppm) world_.set_drift(process, *change.drift_ppm);
  if (change.leap > Duration()) world_.leap_clock(process, change.leap);
  if (change.tick) world_.set_clock_tick(process, *change.tick);
  if (change.freeze > Duration()) world_.freeze_clock(process, change.freeze);
}

void SimulatedStage::on_event(const Observation& observation) {
  schedule(now(), [this, node = observation.node, life = observation.incarnation] {
    if (world_.incarnation(node) == life) world_.kill(node);
  });
}

MemoryFaultId SimulatedStage::refuse_memory(NodeId process, const OutOfMemory& refusal, std::uint64_t& effects) {
  return allocations_[process].refuse(refusal.nth, refusal.times, [this, process, &effects] {
    ++effects;
    world_.note(process, {sim::kMemoryRefused, {}});
  });
}

std::uint64_t SimulatedStage::reset_connections(NodeId process) {
  std::uint64_t lost = 0;
  for (const NodeId other : cast_.roster().hosts())
    if (other != process) lost += world_.network().reset(process, other);
  return lost;
}

std::optional<DiskFaultId> SimulatedStage::begin_disk_fault(NodeId process, const DiskFault& fault,
                                                            Duration until, std::uint64_t& effects) {
  sim::DiskRule rule = rule_of(fault);
  rule.until = sim::SimTime(until);
  const std::uint64_t seed = draw(seed_, kDiskDamage, process.value(), damages_++);
  if (fault.kind == DiskKind::kRot) {
    effects += world_.rot_disk(process, rule.where, fault.amount, seed);
    return std::nullopt;
  }
  if (fault.kind == DiskKind::kBadSector)
    for (const auto& place : world_.disk(process).draw_places(rule.where, fault.amount, seed))
      rule.bad.emplace(place.path, place.offset / sim::kSectorBytes);
  return world_.disk_rules(process).add(std::move(rule), effects);
}

NetworkFaultId SimulatedStage::begin_fault(const Action& action, Between between, std::uint64_t& effects) {
  return network_->begin(action, std::move(between), effects);
}

void SimulatedStage::arm_probe(std::string point, ProbeDecision decide) {
  sim::ProbeRule rule{.point = std::move(point), .node = {}, .nth = 0, .decide = {}};
  rule.decide = [decide = std::move(decide)](const sim::ProbeHit& hit) {
    const auto hold = decide({.point = hit.point, .node = hit.node});
    if (!hold) return sim::ProbeDecision{};
    return sim::ProbeDecision{.kind = sim::ProbeDecision::Kind::kHold, .hold = *hold};
  };
  world_.probes().arm(std::move(rule));
}

}  // namespace lockstep::scenarios
