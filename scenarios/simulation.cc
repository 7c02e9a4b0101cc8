// From a typed scenario to processes in a world.
#include "scenarios/simulation.h"

#include <algorithm>

#include "core/service/node.h"
#include "scenarios/register_client.h"
#include "scenarios/verify_client.h"
#include "scenarios/versioned_writes_client.h"
#include "storage/sql/database.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kClockOffset{"simulation.clock_offset"};
constexpr Purpose kClockDrift{"simulation.clock_drift"};

sim::Latency latency_of(const Spread& spread) { return {.median = spread.median, .p99 = spread.p99}; }

// Uniform in [-most, most].
std::int64_t symmetric(std::uint64_t bits, std::int64_t most) {
  return static_cast<std::int64_t>(below(bits, 2 * static_cast<std::uint64_t>(most) + 1)) - most;
}

std::unique_ptr<sim::LinkRule> permanent(Probability share, sim::Verdict::Kind kind, Duration most_extra) {
  return std::make_unique<sim::RandomFault>(sim::FaultOptions{.filter = {},
                                                              .parts_per_million = share.parts_per_million,
                                                              .kind = kind,
                                                              .least_extra = {},
                                                              .most_extra = most_extra});
}

service::NodeConfig node_config(const Scenario& scenario, const Roster& roster, const env::Env& env) {
  const Cluster& cluster = scenario.cluster;
  service::NodeConfig config;
  config.replica.raft.self = env.self;
  config.replica.raft.voters = roster.nodes();
  config.replica.raft.election_timeout = cluster.election_timeout;
  config.replica.raft.heartbeat_interval = cluster.heartbeat_interval;
  config.replica.raft.seed = env.seed;
  config.write_mode = cluster.write_mode == WriteMode::kStrong ? wire::STRONG : wire::QUORUM;
  config.transactions = {.pause_before_commit = cluster.pause_before_commit,
                         .durable_timeout = cluster.prepare_timeout};
  config.batch = {.max_entries = cluster.batch.max_entries,
                  .max_bytes = cluster.batch.max_bytes,
                  .max_delay = cluster.batch.max_delay};
  config.replica.drop_prefix_entries = cluster.drop_prefix_entries;
  return config;
}

}  // namespace

Simulation::Simulation(const Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario),
      seed_(seed),
      roster_(scenario.cluster.nodes, client_count(scenario)),
      book_([this] { return world_.now().time_since_epoch().count(); }),
      nemesis_(world_, scenario, roster_, seed),
      world_({.seed = seed, .cluster = ClusterId(1), .latency = latency_of(scenario.network.latency)}) {
  sql::initialise_sqlite(seed);
  nemesis_.enter_network();
  add_permanent_rules();
  for (const NodeId node : roster_.nodes()) add_node(node);
  std::uint32_t next_client = 1;
  for (std::size_t position = 0; position < scenario_.workload.size(); ++position)
    add_workload(position, next_client);
  add_steward();
}

void Simulation::start() {
  nemesis_.arm();
  for (const NodeId node : roster_.nodes()) world_.start(node);
  world_.start(Roster::steward());
  for (const NodeId client : roster_.clients()) world_.start(client);
}

// After the nemesis' rule, which was added first: a partition comes before what the network does anyway.
void Simulation::add_permanent_rules() {
  using Kind = sim::Verdict::Kind;
  const Network& network = scenario_.network;
  const Duration far = network.latency.p99 * 2;
  if (network.loss.parts_per_million > 0) world_.network().add_rule(permanent(network.loss, Kind::kDrop, {}));
  if (network.duplicate.parts_per_million > 0)
    world_.network().add_rule(permanent(network.duplicate, Kind::kDuplicate, far));
  if (network.reorder.parts_per_million > 0)
    world_.network().add_rule(permanent(network.reorder, Kind::kReorder, far));
}

sim::ProcessOptions Simulation::process_options(NodeId id) const {
  sim::ProcessOptions options;
  options.disk.sync = latency_of(scenario_.disk.sync);
  options.clock.wall_offset =
      Duration(symmetric(draw(seed_, kClockOffset, id.value(), 0), scenario_.clocks.max_offset.count()));
  options.clock.drift_ppm = symmetric(draw(seed_, kClockDrift, id.value(), 0), scenario_.clocks.max_drift_ppm);
  return options;
}

void Simulation::add_node(NodeId id) {
  sim::ProcessOptions options = process_options(id);
  options.factory = [this](const env::Env& env) {
    return std::make_unique<service::Node>(env, node_config(scenario_, roster_, env));
  };
  world_.add_process(id, std::move(options));
}

client::Config Simulation::client_config(const env::Env& env) const {
  const Duration patience = scenario_.cluster.election_timeout * 2;
  return {.nodes = roster_.nodes(),
          .attempt_timeout = std::clamp<Duration>(patience, std::chrono::milliseconds(200), std::chrono::seconds(1)),
          .seed = env.seed};
}

void Simulation::add_workload(std::size_t position, std::uint32_t& next_client) {
  const Workload& workload = scenario_.workload[position];
  for (std::uint32_t of_workload = 0; of_workload < client_count(workload); ++of_workload) {
    const Place place{.workload = position, .position = of_workload, .number = next_client++};
    sim::ProcessOptions options = process_options(Roster::client(place.number));
    options.factory = [this, place](const env::Env& env) -> std::unique_ptr<env::Actor> {
      const Workload& kind = scenario_.workload[place.workload];
      const client::Config config = client_config(env);
      if (const auto* registers = std::get_if<RegisterWorkload>(&kind))
        return std::make_unique<RegisterClient>(env, config, *registers, place, book_);
      if (const auto* writes = std::get_if<VersionedWrites>(&kind))
        return std::make_unique<VersionedWritesClient>(env, config, *writes, place, book_);
      return std::make_unique<VerifyClient>(env, config, std::get<Verify>(kind), written_tables(scenario_), place,
                                            book_);
    };
    world_.add_process(Roster::client(place.number), std::move(options));
  }
}

void Simulation::add_steward() {
  sim::ProcessOptions options = process_options(Roster::steward());
  options.factory = [this](const env::Env& env) {
    auto process = std::make_unique<client::ClientProcess>(env, client_config(env));
    steward_ = process.get();
    return process;
  };
  world_.add_process(Roster::steward(), std::move(options));
}

std::vector<std::string> written_tables(const Scenario& scenario) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position)
    if (const auto* writes = std::get_if<VersionedWrites>(&scenario.workload[position]))
      for (std::string& table : VersionedWritesClient::tables(*writes, position)) all.push_back(std::move(table));
  return all;
}

std::vector<std::string> schema_of(const Scenario& scenario) {
  std::vector<std::string> all;
  for (std::size_t position = 0; position < scenario.workload.size(); ++position) {
    std::vector<std::string> statements;
    if (const auto* writes = std::get_if<VersionedWrites>(&scenario.workload[position]))
      statements = VersionedWritesClient::schema(*writes, position);
    if (std::holds_alternative<RegisterWorkload>(scenario.workload[position])) statements = RegisterClient::schema();
    for (std::string& statement : statements) all.push_back(std::move(statement));
  }
  return all;
}

}  // namespace lockstep::scenarios
