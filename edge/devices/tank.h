// A heated tank with a controlled inlet and a heater; what is drawn from it is not ours to decide.
#pragma once

#include "edge/devices/chance.h"
#include "edge/devices/parameters.h"
#include "edge/devices/physics.h"

namespace lockstep::devices {

inline constexpr double kWaterDensity = 998;        // kg/m3
inline constexpr double kWaterHeatCapacity = 4182;  // J/(kg K)

// States: level (m), temperature (K). Inputs: inlet (share of the open valve), heater (W).
// Outside: load is the opening of the outlet, which jumps; ambient is the air's temperature.
//
//   mass     area d(level)/dt = inflow inlet - outflow load sqrt(level)
//   energy   density capacity area level d(temperature)/dt =
//                density capacity inflow inlet (feed - temperature)
//                + efficiency heater - loss (temperature - ambient)
class Tank final : public Physics {
 public:
  // seed: where it begins, what is asked of it, and what happens outside.
  Tank(std::string name, std::uint64_t seed, const TankParameters& parameters);
  // Of one tank among many; drift as make_plant.
  static TankParameters drawn(std::uint64_t seed, double drift);
  const DeviceInfo& info() const override { return info_; }
  const TankParameters& parameters() const { return parameters_; }
  State start() const override;
  Outside outside(Duration at) const override;
  State slope(const State& state, const Inputs& inputs, const Outside& outside) const override;
  State inside_walls(const State& state) const override;
  double lag(std::size_t actuator) const override;
  double move_cost(std::size_t) const override { return 500; }
  double noise(std::size_t signal) const override;

 private:
  std::uint64_t seed_;
  DeviceInfo info_;
  TankParameters parameters_;
  Course demand_;
  Course air_;
};

}  // namespace lockstep::devices
