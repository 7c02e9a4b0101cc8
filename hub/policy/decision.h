// What a decision is made of and what comes out: plain values, so that a decision can be repeated anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::hub {

struct SignalRange {
  std::string name;
  double low = 0, high = 0;            // of what the sensor can show
  double safe_low = 0, safe_high = 0;  // the envelope of the plant
};
struct ActuatorRange {
  std::string name;
  double low = 0, high = 0;
};
// As the edge has described it (core/proto field.proto, Device).
struct DeviceModel {
  std::string name, kind;
  std::vector<SignalRange> signals;
  std::vector<ActuatorRange> actuators;
  std::size_t controlled = 0;  // place among the signals
  double set_point = 0;
};

inline constexpr std::size_t kWindowSteps = 8;  // windows that a decision looks at

// One sample per signal of each of the last kWindowSteps windows, oldest first: [step][signal]. Step i is the
// newest reading with a time in window number - kWindowSteps + 1 + i, the last step belongs to the window that
// has just closed; nothing: no reading in that window. The commands are for the window after it.
struct Window {
  std::uint64_t number = 0;  // of the device's windows: end time / window length
  std::vector<std::vector<std::optional<double>>> samples;
  std::vector<double> last_commands;  // per actuator; as last decided
};

// The policy's correction for one device, learned from what its instructions did (H6). Replicated state.
struct Correction {
  double gain = 1;  // of the distance from the actuators' low end
  std::uint64_t updates = 0;
  bool operator==(const Correction&) const = default;
};

struct Decision {
  std::vector<double> commands;  // per actuator, inside its range
  bool bounded = false;          // the envelope had to change what the model wanted
  bool by_model = false;         // false: the rules alone
  bool operator==(const Decision&) const = default;
};

}  // namespace lockstep::hub
