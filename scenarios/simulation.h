// Builds the simulated world of a scenario: nodes, clients, clocks, disks and links, all from one seed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/client/client_process.h"
#include "scenarios/nemesis.h"
#include "scenarios/roster.h"
#include "scenarios/run_book.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace lockstep::scenarios {

class Simulation {
 public:
  // The scenario outlives the simulation.
  Simulation(const Scenario& scenario, std::uint64_t seed);

  // Arms the faults and starts every process.
  void start();

  sim::World& world() { return world_; }
  Nemesis& nemesis() { return nemesis_; }
  RunBook& book() { return book_; }
  const Roster& roster() const { return roster_; }
  client::ClientProcess& steward() { return *steward_; }

 private:
  void add_permanent_rules();
  void add_node(NodeId id);
  void add_workload(std::size_t position, std::uint32_t& next_client);
  void add_steward();
  sim::ProcessOptions process_options(NodeId id) const;
  client::Config client_config(const env::Env& env) const;

  const Scenario& scenario_;
  std::uint64_t seed_;
  Roster roster_;
  // These outlive the world, whose processes tell them of their end.
  RunBook book_;
  Nemesis nemesis_;
  sim::World world_;
  client::ClientProcess* steward_ = nullptr;  // owned by the world
};

// The statements that create what the workloads need, in order.
std::vector<std::string> schema_of(const Scenario& scenario);
// The tables of all versioned_writes workloads.
std::vector<std::string> written_tables(const Scenario& scenario);

}  // namespace lockstep::scenarios
