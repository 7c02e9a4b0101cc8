// A direct-current motor that drives a changing load, warms up and wears out.
#pragma once

#include "edge/devices/chance.h"
#include "edge/devices/physics.h"

namespace lockstep::devices {

// In SI units. Nominal values; every plant has its own within some percent.
struct MotorParameters {
  double resistance = 0.6;          // ohm at 293 K
  double constant = 0.12;           // N m/A, and V s/rad
  double inertia = 0.02;            // kg m2
  double viscous = 4e-4;            // N m s/rad, unworn
  double dry = 0.03;                // N m, unworn
  double heat_capacity = 40;        // J/K, of the winding
  double thermal_resistance = 0.9;  // K/W to the ambient air
  double wear_rate = 2e-4;          // per second at 150 W of load and a winding below 350 K
};

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
  Motor(std::string name, std::uint64_t seed, double drift);
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
  double start_wear_;
  Course load_;
  Course air_;
};

}  // namespace lockstep::devices
