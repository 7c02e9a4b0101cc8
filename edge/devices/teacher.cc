// Receding-horizon search over the plant's own equations.
#include "edge/devices/teacher.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "edge/devices/physics.h"

namespace lockstep::devices {
namespace {

// A plan: commands held for 1, 1, 2 and 4 windows, as shares of each actuator's range.
constexpr std::array<int, 4> kHeldWindows = {1, 1, 2, 4};
using Plan = std::array<std::array<double, kMostInputs>, kHeldWindows.size()>;
constexpr int kStepsPerWindow = 5;

constexpr double kMargin = 0.06;  // of the safe range: it keeps that far inside the envelope
constexpr double kMarginWeight = 20;
constexpr double kMiddleWeight = 0.02;  // to bring back what only has to stay inside its envelope
constexpr double kFirstStride = 0.16, kLastStride = 0.0004;

double squared(double x) { return x * x; }

double in_thousandths(const SignalInfo& signal, double distance) {
  return 1000 * distance / (signal.high - signal.low);
}

double beyond(const SignalInfo& signal, double value, double margin) {
  const double inside = margin * (signal.safe_high - signal.safe_low);
  return std::max({0.0, value - (signal.safe_high - inside), signal.safe_low + inside - value});
}

// A signal that moves with the actuators, though nothing asks for a value of it.
bool is_free(const DeviceInfo& info, const SignalInfo& signal) {
  return info.kind == "tank" && signal.name == "level";
}

class PlanningTeacher final : public Teacher {
 public:
  explicit PlanningTeacher(std::unique_ptr<Physics> physics) : physics_(std::move(physics)) {
    for (auto& commands : plan_) commands.fill(0.4);
  }

  std::vector<double> command(Duration now, std::span<const double> state,
                              std::span<const double> positions) override {
    const DeviceInfo& info = physics_->info();
    CHECK(state.size() == info.signals.size() && positions.size() == info.actuators.size(),
          "of another device");
    std::ranges::copy(state, state_.begin());
    for (std::size_t i = 0; i < positions.size(); ++i)
      positions_[i] = (positions[i] - info.actuators[i].low) / width(i);
    outside_ = physics_->outside(now);
    improve();
    std::vector<double> out;
    for (std::size_t i = 0; i < positions.size(); ++i)
      out.push_back(info.actuators[i].low + plan_[0][i] * width(i));
    for (std::size_t block = 0; block + 1 < plan_.size(); ++block) plan_[block] = plan_[block + 1];
    return out;
  }

 private:
  double width(std::size_t actuator) const {
    return physics_->info().actuators[actuator].high - physics_->info().actuators[actuator].low;
  }

  // Coordinate search: each command of the plan is moved to either side as long as that helps; then with half
  // the stride.
  void improve() {
    double best = cost(plan_);
    for (double stride = kFirstStride; stride >= kLastStride; stride /= 2) {
      for (int round = 0; round < 2; ++round) {
        const double before = best;
        for (std::size_t block = 0; block < plan_.size(); ++block)
          for (std::size_t i = 0; i < physics_->info().actuators.size(); ++i)
            best = move(block, i, stride, best);
        if (best == before) break;
      }
    }
  }

  double move(std::size_t block, std::size_t actuator, double stride, double best) {
    for (const double direction : {stride, -stride}) {
      for (int times = 0; times < 4; ++times) {
        Plan other = plan_;
        other[block][actuator] = std::clamp(other[block][actuator] + direction, 0.0, 1.0);
        const double found = cost(other);
        if (found >= best) break;
        best = found;
        plan_ = other;
      }
    }
    return best;
  }

  double cost(const Plan& plan) const {
    const DeviceInfo& info = physics_->info();
    const double seconds = static_cast<double>(info.window.count()) * 1e-9 / kStepsPerWindow;
    State state = state_;
    std::array<double, kMostInputs> positions = positions_;
    std::array<double, kMostInputs> before = positions_;
    double sum = 0;
    for (std::size_t block = 0; block < plan.size(); ++block) {
      for (std::size_t i = 0; i < info.actuators.size(); ++i)
        sum += physics_->move_cost(i) * squared(plan[block][i] - before[i]);
      before = plan[block];
      for (int step = 0; step < kHeldWindows[block] * kStepsPerWindow; ++step) {
        Inputs inputs{};
        for (std::size_t i = 0; i < info.actuators.size(); ++i) {
          positions[i] = moved(positions[i], plan[block][i], physics_->lag(i), seconds);
          inputs[i] = info.actuators[i].low + positions[i] * width(i);
        }
        state = advanced(*physics_, state, inputs, outside_, seconds);
        sum += moment_cost(state) / kStepsPerWindow;
      }
    }
    return sum;
  }

  double moment_cost(const State& state) const {
    const DeviceInfo& info = physics_->info();
    double sum = tracking_cost(info, std::span(state).first(info.signals.size()));
    for (std::size_t i = 0; i < info.signals.size(); ++i) {
      const SignalInfo& signal = info.signals[i];
      sum += kMarginWeight * squared(in_thousandths(signal, beyond(signal, state[i], kMargin)));
      if (is_free(info, signal))
        sum += kMiddleWeight *
               squared(in_thousandths(signal, state[i] - (signal.safe_low + signal.safe_high) / 2));
    }
    return sum;
  }

  std::unique_ptr<Physics> physics_;
  State state_{};
  std::array<double, kMostInputs> positions_{};
  Outside outside_;
  Plan plan_;
};

}  // namespace

double tracking_cost(const DeviceInfo& info, std::span<const double> state) {
  double sum = 0;
  for (std::size_t i = 0; i < info.signals.size(); ++i) {
    const SignalInfo& signal = info.signals[i];
    if (signal.name == info.controlled) sum += squared(in_thousandths(signal, state[i] - info.set_point));
    sum += 100 * squared(in_thousandths(signal, beyond(signal, state[i], 0)));
  }
  return sum;
}

std::unique_ptr<Teacher> make_teacher(const Parameters& parameters, std::uint64_t seed) {
  return std::make_unique<PlanningTeacher>(make_physics(parameters, "", seed));
}

}  // namespace lockstep::devices
