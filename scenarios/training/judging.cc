// Runs on the rig, and the bootstrap.
#include "scenarios/training/judging.h"

#include <algorithm>

#include "base/check.h"
#include "base/prng.h"
#include "scenarios/training/recording.h"
#include "scenarios/training/rig.h"

namespace lockstep::training {
namespace {

constexpr Purpose kResample{"training.judging.resample"};
constexpr std::size_t kSamples = 10'000;

struct Run {
  double cost = 0, beyond = 0;
};

// controller: nullptr: the teacher.
Result<Run> run(const JudgingPlan& plan, const Specimen& specimen, std::uint64_t seed,
                hub::Decider* controller) {
  LOCKSTEP_TRY(rig, Rig::make(specimen, seed, controller == nullptr));
  Run out;
  for (std::size_t window = 0; window < plan.windows; ++window) {
    rig.pass_window();
    std::optional<std::vector<double>> commands;
    if (controller != nullptr) commands = controller->decide(rig.device(), rig.window(), {}).commands;
    rig.act(std::move(commands), std::vector<double>(rig.device().actuators.size()));
    if (window < hub::kWindowSteps) continue;
    out.cost += rig.cost();
    out.beyond += rig.beyond();
  }
  const double counted = static_cast<double>(plan.windows - std::min(plan.windows, hub::kWindowSteps));
  if (counted > 0) {
    out.cost /= counted;
    out.beyond /= counted;
  }
  return out;
}

}  // namespace

Result<std::vector<Judgement>> judge(const JudgingPlan& plan, hub::Decider& rules, hub::Decider& model) {
  CHECK(!plan.specimens.empty(), "no plants to judge");
  std::vector<Judgement> out;
  for (std::size_t i = 0; i < plan.plants; ++i) {
    const Specimen& specimen = plan.specimens[i % plan.specimens.size()];
    Judgement one{.kind = specimen.kind, .seed = kFirstHeldOutSeed + i};
    LOCKSTEP_TRY(by_rules, run(plan, specimen, one.seed, &rules));
    LOCKSTEP_TRY(by_model, run(plan, specimen, one.seed, &model));
    one.rules = by_rules.cost;
    one.rules_beyond = by_rules.beyond;
    one.model = by_model.cost;
    one.model_beyond = by_model.beyond;
    if (plan.with_teacher) {
      LOCKSTEP_TRY(by_teacher, run(plan, specimen, one.seed, nullptr));
      one.teacher = by_teacher.cost;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Comparison compare(const std::vector<Judgement>& judgements, std::string_view kind) {
  std::vector<const Judgement*> all;
  for (const Judgement& one : judgements)
    if (kind.empty() || one.kind == kind) all.push_back(&one);
  CHECK(!all.empty(), "no plants to compare");
  Comparison out{.plants = all.size()};
  const auto count = static_cast<double>(all.size());
  for (const Judgement* one : all) {
    out.rules += one->rules / count;
    out.model += one->model / count;
    out.teacher += one->teacher / count;
    out.rules_beyond += one->rules_beyond / count;
    out.model_beyond += one->model_beyond / count;
    if (one->model < one->rules) ++out.better;
  }
  out.gain = 1 - out.model / out.rules;
  std::vector<double> gains;
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    double rules = 0, model = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Judgement& one = *all[below(draw(0, kResample, sample, i), all.size())];
      rules += one.rules;
      model += one.model;
    }
    gains.push_back(1 - model / rules);
  }
  std::ranges::sort(gains);
  out.gain_low = gains[kSamples / 40];
  out.gain_high = gains[kSamples - kSamples / 40 - 1];
  return out;
}

}  // namespace lockstep::training
