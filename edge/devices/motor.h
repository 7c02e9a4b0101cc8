// A direct-current motor that drives a changing load, warms up and wears out.
#pragma once

#include "edge/devices/chance.h"
#include "edge/devices/parameters.h"
#include "edge/devices/physics.h"

namespace lockstep::devices {

// States: speed (rad/s), winding temperature (K), load torque (N m), wear (0: new, 1: worn out).
// Input: voltage (V). Outside: load is the torque that the load goes to, by jumps; ambient is the air's
// temperature. The winding's inductance is left out: its time constant is far below the inner step.
//
//   current   current = (voltage - constant speed) / (resistance (1 + 0.0039 (temperature - 293)))
//   torque    inertia d(speed)/dt = constant current - (viscous speed + dry) (1 + 4 wear) - load
//   heat      capacity d(temperature)/dt = resistance current^2 - (temperature - ambient) / insulation
//   load      1 s d(load)/dt = outer load - load
//   wear      d(wear)/dt = rate (load speed / 150 W) (1 + max(0, temperature - 350 K) / 25 K)
//
// where resistance in the heat is the warm one, and insulation is the thermal resistance. Dry friction and
// load fade out near standstill: they begin no motion.
class Motor final : public Physics {
 public:
  // seed: where it begins, what is asked of it, and what happens outside.
  Motor(std::string name, std::uint64_t seed, const MotorParameters& parameters);
  // Of one motor among many; drift as make_plant.
  static MotorParameters drawn(std::uint64_t seed, double drift);
  const DeviceInfo& info() const override { return info_; }
  const MotorParameters& parameters() const { return parameters_; }
  State start() const override;
  Outside outside(Duration at) const override;
  State slope(const State& state, const Inputs& inputs, const Outside& outside) const override;
  State inside_walls(const State& state) const override;
  double lag(std::size_t) const override { return 0.05; }
  double move_cost(std::size_t) const override { return 30'000; }
  double noise(std::size_t signal) const override;

 private:
  std::uint64_t seed_;
  DeviceInfo info_;
  MotorParameters parameters_;
  Course load_;
  Course air_;
};

}  // namespace lockstep::devices
