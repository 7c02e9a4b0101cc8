// The world that a scenario is played in: all that the runner needs of it, whichever world it is.
//
// There are two: the simulated one (simulated_stage.h) and real processes on this machine
// (real/real_stage.h). Faults, workloads, the end phase and the verdicts see a Stage only, so that they mean
// the same in both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/oracle.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_event(const Observation& observation) = 0;
};

// Where the events of a run are shown. Observers outlive it.
class Events {
 public:
  virtual ~Events() = default;
  // For those who only look: told in the order of the run, perhaps late, at the end of the run at the latest.
  virtual void subscribe(const env::EventType& type, Observer& observer) = 0;
  virtual void subscribe_all(Observer& observer) = 0;
  // For those who act on what they see: told as soon as the world knows, in the order of each process only.
  // `order` of these observations means nothing.
  virtual void subscribe_early(const env::EventType& type, Observer& observer) = 0;
};

// Whom a network fault concerns: frames between members of different groups; with one_way only from the first
// group to the second. No group: every frame.
struct Between {
  std::vector<std::set<NodeId>> groups;
  bool one_way = false;
  std::optional<Duration> until{};  // of a Clog: when it ends, since the run began

  bool concerns(NodeId from, NodeId to) const;
};

using NetworkFaultId = std::uint64_t;
using DiskFaultId = std::uint64_t;
using MemoryFaultId = std::uint64_t;

struct ProbeHit {
  std::string_view point;
  NodeId node;
};
// How long the piece of work at the probe is held; nothing: it goes on. May act on the stage, for example
// kill the process that is at the probe: what follows the probe does not happen then.
using ProbeDecision = std::function<std::optional<Duration>(const ProbeHit&)>;

// One thread: nothing happens on a stage but inside open, run_until and run_while.
class Stage {
 public:
  virtual ~Stage() = default;

  // Starts every process: nodes, the steward, the clients of the workloads.
  virtual void open() = 0;
  // The run is over: every process may end, and who looks at events is told those that he has not been told
  // yet.
  virtual void close() {}
  virtual Events& events() = 0;
  // Why the trace is not whole, in one sentence; empty if it is. Asked when the stage is closed.
  virtual std::string gap() const { return {}; }
  // Why time did not pass of itself any more, in one sentence; empty if it did.
  virtual std::string standstill() const { return {}; }
  // Why this fault cannot be done here; nothing if it can.
  virtual std::optional<std::string> cannot(const Fault& fault) const = 0;

  // ---- time: since the run began
  virtual Duration now() const = 0;
  // Never calls back from inside this call.
  virtual void schedule(Duration at, std::function<void()> callback) = 0;
  void after(Duration delay, std::function<void()> callback) { schedule(now() + delay, std::move(callback)); }
  virtual void run_until(Duration until) = 0;
  void run_for(Duration duration) { run_until(now() + duration); }
  // Until it answers false; something will make it do so.
  virtual void run_while(const std::function<bool()>& waiting) = 0;

  // ---- processes: nodes and clients. Only those of which cannot() says nothing are called.
  virtual bool is_alive(NodeId process) const = 0;
  // Of a dead process, and not from inside its own code: see after().
  virtual void start(NodeId process) = 0;
  virtual void kill(NodeId process) = 0;
  // It is told to end in good order; told again, it is killed.
  virtual void leave(NodeId process) = 0;
  virtual void power_loss(NodeId process) = 0;
  virtual void stall(NodeId process, Duration duration) = 0;
  virtual void change_clock(NodeId process, const ClockChange& change) = 0;
  // Counts the allocations that were refused into `effects`, which outlives the run.
  virtual MemoryFaultId refuse_memory(NodeId process, const OutOfMemory& refusal, std::uint64_t& effects);
  virtual void grant_memory(NodeId, MemoryFaultId) {}
  virtual void grant_all_memory(NodeId) {}
  // Ends its stall at once and lets go of all the work that probes hold.
  virtual void release(NodeId process) = 0;

  // ---- disks. The fault's own targets name roles; it is about this process, dead or alive. One that waits
  // ends at `until`. `effects` counts what it did, and outlives the run. Nothing: it has happened and does
  // not last.
  virtual std::optional<DiskFaultId> begin_disk_fault(NodeId process, const DiskFault& fault, Duration until,
                                                      std::uint64_t& effects);
  // One that has ended already is no mistake.
  virtual void end_disk_fault(NodeId process, DiskFaultId fault);
  virtual void end_disk_faults(NodeId) {}

  // ---- plants. The breakdown's own targets name edges; it is about this one. How many parts it broke.
  virtual std::uint64_t break_plants(NodeId edge, const Breakdown& breakdown);
  virtual void repair_plants(NodeId edge, const Breakdown& breakdown);
  virtual void repair_all_plants(NodeId) {}

  // ---- network. The action is a Partition, Loss, Delay, Duplicate, Reorder, Corrupt, Bandwidth or Clog;
  // whom it concerns is `between`, for its own links name roles. `effects` counts what it did, and outlives
  // the run. The fault that began first comes first.
  virtual NetworkFaultId begin_fault(const Action& action, Between between, std::uint64_t& effects) = 0;
  virtual void end_fault(NetworkFaultId fault) = 0;
  // No fault touches frames between these hosts any more, and no frame passes between them and the others: a
  // leader among those, half cut off, would keep these from electing one that all of them can hear.
  virtual void set_apart(std::set<NodeId> healed) = 0;
  // Of the process, with all others: what is under way is lost. How many frames that were.
  virtual std::uint64_t reset_connections(NodeId process);
  // No faults any more, between nobody.
  virtual void end_all_faults() = 0;

  // ---- probes: asked each time that any process reaches the point.
  virtual void arm_probe(std::string point, ProbeDecision decide) = 0;
};

}  // namespace lockstep::scenarios
