// Gives the calls on a simulated disk their duration: the lane waits first, then the effect comes at once.
#pragma once

#include "base/env/disk.h"
#include "base/latency.h"
#include "sim/disk_image.h"
#include "sim/lane_set.h"

namespace lockstep::sim {

struct DiskProfile {
  Latency read{std::chrono::microseconds{5}, std::chrono::microseconds{50}};
  Latency write{std::chrono::microseconds{10}, std::chrono::microseconds{100}};
  Latency sync{std::chrono::milliseconds{2}, std::chrono::milliseconds{8}};
  Latency name{std::chrono::microseconds{20}, std::chrono::microseconds{200}};  // open, rename, remove, list
};

class TimedDiskHost {
 public:
  virtual ~TimedDiskHost() = default;
  virtual void on_file_synced(env::LaneId lane, std::string_view path, bool ok) = 0;
  virtual void on_directory_synced(env::LaneId lane, std::string_view path, bool ok) = 0;
  // How much longer than usual the call takes.
  virtual Duration extra_wait(const DiskCall& call) = 0;
};

// Because the effect comes after the wait, a crash falls between any two calls, and a sync that a crash
// interrupts has promised nothing. Only a question of the file's size takes no time. Calls outside a lane
// are checked.
class TimedDisk final : public env::Disk {
 public:
  // `seed` keys the draws; one life of a process has one TimedDisk.
  TimedDisk(env::Disk& disk, LaneSet& lanes, TimedDiskHost& host, DiskProfile profile, std::uint64_t seed)
      : disk_(disk), lanes_(lanes), host_(host), profile_(profile), seed_(seed) {}

  Result<std::unique_ptr<env::File>> open(std::string_view path, env::OpenMode mode) override;
  Result<bool> exists(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status remove(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view directory) override;
  Status sync_dir(std::string_view directory) override;

 private:
  class TimedFile;

  Status wait(const Latency& latency, const DiskCall& call);

  env::Disk& disk_;
  LaneSet& lanes_;
  TimedDiskHost& host_;
  DiskProfile profile_;
  std::uint64_t seed_;
  std::uint64_t calls_ = 0;
};

}  // namespace lockstep::sim
