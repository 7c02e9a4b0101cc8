// A plant on a test bench: its sensors are read as an edge reads them, its windows closed as a hub closes
// them, and a controller acts at the end of each, as late as instructions are.
//
// Used to record what to learn from, and to judge what was learned.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/devices/plant.h"
#include "edge/devices/teacher.h"
#include "hub/policy/decision.h"
#include "scenarios/training/identification.h"
#include "scenarios/training/specimen.h"

namespace lockstep::training {

hub::DeviceModel device_model(const devices::DeviceInfo& info);

class Rig {
 public:
  // Errors as devices::make_plant. The delay of instructions, up to a fifth of a window, is drawn from the
  // seed. taught: the teacher watches; it takes most of the time.
  static Result<Rig> make(const Specimen& specimen, std::uint64_t seed, bool taught);

  const hub::DeviceModel& device() const { return device_; }
  // Lets the window pass that has begun. Its commands, as given by act() at the end of the last one, take
  // effect after the delay. What was seen until its end is in window() then.
  void pass_window();
  const hub::Window& window() const { return window_; }
  // From now on what a hub would record is appended to it; nullptr: no more.
  void record_to(Track* track) { track_ = track; }
  // As if the sensor had shown nothing in the window that has just passed.
  void hide(std::size_t signal) { window_.samples.back()[signal].reset(); }

  // What to do in the next window. Nothing: what the teacher does (of a taught rig). The kicks, shares of an
  // actuator's range, are added in both cases: to see what lies off the good way.
  void act(std::optional<std::vector<double>> commands, std::vector<double> kicks);
  // The commands of the teacher at the moment when those of the last act() took effect; of a taught rig.
  const std::vector<double>& taught() const { return taught_; }

  // Mean over the last window, devices::tracking_cost.
  double cost() const { return cost_; }
  // Share of the last window in which a signal was beyond its envelope.
  double beyond() const { return beyond_; }

 private:
  Rig(std::unique_ptr<devices::Plant> plant, std::unique_ptr<devices::Teacher> teacher, std::uint64_t seed);
  void take_effect(Duration now);
  void judge();
  void record(Duration now, const std::vector<std::optional<double>>& readings);

  std::unique_ptr<devices::Plant> plant_;
  std::unique_ptr<devices::Teacher> teacher_;
  hub::DeviceModel device_;
  std::int64_t delay_ = 0;  // in tenths of a window
  std::int64_t next_ = 0;   // window
  hub::Window window_;
  std::optional<std::vector<double>> commands_;
  std::vector<double> kicks_;
  std::vector<double> taught_;
  bool acting_ = false;
  double cost_ = 0, beyond_ = 0;
  Track* track_ = nullptr;
};

}  // namespace lockstep::training
