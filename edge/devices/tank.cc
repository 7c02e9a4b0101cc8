// The tank's equations, and how one tank differs from another.
#include "edge/devices/tank.h"

#include <algorithm>
#include <cmath>

namespace lockstep::devices {
namespace {

constexpr Purpose kParameter{"devices.tank.parameter"};
constexpr Purpose kStart{"devices.tank.start"};
constexpr Purpose kDemand{"devices.tank.demand"};
constexpr Purpose kAir{"devices.tank.air"};

constexpr double kLeastLevel = 0.01;  // m; below the heater's foot the water never sinks

}  // namespace

TankParameters Tank::drawn(std::uint64_t seed, double drift) {
  std::uint64_t ordinal = 0;
  const auto spread = [&](double share) {
    return uniform(draw(seed, kParameter, 0, ordinal++), 1 - share, 1 + share);
  };
  TankParameters out;
  out.area *= spread(0.15);
  out.inflow *= spread(0.1);
  out.outflow *= spread(0.15);
  out.loss *= spread(0.3);
  out.efficiency *= spread(0.05);
  out.feed_temperature += 40 * (spread(0.05) - 1);
  // A worn plant: a furred inlet, a scaled heater, wet insulation, winter.
  out.inflow *= 1 - 0.25 * drift;
  out.efficiency *= 1 - 0.3 * drift;
  out.loss *= 1 + 2 * drift;
  out.feed_temperature -= 4 * drift;
  return out;
}

Tank::Tank(std::string name, std::uint64_t seed, const TankParameters& parameters)
    : seed_(seed),
      parameters_(parameters),
      demand_{seed, kDemand, std::chrono::seconds(12 + below(draw(seed, kDemand, 1, 0), 9)), 0.2, 0.75},
      air_{seed, kAir, std::chrono::seconds(40), 285, 301} {
  info_.name = std::move(name);
  info_.kind = "tank";
  info_.signals = {
      {.name = "level", .unit = "m", .low = 0, .high = 0.8, .safe_low = 0.15, .safe_high = 0.65, .stream = 1},
      {.name = "temperature",
       .unit = "K",
       .low = 273.15,
       .high = 373.15,
       .safe_low = 285,
       .safe_high = 340,
       .stream = 2}};
  info_.actuators = {{.name = "inlet", .unit = "1", .low = 0, .high = 1},
                     {.name = "heater", .unit = "W", .low = 0, .high = 12'000}};
  info_.controlled = "temperature";
  info_.set_point = uniform(draw(seed, kStart, 0, 0), 306, 320);
  info_.window = std::chrono::seconds(1);
}

State Tank::start() const {
  const double level = uniform(draw(seed_, kStart, 1, 0), 0.25, 0.55);
  const double offset = uniform(draw(seed_, kStart, 2, 0), -8, 8);
  return {level, info_.set_point + offset};
}

Outside Tank::outside(Duration at) const {
  return {.load = demand_.jumping(at), .ambient = air_.gliding(at)};
}

State Tank::slope(const State& state, const Inputs& inputs, const Outside& outside) const {
  const double level = std::max(state[0], kLeastLevel);
  const double temperature = state[1];
  const double in = parameters_.inflow * inputs[0];
  const double out = parameters_.outflow * outside.load * std::sqrt(level - kLeastLevel);
  const double heat = kWaterDensity * kWaterHeatCapacity * in * (parameters_.feed_temperature - temperature) +
                      parameters_.efficiency * inputs[1] - parameters_.loss * (temperature - outside.ambient);
  return {(in - out) / parameters_.area,
          heat / (kWaterDensity * kWaterHeatCapacity * parameters_.area * level)};
}

// What would rise over the rim runs off, as warm as the rest; boiling takes away what heats beyond 373.15 K.
State Tank::inside_walls(const State& state) const {
  return {std::clamp(state[0], kLeastLevel, parameters_.height), std::min(state[1], 373.15)};
}

double Tank::lag(std::size_t actuator) const { return actuator == 0 ? 0.4 : 1.5; }

double Tank::noise(std::size_t signal) const { return signal == 0 ? 0.002 : 0.1; }

}  // namespace lockstep::devices
