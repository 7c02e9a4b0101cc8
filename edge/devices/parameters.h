// What tells one plant of a kind from another: the numbers in its equations.
#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lockstep::devices {

// In SI units. Nominal values; every plant has its own within some percent.
struct TankParameters {
  double area = 0.01;             // m2, of the water's surface
  double height = 0.8;            // m, of the rim
  double inflow = 1.2e-4;         // m3/s through the open inlet valve
  double outflow = 1.58e-4;       // m3/s through the open outlet at a level of 1 m, as the root of the level
  double feed_temperature = 288;  // K, of what flows in
  double loss = 8;                // W/K to the ambient air
  double efficiency = 0.95;       // of the heater
  bool operator==(const TankParameters&) const = default;
};

struct MotorParameters {
  double resistance = 0.6;          // ohm at 293 K
  double constant = 0.12;           // N m/A, and V s/rad
  double inertia = 0.02;            // kg m2
  double viscous = 4e-4;            // N m s/rad, unworn
  double dry = 0.03;                // N m, unworn
  double heat_capacity = 40;        // J/K, of the winding
  double thermal_resistance = 0.9;  // K/W to the ambient air
  double wear_rate = 2e-4;          // per second at 150 W of load and a winding below 350 K
  double wear = 0.1;                // at the beginning
  bool operator==(const MotorParameters&) const = default;
};

using Parameters = std::variant<TankParameters, MotorParameters>;

std::string_view kind_of(const Parameters& parameters);
// In the order of the struct.
std::vector<double> numbers_of(const Parameters& parameters);
// The way back. kNotFound: no such kind; kInvalidArgument: not as many, or one that is not finite and above
// 0.
Result<Parameters> parameters_of(std::string_view kind, std::span<const double> numbers);

}  // namespace lockstep::devices
