// The rules beside the model: what is done without one, and the envelope that no decision leaves.
//
// Written per kind of device in JSON (schema/policy.schema.json, docs/model.md), by names of signals and
// actuators. Thresholds are shares of a signal's safe range, commands shares of an actuator's range, so that
// one policy fits devices of different sizes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "hub/policy/decision.h"

namespace lockstep::hub {

struct Hold {
  double command = 0;
};
struct Hysteresis {
  std::string signal;
  double low = 0, at_low = 0;
  double high = 0, at_high = 0;
};
struct ProportionalIntegral {
  std::string signal;
  std::optional<double>
      target;               // nothing: the set point if the signal is the controlled one, else the middle
  double proportional = 0;  // both: share of the actuator's range per share of the sensor's range
  double integral = 0;      // per window
};
struct Rule {
  std::string actuator;
  std::optional<std::string> controlled;
  std::variant<Hold, Hysteresis, ProportionalIntegral> law;
};
struct Bound {
  std::string actuator;
  std::string signal;
  std::optional<double> below, above;       // one of them
  std::optional<double> at_most, at_least;  // one of them
  bool when_unknown = true;
};
struct KindPolicy {
  std::string kind;
  std::vector<Rule> rules;      // the first that fits an actuator counts
  std::vector<Bound> envelope;  // all count; of contradicting ones the last
};
struct Policy {
  std::string note;
  std::vector<KindPolicy> kinds;
};

inline constexpr std::size_t kMaxPolicyBytes = 1u << 20;

// kInvalidArgument with line, column and what was expected; kTooLarge.
Result<Policy> parse_policy(BytesView text);
// What counts where no other policy is active: tanks and motors.
const Policy& default_policy();
std::string_view default_policy_text();

// One command per actuator, within its range. An actuator for which no rule fits rests: the value of its
// range that is nearest to zero. One whose signal has no reading (a pi: none of the newest window) stays.
std::vector<double> rule_commands(const Policy& policy, const DeviceModel& device, const Window& window);

// Moves the commands into the envelope and the ranges; whether that changed one. Commands that are not finite
// rest.
bool bound_commands(const Policy& policy, const DeviceModel& device, const Window& window,
                    std::vector<double>& commands);

}  // namespace lockstep::hub
