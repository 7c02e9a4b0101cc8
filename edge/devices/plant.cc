// The one plant: equations, and between them and the edge actuators that lag and sensors that err.
#include "edge/devices/plant.h"

#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "edge/devices/physics.h"
#include "edge/devices/sensor.h"

namespace lockstep::devices {
namespace {

// The grid of the integration: state depends on which points of it have passed, not on who asked when.
constexpr Duration kInnerStep = std::chrono::milliseconds(10);
constexpr double kInnerSeconds = 0.01;
constexpr double kWeakShare = 0.6;
constexpr double kLaggingFactor = 10;

struct Actuator {
  double target = 0;
  double position = 0;
  bool failed = false;
  bool stuck = false;
  bool lagging = false;
  bool weak = false;
};

class SimulatedPlant final : public Plant {
 public:
  SimulatedPlant(std::unique_ptr<Physics> physics, std::uint64_t seed)
      : physics_(std::move(physics)), state_(physics_->start()), actuators_(info().actuators.size()) {
    for (std::size_t i = 0; i < info().signals.size(); ++i)
      sensors_.emplace_back(info().signals[i], seed, i, physics_->noise(i));
    for (std::size_t i = 0; i < actuators_.size(); ++i)
      actuators_[i].target = actuators_[i].position = info().actuators[i].low;
  }

  const DeviceInfo& info() const override { return physics_->info(); }

  void advance(Duration to) override {
    for (; now_ + kInnerStep <= to; now_ += kInnerStep) {
      Inputs inputs{};
      for (std::size_t i = 0; i < actuators_.size(); ++i) {
        Actuator& actuator = actuators_[i];
        const double low = info().actuators[i].low;
        const double target = actuator.failed ? low : actuator.target;
        const double lag = physics_->lag(i) * (actuator.lagging ? kLaggingFactor : 1);
        if (!actuator.stuck) actuator.position = moved(actuator.position, target, lag, kInnerSeconds);
        inputs[i] = low + (actuator.position - low) * (actuator.weak ? kWeakShare : 1);
      }
      state_ = advanced(*physics_, state_, inputs, physics_->outside(now_), kInnerSeconds);
    }
  }

  std::vector<double> state() const override {
    return {state_.begin(), state_.begin() + static_cast<std::ptrdiff_t>(sensors_.size())};
  }

  std::vector<std::optional<double>> readings() override {
    std::vector<std::optional<double>> out;
    for (std::size_t i = 0; i < sensors_.size(); ++i) out.push_back(sensors_[i].show(state_[i], now_));
    return out;
  }

  Status actuate(std::string_view name, double value) override {
    const std::vector<ActuatorInfo>& known = info().actuators;
    std::size_t place = 0;
    while (place < known.size() && known[place].name != name) ++place;
    if (place == known.size())
      return fail(ErrorCode::kNotFound, cat("device ", info().name, " has no actuator \"", name, "\""));
    const ActuatorInfo& actuator = known[place];
    if (!std::isfinite(value) || value < actuator.low || value > actuator.high)
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected a value for the ", name, " from ", actuator.low, " to ", actuator.high, " ",
                      actuator.unit, ", found ", value));
    if (actuators_[place].failed)
      return fail(ErrorCode::kUnavailable, cat("the ", name, " of ", info().name, " has failed"));
    actuators_[place].target = value;
    return {};
  }

  std::vector<double> actuators() const override {
    std::vector<double> out;
    for (const Actuator& actuator : actuators_) out.push_back(actuator.position);
    return out;
  }

  void set_fault(PlantFault fault, std::size_t part, bool on) override {
    CHECK(part < (is_of_sensor(fault) ? sensors_.size() : actuators_.size()), "no such part");
    switch (fault) {
      case PlantFault::kSensorDropout: sensors_[part].set_dropout(on); return;
      case PlantFault::kSensorStuck: sensors_[part].set_stuck(on, state_[part], now_); return;
      case PlantFault::kSensorDrift: sensors_[part].set_drift(on, now_); return;
      case PlantFault::kActuatorFailed: actuators_[part].failed = on; return;
      case PlantFault::kActuatorLagging: actuators_[part].lagging = on; return;
      case PlantFault::kActuatorStuck: actuators_[part].stuck = on; return;
      case PlantFault::kActuatorWeak: actuators_[part].weak = on; return;
    }
  }

 private:
  std::unique_ptr<Physics> physics_;
  Duration now_{};
  State state_;
  std::vector<Actuator> actuators_;
  std::vector<Sensor> sensors_;
};

}  // namespace

Result<std::unique_ptr<Plant>> make_plant(std::string_view kind, std::string name, std::uint64_t seed,
                                          double drift) {
  LOCKSTEP_TRY(parameters, drawn_parameters(kind, seed, drift));
  return make_plant(parameters, std::move(name), seed);
}

std::unique_ptr<Plant> make_plant(const Parameters& parameters, std::string name, std::uint64_t seed) {
  return std::make_unique<SimulatedPlant>(make_physics(parameters, std::move(name), seed), seed);
}

}  // namespace lockstep::devices
