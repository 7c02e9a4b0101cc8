// An integral controller of small weight around the policy: what stays wrong though it could be right is
// trimmed away.
#include "hub/supervision.h"

#include <algorithm>
#include <cmath>

namespace lockstep::hub {
namespace {

constexpr double kWeight = 0.02;      // of a distance as large as the safe range
constexpr double kNearEnough = 0.01;  // of the safe range
constexpr double kAtItsEnd = 0.02;    // of an actuator's range

bool is_at_an_end(const DeviceModel& model, const wire::Instruction& instruction) {
  return std::ranges::any_of(instruction.parameters(), [&](const wire::Parameter& parameter) {
    const auto actuator = std::ranges::find(model.actuators, parameter.name(), &ActuatorRange::name);
    if (actuator == model.actuators.end()) return true;
    const double margin = kAtItsEnd * (actuator->high - actuator->low);
    const double value = parameter.value().value();
    return !(value > actuator->low + margin && value < actuator->high - margin);
  });
}

}  // namespace

std::optional<double> correction_factor(const KnownDevice& device, const wire::Instruction& instruction,
                                        const wire::InstructionResult& result) {
  const DeviceModel& model = device.model;
  const SignalRange& controlled = model.signals[model.controlled];
  const auto evidence = std::ranges::find(result.evidence(), controlled.name, &wire::Evidence::signal);
  if (result.outcome() != wire::InstructionResult::DONE || evidence == result.evidence().end())
    return std::nullopt;
  if (is_at_an_end(model, instruction)) return std::nullopt;
  const double range = controlled.safe_high - controlled.safe_low;
  const double missing = (model.set_point - evidence->before().value()) / range;
  const double left = (model.set_point - evidence->after().value()) / range;
  if (!std::isfinite(missing) || !std::isfinite(left)) return std::nullopt;
  if (std::abs(left) <= kNearEnough) return 1.0;
  const bool approaches = missing * left > 0 && std::abs(left) <= std::abs(missing) / 2;
  if (approaches) return std::nullopt;
  return 1.0 + kWeight * std::clamp(left, -1.0, 1.0);
}

}  // namespace lockstep::hub
