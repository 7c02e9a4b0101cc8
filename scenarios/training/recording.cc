// One plant after the other.
#include "scenarios/training/recording.h"

#include "base/prng.h"
#include "scenarios/training/rig.h"

namespace lockstep::training {
namespace {

constexpr Purpose kPlant{"training.recording.plant"};
constexpr Purpose kKick{"training.recording.kick"};
constexpr Purpose kSize{"training.recording.size"};
constexpr Purpose kHiddenStretch{"training.recording.hidden_stretch"};
constexpr Purpose kHidden{"training.recording.hidden"};

// In one window of eight an actuator is moved to somewhere else: mostly a little, sometimes far.
double drawn_kick(std::uint64_t plant, std::uint64_t window, std::uint64_t actuator) {
  const std::uint64_t ordinal = window * 8 + actuator;
  if (!chance(draw(plant, kKick, 0, ordinal), 125'000)) return 0;
  const double side = static_cast<double>(draw(plant, kSize, 0, ordinal) >> 11) * 0x1p-52 - 1;
  return 0.5 * side * side * side;
}

// Sensors that show nothing are rare on a plant, and what to do then is learned from examples, too: in one of
// twenty stretches of five windows a signal is hidden, and in one of fifty windows.
bool is_hidden(std::uint64_t plant, std::uint64_t window, std::uint64_t signal) {
  return chance(draw(plant, kHiddenStretch, signal, window / 5), 50'000) ||
         chance(draw(plant, kHidden, signal, window), 20'000);
}

Status record_plant(const RecordingPlan& plan, const Specimen& specimen, std::uint64_t seed,
                    hub::Decider* actor, std::vector<cloud::Example>& out) {
  LOCKSTEP_TRY(rig, Rig::make(specimen, seed, true));
  const hub::DeviceModel device = rig.device();
  hub::Window seen;
  for (std::size_t window = 0; window <= plan.windows; ++window) {
    rig.pass_window();
    // What the teacher would have done after the window before is known when that took effect: in this one.
    if (window > 0) out.push_back(cloud::make_example(device, seen, rig.taught()));
    for (std::size_t i = 0; i < device.signals.size(); ++i)
      if (is_hidden(seed, window, i)) rig.hide(i);
    seen = rig.window();
    std::optional<std::vector<double>> commands;
    if (actor != nullptr) commands = actor->decide(device, seen, {}).commands;
    std::vector<double> kicks;
    for (std::size_t i = 0; i < device.actuators.size(); ++i) kicks.push_back(drawn_kick(seed, window, i));
    rig.act(std::move(commands), std::move(kicks));
  }
  return {};
}

}  // namespace

Result<std::vector<cloud::Example>> record(const RecordingPlan& plan, hub::Decider* learner) {
  std::vector<cloud::Example> out;
  for (std::size_t i = 0; i < plan.plants; ++i) {
    for (const Specimen& specimen : plan.specimens) {
      const std::uint64_t seed = below(draw(plan.seed, kPlant, plan.round, i), kFirstHeldOutSeed);
      LOCKSTEP_TRY_STATUS(record_plant(plan, specimen, seed, i % 3 == 0 ? nullptr : learner, out));
    }
  }
  return out;
}

}  // namespace lockstep::training
