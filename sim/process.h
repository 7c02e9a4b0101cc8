// One simulated process over all its lives: its disk and clock stay, each start makes a new life.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "base/env/actor.h"
#include "sim/disk_image.h"
#include "sim/disk_rules.h"
#include "sim/network.h"
#include "sim/probe_control.h"
#include "sim/process_clock.h"
#include "sim/recorder.h"
#include "sim/scheduler.h"
#include "sim/timed_disk.h"

namespace lockstep::sim {

struct ProcessOptions {
  // Makes the actor of each life; everything it needs beyond the ports is its own configuration.
  std::function<std::unique_ptr<env::Actor>(const env::Env&)> factory{};
  ClockOptions clock{};
  DiskProfile disk{};
  ClusterId cluster{};  // none: the world's
};

// What all processes of a world share.
struct Surroundings {
  Scheduler& scheduler;
  Recorder& recorder;
  Network& network;
  ProbeControl& probes;
  StackPool& stacks;
};

// Every event is addressed to an incarnation and forgotten when that is over. While the process is
// stalled its events wait in order: frames, alarms, the next steps of its lanes, finished jobs and
// released probes.
class Process final : private Receiver, private Endpoint {
 public:
  Process(const Surroundings& world, NodeId node, ClusterId cluster, ProcessOptions options,
          std::uint64_t seed);
  ~Process() override;

  // A new incarnation; the process is dead, and its own code is not running (checked).
  void start();
  // Dies at once: no effect of its code leaves it any more. The objects are destroyed when its code has
  // returned, if it is its own code that brought this about. Killing a dead process does nothing.
  void kill();
  void power_loss();
  void stall(Duration duration);
  void release();
  // Is done in a turn of this life, as soon as it runs; forgotten if it dies first.
  void tell(std::function<void()> what);
  void set_drift(std::int64_t drift_ppm);
  void jump_wall(Duration by);
  void leap_clock(Duration by);
  void freeze_clock(Duration duration);
  void set_clock_tick(Duration tick);

  NodeId node() const { return node_; }
  // The events of this receiver are this process's.
  bool is(const Receiver& receiver) const { return &receiver == static_cast<const Receiver*>(this); }
  bool is_alive() const { return life_ != nullptr && !dying_; }
  bool is_stalled() const { return stalled_until_ > world_.scheduler.now(); }
  Incarnation incarnation() const override { return incarnation_; }
  DiskImage& disk() { return disk_; }
  DiskRules& disk_rules() { return disk_rules_; }
  // Flips a bit in so many bytes, drawn by `seed`, of the files there (env::is_within()). How many there were.
  std::uint64_t rot_disk(std::string_view where, std::uint64_t bytes, std::uint64_t seed);
  void record(const env::Event& event);

 private:
  class Life;
  enum class EventKind : std::uint8_t { kAlarm, kWakeLane, kJobDone, kReleaseProbe, kStallEnds, kFrame, kTold };
  struct Happening {
    EventKind kind;
    std::uint32_t subject;  // a lane, a ticket of the life or a frame
  };
  // Counts the frames of this process's code on the stack, and buries a dying life under the last of them.
  class Inside {
   public:
    explicit Inside(Process& process) : process_(process) { ++process_.depth_; }
    ~Inside() {
      if (--process_.depth_ == 0 && process_.dying_) process_.bury();
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Process& process_;
  };

  void schedule(Duration delay, Happening happening);
  void schedule_at(SimTime at, Happening happening);
  void on_event(std::uint64_t token) override;
  void on_arrival(FrameTicket frame) override;
  void on_frame(NodeId from, Channel channel, BytesView payload) override;
  void react(Happening happening);
  void record_disk_fault(DiskTrouble trouble, std::uint64_t operation, const DiskCall& call);
  void resume_from_stall();
  void bury();

  Surroundings world_;
  NodeId node_;
  ProcessOptions options_;
  std::uint64_t seed_;
  ProcessClock clock_;
  DiskImage disk_;
  DiskRules disk_rules_;
  Incarnation incarnation_;
  std::unique_ptr<Life> life_;
  bool dying_ = false;
  int depth_ = 0;
  SimTime stalled_until_{};
  std::deque<Happening> waiting_;
};

}  // namespace lockstep::sim
