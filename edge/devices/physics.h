// The equations of a plant: what its state does under inputs and what the world outside does to it.
//
// Values only, so that a controller that plans can compute with copies (teacher.h).
#pragma once

#include <array>
#include <memory>

#include "edge/devices/parameters.h"
#include "edge/devices/plant.h"

namespace lockstep::devices {

inline constexpr std::size_t kMostStates = 4;
inline constexpr std::size_t kMostInputs = 2;

// One number per signal of DeviceInfo, in its order and unit: every state of our plants has a sensor.
using State = std::array<double, kMostStates>;
// One number per actuator: what it puts onto the plant, in the actuator's unit.
using Inputs = std::array<double, kMostInputs>;

// What nobody controls; its meaning is the plant's.
struct Outside {
  double load = 0;
  double ambient = 0;
};

class Physics {
 public:
  virtual ~Physics() = default;
  virtual const DeviceInfo& info() const = 0;
  virtual State start() const = 0;
  // Since the plant was made.
  virtual Outside outside(Duration at) const = 0;
  // Change per second.
  virtual State slope(const State& state, const Inputs& inputs, const Outside& outside) const = 0;
  // Walls: a tank does not hold less than nothing.
  virtual State inside_walls(const State& state) const = 0;
  // Time constant of an actuator's first-order lag, in seconds.
  virtual double lag(std::size_t actuator) const = 0;
  // What moving an actuator over its whole range costs a controller beside tracking_cost (teacher.h), per
  // window: it keeps the teacher from correcting in one window what sensors show too coarsely to be learned.
  virtual double move_cost(std::size_t actuator) const = 0;
  // Standard deviation of a sensor's noise, in its unit.
  virtual double noise(std::size_t signal) const = 0;
};

// One step of the classical Runge-Kutta method (fourth order), inputs and outside held.
State advanced(const Physics& physics, const State& state, const Inputs& inputs, const Outside& outside,
               double seconds);

// Where an actuator is after this time on its way to its target: one step of the implicit Euler method for
// its lag, which never overshoots.
inline double moved(double position, double target, double lag, double seconds) {
  return position + (target - position) * (seconds / (lag + seconds));
}

// The numbers of this very plant: equal arguments, equal numbers (as make_plant). kNotFound with the list.
Result<Parameters> drawn_parameters(std::string_view kind, std::uint64_t seed, double drift);
// The equations with these numbers.
std::unique_ptr<Physics> make_physics(const Parameters& parameters, std::string name, std::uint64_t seed);

}  // namespace lockstep::devices
