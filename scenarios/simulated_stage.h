// The simulated world of a scenario: nodes, clients, clocks, disks and links, all from one seed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/service/retiring.h"
#include "scenarios/cast.h"
#include "scenarios/field_cast.h"
#include "scenarios/network_faults.h"
#include "scenarios/simulated_events.h"
#include "scenarios/stage.h"
#include "sim/world.h"
#include "storage/sql/allocations.h"

namespace lockstep::scenarios {

class SimulatedStage : public Stage, private Observer {
 public:
  // Scenario and cast outlive the stage.
  SimulatedStage(const Scenario& scenario, std::uint64_t seed, Cast& cast);

  const sim::Recorder& recorder() { return world_.recorder(); }

  void open() override;
  Events& events() override { return events_; }
  std::optional<std::string> cannot(const Fault&) const override { return std::nullopt; }

  std::string standstill() const override;
  Duration now() const override { return world_.now().time_since_epoch(); }
  void schedule(Duration at, std::function<void()> callback) override;
  void run_until(Duration until) override { world_.run_until(sim::SimTime(until)); }
  void run_while(const std::function<bool()>& waiting) override;

  bool is_alive(NodeId process) const override { return world_.is_alive(process); }
  void start(NodeId process) override { world_.start(process); }
  void kill(NodeId process) override { world_.kill(process); }
  void leave(NodeId process) override;
  void power_loss(NodeId process) override { world_.power_loss(process); }
  void stall(NodeId process, Duration duration) override { world_.stall(process, duration); }
  void change_clock(NodeId process, const ClockChange& change) override;
  void release(NodeId process) override { world_.release(process); }

  NetworkFaultId begin_fault(const Action& action, Between between, std::uint64_t& effects) override;
  void end_fault(NetworkFaultId fault) override { network_->end(fault); }
  void set_apart(std::set<NodeId> healed) override { network_->set_apart(std::move(healed)); }
  void end_all_faults() override { network_->end_all(); }

  void arm_probe(std::string point, ProbeDecision decide) override;

  std::uint64_t reset_connections(NodeId process) override;
  MemoryFaultId refuse_memory(NodeId process, const OutOfMemory& refusal, std::uint64_t& effects) override;
  void grant_memory(NodeId process, MemoryFaultId fault) override { allocations_[process].end_refusal(fault); }
  void grant_all_memory(NodeId process) override { allocations_[process].refuse_none(); }
  std::optional<DiskFaultId> begin_disk_fault(NodeId process, const DiskFault& fault, Duration until,
                                              std::uint64_t& effects) override;
  void end_disk_fault(NodeId process, DiskFaultId fault) override {
    world_.disk_rules(process).remove(fault);
  }
  void end_disk_faults(NodeId process) override { world_.disk_rules(process).clear(); }

  std::uint64_t break_plants(NodeId edge, const Breakdown& breakdown) override;
  void repair_plants(NodeId edge, const Breakdown& breakdown) override;
  void repair_all_plants(NodeId edge) override;

 private:
  // A node or an edge that stops itself ends its process, as the program does.
  void on_event(const Observation& observation) override;
  void add_network_rules();
  sim::ProcessOptions process_options(NodeId id) const;
  void add_node(NodeId id);
  std::unique_ptr<env::Actor> make_node(const env::Env& env);
  void add_client(NodeId id);
  void add_field();
  void open_field();
  void tell_plants();
  PlantYard::Note notes();

  const Scenario& scenario_;
  std::uint64_t seed_;
  Cast& cast_;
  std::map<NodeId, sql::Allocations> allocations_;  // of nodes, and as long as they
  std::map<NodeId, service::Retiring*> retiring_;   // of each node its present life; owned by the world
  std::map<NodeId, Incarnation> leaving_;           // the last life that was told to
  sim::World world_;
  std::optional<FieldCast> field_;  // of a scenario with a field
  SimulatedEvents events_;
  std::uint64_t damages_ = 0;         // done so far, each with draws of its own
  NetworkFaults* network_ = nullptr;  // owned by the world's network
};

}  // namespace lockstep::scenarios
