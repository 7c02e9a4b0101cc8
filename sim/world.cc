// Composition, and the loop.
#include "sim/world.h"

#include "base/check.h"
#include "base/prng.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kNetworkSeed{"sim.world.network"};
constexpr Purpose kProcessSeed{"sim.world.process"};

}  // namespace

World::World(WorldOptions options)
    : options_(options),
      network_(scheduler_, recorder_, draw(options.seed, kNetworkSeed, 0, 0), options.latency) {}

void World::add_process(NodeId node, ProcessOptions options) {
  CHECK(!processes_.contains(node), "node ", node, " exists");
  const Surroundings surroundings{scheduler_, recorder_, network_, probes_, stacks_};
  processes_[node] = std::make_unique<Process>(surroundings, node, options_.cluster, std::move(options),
                                               draw(options_.seed, kProcessSeed, node.value(), 0));
}

void World::wipe_disk(NodeId node) {
  Process& wiped = process(node);
  CHECK(!wiped.is_alive(), "node ", node, " is alive");
  wiped.disk().wipe();
  wiped.record({kDiskWiped, {}});
}

void World::set_drift(NodeId node, std::int64_t drift_ppm) { process(node).set_drift(drift_ppm); }

void World::jump_wall_clock(NodeId node, Duration by) { process(node).jump_wall(by); }

void World::run_until(SimTime until) {
  while (scheduler_.next_time() <= until && scheduler_.step()) {
  }
  scheduler_.advance(until);
}

std::optional<World::Standstill> World::standstill() const {
  const auto& found = scheduler_.standstill();
  if (!found) return std::nullopt;
  Standstill standstill{found->at, std::nullopt};
  for (const auto& [node, process] : processes_)
    if (process->is(*found->last)) standstill.by = node;
  return standstill;
}

Process& World::process(NodeId node) {
  const auto found = processes_.find(node);
  CHECK(found != processes_.end(), "no node ", node);
  return *found->second;
}

const Process& World::process(NodeId node) const {
  const auto found = processes_.find(node);
  CHECK(found != processes_.end(), "no node ", node);
  return *found->second;
}

}  // namespace lockstep::sim
