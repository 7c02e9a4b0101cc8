// The motor's equations, and how one motor differs from another.
#include "edge/devices/motor.h"

#include <algorithm>

namespace lockstep::devices {
namespace {

constexpr Purpose kParameter{"devices.motor.parameter"};
constexpr Purpose kStart{"devices.motor.start"};
constexpr Purpose kLoad{"devices.motor.load"};
constexpr Purpose kAir{"devices.motor.air"};

constexpr double kLoadLag = 1;  // second that a new load takes to bite

}  // namespace

MotorParameters Motor::drawn(std::uint64_t seed, double drift) {
  std::uint64_t ordinal = 0;
  const auto spread = [&](double share) {
    return uniform(draw(seed, kParameter, 0, ordinal++), 1 - share, 1 + share);
  };
  MotorParameters out;
  out.resistance *= spread(0.1);
  out.constant *= spread(0.08);
  out.inertia *= spread(0.25);
  out.viscous *= spread(0.3);
  out.dry *= spread(0.5);
  out.thermal_resistance *= spread(0.15);
  // A worn plant: weak magnets, hot brushes, dry bearings.
  out.constant *= 1 - 0.12 * drift;
  out.resistance *= 1 + 0.2 * drift;
  out.viscous *= 1 + 2 * drift;
  out.dry *= 1 + 2 * drift;
  out.wear = uniform(draw(seed, kStart, 0, 0), 0, 0.2) + 0.2 * drift;
  return out;
}

Motor::Motor(std::string name, std::uint64_t seed, const MotorParameters& parameters)
    : seed_(seed),
      parameters_(parameters),
      load_{seed, kLoad, std::chrono::milliseconds(4000 + 500 * below(draw(seed, kLoad, 1, 0), 9)), 0.1, 1.4},
      air_{seed, kAir, std::chrono::seconds(40), 288, 308} {
  info_.name = std::move(name);
  info_.kind = "motor";
  info_.signals = {
      {.name = "speed", .unit = "rad/s", .low = 0, .high = 400, .safe_low = 0, .safe_high = 300, .stream = 2},
      {.name = "temperature",
       .unit = "K",
       .low = 253,
       .high = 453,
       .safe_low = 253,
       .safe_high = 400,
       .stream = 2},
      {.name = "load", .unit = "N m", .low = 0, .high = 2, .safe_low = 0, .safe_high = 2, .stream = 1},
      {.name = "wear", .unit = "1", .low = 0, .high = 1, .safe_low = 0, .safe_high = 0.9, .stream = 1}};
  info_.actuators = {{.name = "voltage", .unit = "V", .low = 0, .high = 48}};
  info_.controlled = "speed";
  info_.set_point = uniform(draw(seed, kStart, 1, 0), 120, 220);
  info_.window = std::chrono::milliseconds(500);
}

State Motor::start() const {
  const double share = uniform(draw(seed_, kStart, 2, 0), 0.7, 1.3);
  const double warmth = uniform(draw(seed_, kStart, 3, 0), 0, 40);
  return {info_.set_point * share, air_.gliding(Duration(0)) + warmth, load_.jumping(Duration(0)),
          parameters_.wear};
}

Outside Motor::outside(Duration at) const { return {.load = load_.jumping(at), .ambient = air_.gliding(at)}; }

State Motor::slope(const State& state, const Inputs& inputs, const Outside& outside) const {
  const auto [speed, temperature, load, wear] = state;
  const double resistance = parameters_.resistance * (1 + 0.0039 * (temperature - 293));
  const double current = (inputs[0] - parameters_.constant * speed) / resistance;
  // Dry friction and load oppose the motion and cannot begin one.
  const double moving = speed / (speed + 1);
  const double friction = (parameters_.viscous * speed + parameters_.dry * moving) * (1 + 4 * wear);
  const double torque = parameters_.constant * current - friction - load * moving;
  const double warming =
      resistance * current * current - (temperature - outside.ambient) / parameters_.thermal_resistance;
  const double hot = std::max(0.0, (temperature - 350) / 25);
  return {torque / parameters_.inertia, warming / parameters_.heat_capacity, (outside.load - load) / kLoadLag,
          parameters_.wear_rate * (load * speed / 150) * (1 + hot)};
}

// The drive has no reverse.
State Motor::inside_walls(const State& state) const {
  return {std::max(state[0], 0.0), std::min(state[1], 600.0), std::max(state[2], 0.0),
          std::clamp(state[3], 0.0, 1.0)};
}

double Motor::noise(std::size_t signal) const {
  constexpr double kNoise[] = {0.6, 0.5, 0.02, 0.005};
  return kNoise[signal];
}

}  // namespace lockstep::devices
