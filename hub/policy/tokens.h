// The language between telemetry and model: a window becomes a prompt, and an answer is one level per
// actuator.
//
// A sequence is
//   BEGIN KIND SETPOINT (BIN | MISSING)*[step][signal] (LEVEL | MISSING)*[actuator] DECIDE | LEVEL*[actuator]
//   END
// with the prompt up to DECIDE. The samples stand oldest step first, kWindowSteps of them, and in each step
// the signals in the device's order. Bins of the controlled signal are of its distance from the set point,
// finer near it (the bin is uniform in the root of the distance); bins of the others are uniform over what
// the sensor can show, and each signal has its own. The trainer and the decider share this file, so that they
// speak the same language.
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
inline constexpr std::uint32_t kLevels = 33;

// Written into model files: a model is only as good as the language it was taught.
inline constexpr std::string_view kLanguage = "lockstep-window-1";

inline constexpr Token kBegin = 0;
inline constexpr Token kEnd = 1;
inline constexpr Token kMissing = 2;
inline constexpr Token kDecide = 3;
inline constexpr Token kKindTank = 4;
inline constexpr Token kKindMotor = 5;
inline constexpr Token kKindOther = 6;
inline constexpr Token kFirstErrorBin = 8;  // kBins of them, the set point between the middle two
inline constexpr Token kFirstValueBin = kFirstErrorBin + kBins;                   // kBins per signal
inline constexpr Token kFirstSetPointBin = kFirstValueBin + kMaxSignals * kBins;  // kBins
inline constexpr Token kFirstLevel = kFirstSetPointBin + kBins;                   // kLevels
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
// The answer: what a model is to be taught to say. One finite command per actuator.
void encode_commands(const DeviceModel& device, std::span<const double> commands, std::vector<Token>& out);

// The level nearest to the command, and back. Level 0 is the low end, kLevels - 1 the high end.
Token to_level(const ActuatorRange& actuator, double command);
double from_level(const ActuatorRange& actuator, Token level);

// The grammar of answers: what may follow when so many tokens were said. Always one of these ranges, never
// empty.
struct TokenRange {
  Token first = 0, end = 0;
  bool contains(Token token) const { return token >= first && token < end; }
};
TokenRange allowed_next(std::size_t actuators, std::size_t said);

// The place of the largest of `logits` within the range; of equal ones the first. NaN is never chosen before
// a number.
Token greedy_choice(std::span<const float> logits, TokenRange allowed);

}  // namespace lockstep::hub
