// The language between telemetry and model: a window becomes a prompt, and an answer is one step per
// actuator.
//
// A sequence is
//   BEGIN KIND SETPOINT (BIN | MISSING)*[step][signal] (COMMAND | MISSING)*[actuator] DECIDE |
//   LEVEL*[actuator]
// with the prompt up to DECIDE. The samples stand oldest step first, kWindowSteps of them, and in each step
// the signals in the device's order. Bins of the controlled signal are of its distance from the set point,
// finer near it (the bin is uniform in the root of the distance); bins of the others are uniform over what
// the sensor can show, and each signal has its own. A LEVEL is how far to go from the last command, finer
// near zero; what is done is the mean of the levels under the model's probabilities, so that commands are not
// coarse though levels are few (docs/decisions/0096). The trainer and the decider share this file, so that
// they speak the same language.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hub/model/weights.h"
#include "hub/policy/decision.h"

namespace lockstep::hub {

using model::Token;

inline constexpr std::size_t kMaxSignals = 4;
inline constexpr std::size_t kMaxActuators = 4;
inline constexpr std::uint32_t kBins = 64;
inline constexpr std::uint32_t kErrorBins = 128;
inline constexpr std::uint32_t kLevels = 65;  // odd: the middle one is to stay

// Written into model files: a model is only as good as the language it was taught.
inline constexpr std::string_view kLanguage = "lockstep-window-2";

inline constexpr Token kBegin = 0;
inline constexpr Token kEnd = 1;  // nobody says it: the number of actuators is where an answer ends
inline constexpr Token kMissing = 2;
inline constexpr Token kDecide = 3;
inline constexpr Token kKindTank = 4;
inline constexpr Token kKindMotor = 5;
inline constexpr Token kKindOther = 6;
inline constexpr Token kFirstErrorBin = 8;  // kErrorBins of them, the set point between the middle two
inline constexpr Token kFirstValueBin = kFirstErrorBin + kErrorBins;              // kBins per signal
inline constexpr Token kFirstSetPointBin = kFirstValueBin + kMaxSignals * kBins;  // kBins
inline constexpr Token kFirstCommandBin = kFirstSetPointBin + kBins;              // kBins
inline constexpr Token kFirstLevel = kFirstCommandBin + kBins;                    // kLevels
inline constexpr Token kVocabulary = kFirstLevel + kLevels;

inline constexpr std::size_t kMaxPromptTokens = 3 + kWindowSteps * kMaxSignals + kMaxActuators + 1;
inline constexpr std::size_t kMaxSequenceTokens = kMaxPromptTokens + kMaxActuators + 1;

// Whether windows of this device can be said at all. kInvalidArgument: no signal or too many, no actuator or
// too many, a range that is empty or not finite, a controlled signal or set point that does not exist.
Status check_device(const DeviceModel& device);

// The prompt, in place of what `out` held. Samples beyond their range count as its nearest end; absent, short
// and not finite ones as MISSING; of more than kWindowSteps steps the last count. The device must have passed
// its check.
void encode_window(const DeviceModel& device, const Window& window, std::vector<Token>& out);

// A step is from -1 to 1: that share of the actuator's range is added to its last command.
// Where a device's actuator stands: as last decided, within its range; its low end if nothing was.
double last_command(const DeviceModel& device, const Window& window, std::size_t actuator);
double step_between(const ActuatorRange& actuator, double last, double command);
// Within the range.
double after_step(const ActuatorRange& actuator, double last, double step);

// The level nearest to the step, and back. Level 0 is -1, the middle one 0, kLevels - 1 is 1; in between
// squares.
Token to_level(double step);
double from_level(Token level);
// The step between two neighbouring levels: what a model is to be taught to expect. The mean of `below` and
// the next level, weighted with 1 - above and above, is the step.
struct SoftLevel {
  Token below = 0;
  double above = 0;
};
SoftLevel soft_level(double step);
// The mean step under the softmax of the levels' logits; the logits of the whole vocabulary are given. NaN
// and infinities count as nothing said: 0 if all are.
double mean_step(std::span<const float> logits);

}  // namespace lockstep::hub
