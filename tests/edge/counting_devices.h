// Invented devices of an edge, whose sensors count.
#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "edge/driver.h"

namespace lockstep::edge {

// Two devices whose sensors count: no value is ever shown twice. It goes on while the edge is dead.
class Devices final : public Driver {
 public:
  Devices() {
    info_.push_back({.name = "tank",
                     .kind = "tank",
                     .signals = {{"temperature", "K", 0, 1e9, 0, 1e9, 1}, {"level", "m", 0, 1e9, 0, 1e9, 0}},
                     .actuators = {{"heater", "1", 0, 1}, {"inflow", "m3/s", 0, 0.1}},
                     .controlled = "temperature",
                     .set_point = 330,
                     .window = std::chrono::seconds(1)});
    info_.push_back({.name = "motor",
                     .kind = "motor",
                     .signals = {{"speed", "rad/s", 0, 1e9, 0, 1e9, 1}},
                     .actuators = {{"voltage", "V", 0, 24}},
                     .controlled = "speed",
                     .set_point = 100,
                     .window = std::chrono::seconds(1)});
  }
  const std::vector<devices::DeviceInfo>& devices() const override { return info_; }
  void sample(std::size_t device, std::vector<Sample>& samples) override {
    if (silent) return;
    for (std::size_t signal = 0; signal < info_[device].signals.size(); ++signal)
      for (int i = 0; i < burst; ++i) samples.push_back({signal, static_cast<double>(++shown)});
  }
  void look(std::size_t device, std::vector<Sample>& samples) override {
    const std::size_t before = samples.size();
    sample(device, samples);
    looked += samples.size() - before;
  }
  Status actuate(std::size_t device, std::string_view actuator, double value) override {
    if (broken) return fail(ErrorCode::kUnavailable, "stuck");
    told.push_back(cat(info_[device].name, ".", actuator, "=", value));
    return {};
  }

  // Between two lives of the edge.
  void lose_motor() { info_.pop_back(); }

  bool silent = false;
  int burst = 1;  // readings of each sensor at a time
  std::uint64_t shown = 0;
  std::uint64_t looked = 0;  // of these, as evidence
  bool broken = false;
  std::vector<std::string> told;

 private:
  std::vector<devices::DeviceInfo> info_;
};

}  // namespace lockstep::edge
