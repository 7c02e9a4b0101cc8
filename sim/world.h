// A simulated world: processes, network, time and faults, all decided by one seed.
//
// One thread. Every process is an env::Actor behind the ports of base/env and knows nothing of this.
// Whatever happens passes through the recorder; its rolling hash is the fingerprint of the run.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "sim/network.h"
#include "sim/probe_control.h"
#include "sim/process.h"
#include "sim/recorder.h"
#include "sim/scheduler.h"

namespace lockstep::sim {

struct WorldOptions {
  std::uint64_t seed = 0;
  ClusterId cluster{1};
  Latency latency{std::chrono::microseconds{500}, std::chrono::milliseconds{2}};  // of every link, at first
};

class World {
 public:
  explicit World(WorldOptions options);

  // Processes are added dead. Nodes that do not exist are checked, here and in every call that names one.
  void add_process(NodeId node, ProcessOptions options);
  // The first start, or the next after a death. Not from inside the process's own code (checked); use
  // schedule().
  void start(NodeId node) { process(node).start(); }
  void kill(NodeId node) { process(node).kill(); }
  // The process dies with its power; the disk decides what was kept. A dead process's disk can lose power
  // too.
  void power_loss(NodeId node) { process(node).power_loss(); }
  // Its host keeps the process from running (a pause of its memory management, a stopped container).
  void stall(NodeId node, Duration duration) { process(node).stall(duration); }
  // Ends its stall at once and lets go of all the work that probes hold.
  void release(NodeId node) { process(node).release(); }
  // Something for the process to do in a turn of its own, as soon as it runs: as a signal reaches it. Forgotten if it dies
  // first.
  void tell(NodeId node, std::function<void()> what) { process(node).tell(std::move(what)); }
  // Something happened to the process that it cannot tell itself.
  void note(NodeId node, const env::Event& event) { process(node).record(event); }
  // A new, empty disk for a dead process (checked).
  void wipe_disk(NodeId node);
  void set_drift(NodeId node, std::int64_t drift_ppm);
  void jump_wall_clock(NodeId node, Duration by);
  // sim/process_clock.h says what these are. A freeze ends by itself.
  void leap_clock(NodeId node, Duration by) { process(node).leap_clock(by); }
  void freeze_clock(NodeId node, Duration duration) { process(node).freeze_clock(duration); }
  void set_clock_tick(NodeId node, Duration tick) { process(node).set_clock_tick(tick); }

  bool is_alive(NodeId node) const { return process(node).is_alive(); }
  Incarnation incarnation(NodeId node) const { return process(node).incarnation(); }
  DiskImage& disk(NodeId node) { return process(node).disk(); }
  DiskRules& disk_rules(NodeId node) { return process(node).disk_rules(); }
  std::uint64_t rot_disk(NodeId node, std::string_view where, std::uint64_t bytes, std::uint64_t seed) {
    return process(node).rot_disk(where, bytes, seed);
  }
  Network& network() { return network_; }
  ProbeControl& probes() { return probes_; }
  Recorder& recorder() { return recorder_; }

  SimTime now() const { return scheduler_.now(); }
  void schedule(SimTime at, std::function<void()> callback) { scheduler_.call(at, std::move(callback)); }
  void schedule_after(Duration delay, std::function<void()> callback) {
    schedule(now() + delay, std::move(callback));
  }
  // The next event; false when nothing will ever happen again.
  bool step() { return scheduler_.step(); }
  // All events up to `until`, that instant included; then it is `until`.
  void run_until(SimTime until);
  void run_for(Duration duration) { run_until(now() + duration); }
  std::uint64_t events() const { return scheduler_.events(); }
  // When time stood still, and the process that kept it, if it was one.
  struct Standstill {
    SimTime at;
    std::optional<NodeId> by;
  };
  std::optional<Standstill> standstill() const;

 private:
  Process& process(NodeId node);
  const Process& process(NodeId node) const;

  WorldOptions options_;
  Scheduler scheduler_;
  Recorder recorder_;
  Network network_;
  ProbeControl probes_;
  StackPool stacks_;
  std::map<NodeId, std::unique_ptr<Process>> processes_;
};

}  // namespace lockstep::sim
