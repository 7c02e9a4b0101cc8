// Binning; only + - * / sqrt and comparisons, so that a reading becomes the same token everywhere.
#include "hub/policy/tokens.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/exact_math.h"
#include "base/text.h"

namespace lockstep::hub {
namespace {

constexpr double kMiddleLevel = (kLevels - 1) / 2;

bool is_range(double low, double high) {
  return std::isfinite(low) && std::isfinite(high) && std::isfinite(high - low) && low < high;
}

// The whole part of a number that is clamped to [0, parts) first.
std::uint32_t part_of(double scaled, std::uint32_t parts) {
  if (!(scaled > 0)) return 0;
  return scaled >= parts ? parts - 1 : static_cast<std::uint32_t>(scaled);
}

std::uint32_t uniform_bin(double value, double low, double high) {
  return part_of((value - low) / (high - low) * kBins, kBins);
}

std::uint32_t error_bin(double value, double set_point, const SignalRange& signal) {
  const double distance = (value - set_point) / (signal.high - signal.low);
  const double root = std::sqrt(distance < 0 ? -distance : distance);
  constexpr double kMiddle = kErrorBins / 2;
  return part_of(kMiddle + (distance < 0 ? -root : root) * kMiddle, kErrorBins);
}

Token kind_token(std::string_view kind) {
  if (kind == "tank") return kKindTank;
  return kind == "motor" ? kKindMotor : kKindOther;
}

Token sample_token(const DeviceModel& device, std::size_t signal, std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return kMissing;
  const SignalRange& range = device.signals[signal];
  if (signal == device.controlled) return kFirstErrorBin + error_bin(*value, device.set_point, range);
  return kFirstValueBin + static_cast<Token>(signal) * kBins + uniform_bin(*value, range.low, range.high);
}

Status refuse(const DeviceModel& device, std::string what) {
  return fail(ErrorCode::kInvalidArgument, cat("device '", device.name, "': expected ", what));
}

}  // namespace

Status check_device(const DeviceModel& device) {
  if (device.signals.empty() || device.signals.size() > kMaxSignals)
    return refuse(device, cat("1 to ", kMaxSignals, " signals, found ", device.signals.size()));
  if (device.actuators.empty() || device.actuators.size() > kMaxActuators)
    return refuse(device, cat("1 to ", kMaxActuators, " actuators, found ", device.actuators.size()));
  if (device.controlled >= device.signals.size())
    return refuse(device, "the controlled signal among its signals");
  if (!std::isfinite(device.set_point)) return refuse(device, "a finite set point");
  for (const SignalRange& signal : device.signals) {
    if (!is_range(signal.low, signal.high))
      return refuse(
          device, cat("low < high of signal '", signal.name, "', found ", signal.low, " and ", signal.high));
  }
  for (const ActuatorRange& actuator : device.actuators) {
    if (!is_range(actuator.low, actuator.high))
      return refuse(device, cat("low < high of actuator '", actuator.name, "', found ", actuator.low, " and ",
                                actuator.high));
  }
  return {};
}

void encode_window(const DeviceModel& device, const Window& window, std::vector<Token>& out) {
  out.clear();
  const SignalRange& controlled = device.signals[device.controlled];
  out.push_back(kBegin);
  out.push_back(kind_token(device.kind));
  out.push_back(kFirstSetPointBin + uniform_bin(device.set_point, controlled.low, controlled.high));
  const std::size_t steps = window.samples.size();
  for (std::size_t back = kWindowSteps; back > 0; --back) {
    for (std::size_t signal = 0; signal < device.signals.size(); ++signal) {
      const bool there = back <= steps && signal < window.samples[steps - back].size();
      out.push_back(
          sample_token(device, signal, there ? window.samples[steps - back][signal] : std::nullopt));
    }
  }
  for (std::size_t i = 0; i < device.actuators.size(); ++i) {
    const bool there = i < window.last_commands.size() && std::isfinite(window.last_commands[i]);
    const ActuatorRange& actuator = device.actuators[i];
    out.push_back(there ? kFirstCommandBin + uniform_bin(window.last_commands[i], actuator.low, actuator.high)
                        : kMissing);
  }
  out.push_back(kDecide);
}

double last_command(const DeviceModel& device, const Window& window, std::size_t actuator) {
  const ActuatorRange& range = device.actuators[actuator];
  if (actuator >= window.last_commands.size() || !std::isfinite(window.last_commands[actuator]))
    return range.low;
  return std::clamp(window.last_commands[actuator], range.low, range.high);
}

double step_between(const ActuatorRange& actuator, double last, double command) {
  return std::clamp((command - last) / (actuator.high - actuator.low), -1.0, 1.0);
}

double after_step(const ActuatorRange& actuator, double last, double step) {
  return std::clamp(last + step * (actuator.high - actuator.low), actuator.low, actuator.high);
}

Token to_level(double step) {
  const SoftLevel soft = soft_level(step);
  // Nearest as the step is measured, which is not where levels are evenly spaced.
  const bool next = soft.above > 0.5;
  return soft.below + (next ? 1 : 0);
}

double from_level(Token level) {
  CHECK(level >= kFirstLevel && level < kFirstLevel + kLevels, "not a level: ", level);
  const double root = (static_cast<double>(level - kFirstLevel) - kMiddleLevel) / kMiddleLevel;
  return root < 0 ? -root * root : root * root;
}

SoftLevel soft_level(double step) {
  step = std::clamp(step, -1.0, 1.0);
  const double root = std::sqrt(step < 0 ? -step : step);
  const double place = kMiddleLevel + (step < 0 ? -root : root) * kMiddleLevel;
  SoftLevel out{.below = kFirstLevel + part_of(place, kLevels - 1)};
  // Rounding of the root may put the place beside its pair of levels by one last bit.
  const double low = from_level(out.below);
  out.above = std::clamp((step - low) / (from_level(out.below + 1) - low), 0.0, 1.0);
  return out;
}

double mean_step(std::span<const float> logits) {
  CHECK(logits.size() == kVocabulary, "logits of another language: ", logits.size());
  const std::span<const float> levels = logits.subspan(kFirstLevel, kLevels);
  float largest = -std::numeric_limits<float>::infinity();
  for (const float logit : levels)
    if (std::isfinite(logit) && logit > largest) largest = logit;
  double weights = 0;
  double sum = 0;
  for (std::uint32_t i = 0; i < kLevels; ++i) {
    if (!std::isfinite(levels[i])) continue;
    const double weight = exact::exp(static_cast<double>(levels[i]) - static_cast<double>(largest));
    weights += weight;
    sum += weight * from_level(kFirstLevel + i);
  }
  return weights > 0 ? sum / weights : 0;
}

}  // namespace lockstep::hub
