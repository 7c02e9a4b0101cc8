// How a sensor errs.
#include "edge/devices/sensor.h"

#include <algorithm>

#include "edge/devices/chance.h"

namespace lockstep::devices {
namespace {

constexpr Purpose kNoise{"devices.sensor.noise"};
constexpr Purpose kLost{"devices.sensor.lost"};
constexpr Purpose kOutage{"devices.sensor.outage"};
constexpr Purpose kWander{"devices.sensor.wander"};

constexpr Duration kOutageSlot = std::chrono::seconds(3);
constexpr Duration kWanderPeriod = std::chrono::seconds(60);
constexpr double kWanderShare = 0.001;  // of the range, to either side, also of a healthy sensor

double seconds(Duration duration) { return static_cast<double>(duration.count()) * 1e-9; }

}  // namespace

Sensor::Sensor(const SignalInfo& info, std::uint64_t seed, std::size_t number, double noise)
    : seed_(seed), number_(number), low_(info.low), high_(info.high), noise_(noise) {}

std::optional<double> Sensor::show(double truth, Duration at) const {
  if (dropped_out_) return std::nullopt;
  const auto moment = static_cast<std::uint64_t>(at.count());
  if (chance(draw(seed_, kLost, number_, moment), 5'000)) return std::nullopt;
  if (chance(draw(seed_, kOutage, number_, static_cast<std::uint64_t>(at / kOutageSlot)), 4'000))
    return std::nullopt;
  return stuck_at_.value_or(measured(truth, at));
}

double Sensor::measured(double truth, Duration at) const {
  const auto moment = static_cast<std::uint64_t>(at.count());
  const double range = high_ - low_;
  const std::uint64_t wander_seed = draw(seed_, kWander, number_, 0);
  double shown = truth + noise_ * bell(draw(seed_, kNoise, number_, moment));
  shown += range * Course{wander_seed, kWander, kWanderPeriod, -kWanderShare, kWanderShare}.gliding(at);
  if (drifts_since_) shown += range * std::min(0.2, 0.002 * seconds(at - *drifts_since_));
  return std::clamp(shown, low_, high_);
}

void Sensor::set_stuck(bool on, double truth, Duration at) {
  if (!on)
    stuck_at_.reset();
  else if (!stuck_at_)
    stuck_at_ = measured(truth, at);
}

void Sensor::set_drift(bool on, Duration at) {
  if (!on)
    drifts_since_.reset();
  else if (!drifts_since_)
    drifts_since_ = at;
}

}  // namespace lockstep::devices
