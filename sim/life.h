// One incarnation of a simulated process: the actor and the ports that were made for it.
#pragma once

#include <map>

#include "sim/process.h"

namespace lockstep::sim {

class Process::Life final : private env::Clock,
                            private env::Alarm,
                            private env::Transport,
                            private env::Probe,
                            private env::Trace,
                            private LaneHost,
                            private TimedDiskHost {
 public:
  Life(Process& process, std::uint64_t seed);

  void start();
  void on_frame(NodeId from, Channel channel, BytesView payload);
  void on_alarm_event();
  // A faster clock reaches the alarm sooner.
  void on_clock_changed() { set(alarm_); }
  void wake_lane(env::LaneId lane) { lanes_.wake(lane); }
  void on_job_done(env::LaneId lane);
  void release_probe(std::uint32_t ticket);
  void release_all_probes();
  void tell(std::function<void()> what);
  void on_told(std::uint32_t ticket);
  // From here on no port has an effect.
  void die() { lanes_.die(); }
  // After die(), when no code of the process is running: jobs first, then the actor.
  void end();

 private:
  void end_turn();
  Instant monotonic_now() override;
  WallTime wall_now() override;
  void set(Instant at) override;
  void send(NodeId to, Channel channel, BytesView payload) override;
  void forget(NodeId peer) override;
  void reached(const env::ProbePoint& point, std::uint64_t object, std::function<void()> then) override;
  void emit(const env::Event& event) override;
  void wake_lane_after(env::LaneId lane, Duration delay) override;
  void on_job_started(env::LaneId lane, std::uint64_t ordinal) override;
  void on_job_finished(env::LaneId lane, std::uint64_t ordinal) override;
  void on_file_synced(env::LaneId lane, std::string_view path, bool ok) override;
  void on_directory_synced(env::LaneId lane, std::string_view path, bool ok) override;
  Duration extra_wait(const DiskCall& call) override;

  Process& process_;
  std::uint64_t seed_;
  LaneSet lanes_;
  TimedDisk disk_;
  Instant alarm_ = kNever;
  SimTime next_alarm_event_ = kEndOfTime;  // the earliest event on its way that will look at alarm_
  std::uint32_t next_ticket_ = 0;
  std::map<std::uint32_t, std::function<void()>> held_;  // at probes
  std::map<std::uint32_t, std::function<void()>> told_;
  std::unique_ptr<env::Actor> actor_;
};

}  // namespace lockstep::sim
