// A window is ten moments: at each the plant is judged, at all but the last its sensors are read.
#include "scenarios/training/rig.h"

#include <algorithm>
#include <ranges>

#include "base/check.h"
#include "base/prng.h"
#include "edge/devices/physics.h"

namespace lockstep::training {
namespace {

constexpr Purpose kDelay{"training.rig.delay"};
constexpr std::int64_t kMoments = 10;

Result<devices::Parameters> parameters_of(const Specimen& specimen, std::uint64_t seed) {
  if (specimen.known) return *specimen.known;
  return devices::drawn_parameters(specimen.kind, seed, specimen.drift);
}

}  // namespace

hub::DeviceModel device_model(const devices::DeviceInfo& info) {
  hub::DeviceModel out{
      .name = info.name, .kind = info.kind, .signals = {}, .actuators = {}, .set_point = info.set_point};
  for (const devices::SignalInfo& signal : info.signals) {
    if (signal.name == info.controlled) out.controlled = out.signals.size();
    out.signals.push_back({signal.name, signal.low, signal.high, signal.safe_low, signal.safe_high});
  }
  for (const devices::ActuatorInfo& actuator : info.actuators)
    out.actuators.push_back({actuator.name, actuator.low, actuator.high});
  return out;
}

Result<Rig> Rig::make(const Specimen& specimen, std::uint64_t seed, bool taught) {
  LOCKSTEP_TRY(parameters, parameters_of(specimen, seed));
  auto teacher = taught ? devices::make_teacher(parameters, seed) : nullptr;
  return Rig(devices::make_plant(parameters, "rig", seed), std::move(teacher), seed);
}

Rig::Rig(std::unique_ptr<devices::Plant> plant, std::unique_ptr<devices::Teacher> teacher, std::uint64_t seed)
    : plant_(std::move(plant)),
      teacher_(std::move(teacher)),
      device_(device_model(plant_->info())),
      delay_(static_cast<std::int64_t>(below(draw(seed, kDelay, 0, 0), 3))) {}

void Rig::act(std::optional<std::vector<double>> commands, std::vector<double> kicks) {
  CHECK(commands || teacher_, "nobody to say what to do");
  CHECK(
      (!commands || commands->size() == device_.actuators.size()) && kicks.size() == device_.actuators.size(),
      "commands of another device");
  commands_ = std::move(commands);
  kicks_ = std::move(kicks);
  acting_ = true;
}

void Rig::take_effect(Duration now) {
  if (!acting_) return;
  acting_ = false;
  if (teacher_) taught_ = teacher_->command(now, plant_->state(), plant_->actuators());
  window_.last_commands = commands_.value_or(taught_);
  for (std::size_t i = 0; i < device_.actuators.size(); ++i) {
    const hub::ActuatorRange& range = device_.actuators[i];
    double& command = window_.last_commands[i];
    command = std::clamp(command + kicks_[i] * (range.high - range.low), range.low, range.high);
    const Status status = plant_->actuate(range.name, command);
    CHECK(status.has_value(), status.error().message);
    if (track_ != nullptr) track_->moves.push_back({.time_ns = now.count(), .actuator = i, .value = command});
  }
}

void Rig::judge() {
  const std::vector<double> state = plant_->state();
  cost_ += devices::tracking_cost(plant_->info(), state) / kMoments;
  const bool out = std::ranges::any_of(std::views::iota(std::size_t{0}, state.size()), [&](std::size_t i) {
    return state[i] < device_.signals[i].safe_low || state[i] > device_.signals[i].safe_high;
  });
  if (out) beyond_ += 1.0 / kMoments;
}

void Rig::record(Duration now, const std::vector<std::optional<double>>& readings) {
  track_->kind = device_.kind;
  track_->signals.resize(readings.size());
  for (std::size_t i = 0; i < readings.size(); ++i)
    if (readings[i]) track_->signals[i].push_back({.time_ns = now.count(), .value = *readings[i]});
}

void Rig::pass_window() {
  const Duration length = plant_->info().window;
  const Duration begin = length * next_;
  cost_ = beyond_ = 0;
  std::vector<std::optional<double>> newest(device_.signals.size());
  for (std::int64_t moment = 0; moment < kMoments; ++moment) {
    plant_->advance(begin + length * moment / kMoments);
    if (moment == delay_) take_effect(begin + length * moment / kMoments);
    const std::vector<std::optional<double>> readings = plant_->readings();
    for (std::size_t i = 0; i < readings.size(); ++i)
      if (readings[i]) newest[i] = readings[i];
    if (track_ != nullptr) record(begin + length * moment / kMoments, readings);
    plant_->advance(begin + length * (moment + 1) / kMoments);
    judge();
  }
  window_.number = static_cast<std::uint64_t>(next_++);
  window_.samples.push_back(std::move(newest));
  if (window_.samples.size() > hub::kWindowSteps) window_.samples.erase(window_.samples.begin());
}

}  // namespace lockstep::training
