// Recordings to learn from: plants under the teacher, under drawn disturbances of what it does, and under the
// model that is being trained, labelled in all cases with what the teacher does there.
//
// A model that has only seen the teacher's own way does not know how to come back to it; letting the learner
// act and the teacher comment is DAgger (Ross, Gordon and Bagnell, AISTATS 2011).
#pragma once

#include <vector>

#include "hub/cloud/example.h"
#include "hub/policy/decider.h"
#include "scenarios/training/specimen.h"

namespace lockstep::training {

// Plants of recordings have seeds below it, those for judging begin with it.
inline constexpr std::uint64_t kFirstHeldOutSeed = 1'000'000'000;

struct RecordingPlan {
  std::vector<Specimen> specimens;
  std::uint64_t seed = 1;    // of this recording; plants and disturbances are drawn from it
  std::uint64_t round = 0;   // of several recordings with one seed
  std::size_t plants = 10;   // per specimen
  std::size_t windows = 60;  // per plant
};

// learner: acts in two of three plants; nullptr: the teacher acts in all. kNotFound: no such kind;
// kInvalidArgument: no such drift.
Result<std::vector<cloud::Example>> record(const RecordingPlan& plan, hub::Decider* learner);

}  // namespace lockstep::training
