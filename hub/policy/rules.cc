// Laws and bounds applied to a window. Total: any numbers may stand in a device or a window.
#include "hub/policy/rules.h"

#include <algorithm>
#include <cmath>

#include "hub/policy/tokens.h"

namespace lockstep::hub {
namespace {

// Into the range; what is not a number, or is in no range, becomes the value of the range nearest to zero.
double within(const ActuatorRange& range, double command) {
  const double wanted = std::isfinite(command) ? command : 0;
  return wanted > range.high ? range.high : wanted < range.low ? range.low : wanted;
}

double at_share(const ActuatorRange& range, double share) {
  if (share >= 1) return range.high;
  return within(range, range.low + share * (range.high - range.low));
}

const KindPolicy* find_kind(const Policy& policy, std::string_view kind) {
  const auto found = std::ranges::find(policy.kinds, kind, &KindPolicy::kind);
  return found == policy.kinds.end() ? nullptr : &*found;
}

// The readings of one signal, the newest first.
class Readings {
 public:
  Readings(const DeviceModel& device, const Window& window, std::string_view signal) : device_(&device) {
    const auto found = std::ranges::find(device.signals, signal, &SignalRange::name);
    if (found == device.signals.end()) return;
    range_ = &*found;
    place_ = static_cast<std::size_t>(found - device.signals.begin());
    for (auto step = window.samples.rbegin(); step != window.samples.rend() && count_ < 2; ++step) {
      if (place_ < step->size() && (*step)[place_] && std::isfinite(*(*step)[place_])) {
        fresh_ = fresh_ || step == window.samples.rbegin();
        values_[count_++] = *(*step)[place_];
      }
    }
  }

  std::size_t count() const { return count_; }  // at most the two newest
  bool fresh() const { return fresh_; }         // one is of the newest window
  // As a share of the safe range.
  double share() const { return (values_[0] - range_->safe_low) / (range_->safe_high - range_->safe_low); }
  // As a share of what the sensor can show, positive below the target.
  double error(std::size_t age, std::optional<double> target) const {
    return (goal(target) - values_[age]) / (range_->high - range_->low);
  }

 private:
  double goal(std::optional<double> target) const {
    if (!target && place_ == device_->controlled) return device_->set_point;
    return range_->safe_low + target.value_or(0.5) * (range_->safe_high - range_->safe_low);
  }

  const DeviceModel* device_;
  const SignalRange* range_ = nullptr;
  std::size_t place_ = 0;
  std::size_t count_ = 0;
  bool fresh_ = false;
  double values_[2] = {};
};

// What one law wants of one actuator that stands at `last`.
struct Wish {
  const DeviceModel& device;
  const Window& window;
  const ActuatorRange& actuator;
  double last;

  double operator()(const Hold& law) const { return at_share(actuator, law.command); }
  double operator()(const Hysteresis& law) const {
    const Readings readings(device, window, law.signal);
    if (readings.count() == 0) return last;
    if (readings.share() < law.low) return at_share(actuator, law.at_low);
    if (readings.share() > law.high) return at_share(actuator, law.at_high);
    return last;
  }
  double operator()(const ProportionalIntegral& law) const {
    const Readings readings(device, window, law.signal);
    // An error that nobody has seen to be still there must not be integrated.
    if (!readings.fresh()) return last;
    const double error = readings.error(0, law.target);
    const double change = readings.count() > 1 ? error - readings.error(1, law.target) : 0;
    const double move = law.proportional * change + law.integral * error;
    return within(actuator, last + move * (actuator.high - actuator.low));
  }
};

bool applies(const Bound& bound, const DeviceModel& device, const Window& window) {
  const Readings readings(device, window, bound.signal);
  if (readings.count() == 0) return bound.when_unknown;
  return bound.below ? readings.share() < *bound.below : readings.share() > *bound.above;
}

bool fits(const Rule& rule, const DeviceModel& device, const ActuatorRange& actuator) {
  if (rule.actuator != actuator.name) return false;
  return !rule.controlled || (device.controlled < device.signals.size() &&
                              device.signals[device.controlled].name == *rule.controlled);
}

}  // namespace

std::vector<double> rule_commands(const Policy& policy, const DeviceModel& device, const Window& window) {
  const KindPolicy* kind = find_kind(policy, device.kind);
  std::vector<double> commands;
  for (std::size_t i = 0; i < device.actuators.size(); ++i) {
    const ActuatorRange& actuator = device.actuators[i];
    double command = within(actuator, 0);
    if (kind != nullptr) {
      const auto rule =
          std::ranges::find_if(kind->rules, [&](const Rule& r) { return fits(r, device, actuator); });
      if (rule != kind->rules.end())
        command = std::visit(Wish{device, window, actuator, last_command(device, window, i)}, rule->law);
    }
    commands.push_back(within(actuator, command));
  }
  return commands;
}

bool bound_commands(const Policy& policy, const DeviceModel& device, const Window& window,
                    std::vector<double>& commands) {
  const std::vector<double> wanted = commands;
  const KindPolicy* kind = find_kind(policy, device.kind);
  commands.resize(device.actuators.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const ActuatorRange& actuator = device.actuators[i];
    commands[i] = within(actuator, commands[i]);
    if (kind == nullptr) continue;
    for (const Bound& bound : kind->envelope) {
      if (bound.actuator != actuator.name || !applies(bound, device, window)) continue;
      if (bound.at_most) commands[i] = std::min(commands[i], at_share(actuator, *bound.at_most));
      if (bound.at_least) commands[i] = std::max(commands[i], at_share(actuator, *bound.at_least));
    }
  }
  return commands != wanted;
}

}  // namespace lockstep::hub
