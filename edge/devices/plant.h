// A plant: a piece of the physical world with a state, that time and actuators change and sensors show.
//
// Deterministic: the state after advance() depends on the seed, the commands and the times alone, to the last
// bit on every machine (no libm beyond sqrt; base/env is not seen). SI units throughout.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "edge/devices/parameters.h"

namespace lockstep::devices {

struct SignalInfo {
  std::string name;
  std::string unit;
  double low = 0, high = 0;            // of what the sensor can show
  double safe_low = 0, safe_high = 0;  // the envelope that the plant must not leave
  std::uint32_t stream = 0;            // class of its readings: lower ones are dropped first
};
struct ActuatorInfo {
  std::string name;
  std::string unit;
  double low = 0, high = 0;
};
struct DeviceInfo {
  std::string name;
  std::string kind;  // "tank", "motor"
  std::vector<SignalInfo> signals;
  std::vector<ActuatorInfo> actuators;
  std::string controlled;  // the signal that should follow the set point
  double set_point = 0;
  Duration window{};  // a decision is due once per window
};

// What breaks on command.
enum class PlantFault : std::uint8_t {
  kSensorDropout,    // it shows nothing
  kSensorStuck,      // it shows what it showed when it got stuck
  kSensorDrift,      // it shows more and more too much (sensor.h)
  kActuatorFailed,   // without power it goes to its low end, and refuses what it is told
  kActuatorStuck,    // it stays where it is, and nobody is told
  kActuatorLagging,  // its lag is ten times as long
  kActuatorWeak,     // of what it should put onto the plant comes 60 %
};
inline constexpr std::size_t kPlantFaults = 7;
inline bool is_of_sensor(PlantFault fault) { return fault <= PlantFault::kSensorDrift; }

class Plant {
 public:
  virtual ~Plant() = default;
  virtual const DeviceInfo& info() const = 0;
  // Advances the physics to this moment since the plant was made; never back.
  virtual void advance(Duration to) = 0;
  // The true state, one value per signal.
  virtual std::vector<double> state() const = 0;
  // What the sensors show now, noise and drift included; nothing where a sensor has dropped out.
  virtual std::vector<std::optional<double>> readings() = 0;
  // The actuator moves there with its lag. Errors: no such actuator; a value beyond its range or not finite;
  // the actuator has failed.
  virtual Status actuate(std::string_view actuator, double value) = 0;
  virtual std::vector<double> actuators() const = 0;
  // From this moment on. part: the place of a signal or an actuator; equal faults of one part do not add up.
  virtual void set_fault(PlantFault fault, std::size_t part, bool on) = 0;
};

// kind: "tank" or "motor"; kNotFound with the list otherwise. `drift` scales the plant's parameters away from
// the nominal ones (0: nominal): a worn pump, a scaled heater.
Result<std::unique_ptr<Plant>> make_plant(std::string_view kind, std::string name, std::uint64_t seed,
                                          double drift = 0);
// One with these numbers in its equations; seed: where it begins, and what happens to it.
std::unique_ptr<Plant> make_plant(const Parameters& parameters, std::string name, std::uint64_t seed);

}  // namespace lockstep::devices
