// How good a controller is, on plants that nobody has trained with, beside the rules alone.
#pragma once

#include <string>
#include <vector>

#include "hub/policy/decider.h"
#include "scenarios/training/specimen.h"

namespace lockstep::training {

struct Judgement {
  std::string kind;
  std::uint64_t seed = 0;
  double rules = 0, model = 0, teacher = 0;   // mean tracking cost
  double rules_beyond = 0, model_beyond = 0;  // share of the time beyond the envelope
};

struct JudgingPlan {
  std::vector<Specimen> specimens;
  std::size_t plants = 100;   // of all specimens together, in turn
  std::size_t windows = 120;  // per plant; the first hub::kWindowSteps do not count
  bool with_teacher = false;  // what is possible: takes as long as all the rest
};

// Every plant once under each controller. kNotFound: no such kind; kInvalidArgument: no such drift.
Result<std::vector<Judgement>> judge(const JudgingPlan& plan, hub::Decider& rules, hub::Decider& model);

// Means over the plants, and by how much the model's mean is below that of the rules, as a share of it, with
// an interval of 95 %: percentiles of 10,000 bootstrap samples of the plants (Efron 1979), each with its pair
// of costs.
struct Comparison {
  std::size_t plants = 0;
  double rules = 0, model = 0, teacher = 0;
  double rules_beyond = 0, model_beyond = 0;
  double gain = 0, gain_low = 0, gain_high = 0;
  std::size_t better = 0;  // plants on which the model costs less
};
// kind: of these plants only; empty: of all. There must be one.
Comparison compare(const std::vector<Judgement>& judgements, std::string_view kind);

}  // namespace lockstep::training
