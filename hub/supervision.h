// What an instruction did, against what it was meant to do: a small correction of the next ones (H6).
#pragma once

#include <optional>

#include "core/proto/control.pb.h"
#include "hub/windows.h"

namespace lockstep::hub {

inline constexpr double kLeastGain = 0.8;
inline constexpr double kMostGain = 1.25;

// By what the device's gain is multiplied, close to 1. Nothing: the evidence says nothing about the gain (not
// done, on its way to the set point, or an actuator at its end, where more gain would not be more effect).
std::optional<double> correction_factor(const KnownDevice& device, const wire::Instruction& instruction,
                                        const wire::InstructionResult& result);

}  // namespace lockstep::hub
