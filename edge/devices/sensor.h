// A sensor: what it shows is not what is. Noise, slow drift, dropouts, values that stay.
#pragma once

#include <optional>

#include "base/time.h"
#include "edge/devices/plant.h"

namespace lockstep::devices {

class Sensor {
 public:
  // `number`: its place in the device; `noise`: standard deviation, in the signal's unit.
  Sensor(const SignalInfo& info, std::uint64_t seed, std::size_t number, double noise);
  // Depends on the truth and the moment alone: reading twice shows the same twice. Nothing: it shows nothing.
  std::optional<double> show(double truth, Duration at) const;
  void set_dropout(bool on) { dropped_out_ = on; }
  // On: it goes on showing what it shows at this moment.
  void set_stuck(bool on, double truth, Duration at);
  // From now on it shows more and more too much: 0.2 % of its range per second, up to 20 %. Off: calibrated
  // again.
  void set_drift(bool on, Duration at);

 private:
  double measured(double truth, Duration at) const;

  std::uint64_t seed_;
  std::uint64_t number_;
  double low_, high_, noise_;
  bool dropped_out_ = false;
  std::optional<double> stuck_at_;
  std::optional<Duration> drifts_since_;
};

}  // namespace lockstep::devices
