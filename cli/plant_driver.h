// Devices of an edge that are simulated by the machine's clock: plants with physics, and probes that only
// show numbers.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/driver.h"

namespace lockstep::cli {

class PlantDriver final : public edge::Driver {
 public:
  // Kinds: "tank", "motor" (edge/devices) and "probe": one signal that nobody can influence, for load; it
  // gathers `probe_rate` readings a second, and shows what it has gathered when it is looked at. Of one kind
  // that stands there several times the devices are numbered. Plants of equal names and seeds are equal.
  static Result<std::unique_ptr<PlantDriver>> create(const std::vector<std::string>& kinds,
                                                     std::uint64_t seed, double probe_rate);

  const std::vector<devices::DeviceInfo>& devices() const override { return infos_; }
  void sample(std::size_t device, std::vector<edge::Sample>& samples) override;
  void look(std::size_t device, std::vector<edge::Sample>& samples) override;
  Status actuate(std::size_t device, std::string_view actuator, double value) override;

 private:
  PlantDriver(std::uint64_t seed, double probe_rate)
      : seed_(seed), probe_rate_(probe_rate), begin_(std::chrono::steady_clock::now()) {}
  Status add(const std::string& kind, std::string name);
  Duration running() const { return std::chrono::steady_clock::now() - begin_; }

  void show_gathered(std::size_t probe, std::vector<edge::Sample>& samples);

  std::uint64_t seed_;
  double probe_rate_;
  std::chrono::steady_clock::time_point begin_;
  std::vector<devices::DeviceInfo> infos_;
  std::vector<std::unique_ptr<devices::Plant>> plants_;  // none: a probe
  std::vector<std::uint64_t> shown_;                     // readings of each probe
};

}  // namespace lockstep::cli
