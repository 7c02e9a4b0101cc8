// Names, the greeting, and what of an instruction can be judged without a device.
#include "edge/description.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace lockstep::edge {
namespace {

constexpr int kMostParameters = 64;

std::string objection_to(const devices::DeviceInfo& device, const wire::Parameter& parameter) {
  const auto actuator =
      std::find_if(device.actuators.begin(), device.actuators.end(),
                   [&](const devices::ActuatorInfo& one) { return one.name == parameter.name(); });
  if (actuator == device.actuators.end()) return cat("there is no actuator '", parameter.name(), "'");
  if (parameter.value().unit() != actuator->unit)
    return cat("expected '", actuator->name, "' in ", actuator->unit, ", found '", parameter.value().unit(),
               "'");
  const double value = parameter.value().value();
  if (!std::isfinite(value) || value < actuator->low || value > actuator->high)
    return cat("expected '", actuator->name, "' from ", actuator->low, " to ", actuator->high, ", found ",
               value);
  return {};
}

}  // namespace

Description::Description(std::string edge, const std::vector<devices::DeviceInfo>& devices)
    : edge_(std::move(edge)), devices_(devices) {
  for (const devices::DeviceInfo& device : devices_) {
    names_.push_back(cat(edge_, "/", device.name));
    series_.emplace_back();
    for (const devices::SignalInfo& signal : device.signals)
      series_.back().push_back(cat(names_.back(), "/", signal.name));
  }
}

std::optional<std::size_t> Description::find(std::string_view device) const {
  const auto found = std::find(names_.begin(), names_.end(), device);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

void Description::describe(wire::Hello& hello) const {
  hello.set_role(wire::EDGE);
  hello.set_name(edge_);
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const devices::DeviceInfo& info = devices_[i];
    wire::Device& device = *hello.add_devices();
    device.set_name(names_[i]);
    device.set_kind(info.kind);
    device.set_controlled(info.controlled);
    device.set_set_point(info.set_point);
    device.set_window_ns(static_cast<std::uint64_t>(info.window.count()));
    for (const devices::SignalInfo& from : info.signals) {
      wire::Signal& signal = *device.add_signals();
      signal.set_name(from.name);
      signal.set_unit(from.unit);
      signal.set_low(from.low);
      signal.set_high(from.high);
      signal.set_safe_low(from.safe_low);
      signal.set_safe_high(from.safe_high);
      signal.set_stream(from.stream);
    }
    for (const devices::ActuatorInfo& from : info.actuators) {
      wire::Actuator& actuator = *device.add_actuators();
      actuator.set_name(from.name);
      actuator.set_unit(from.unit);
      actuator.set_low(from.low);
      actuator.set_high(from.high);
    }
  }
}

std::string Description::objection(const wire::Instruction& instruction) const {
  const auto device = find(instruction.device());
  if (!device) return cat("edge '", edge_, "' has no device '", instruction.device(), "'");
  if (instruction.action() != "set")
    return cat("expected the action 'set', found '", instruction.action(), "'");
  const int count = instruction.parameters_size();
  if (count < 1 || count > kMostParameters)
    return cat("expected 1 to ", kMostParameters, " parameters, found ", count);
  for (int i = 0; i < count; ++i) {
    const std::string reason = objection_to(devices_[*device], instruction.parameters(i));
    if (!reason.empty()) return reason;
    for (int other = 0; other < i; ++other)
      if (instruction.parameters(other).name() == instruction.parameters(i).name())
        return cat("expected each actuator once, found '", instruction.parameters(i).name(), "' twice");
  }
  return {};
}

}  // namespace lockstep::edge
