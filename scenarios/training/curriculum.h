// A whole training: recordings, steps, and between them recordings with what was learned so far.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "hub/cloud/curve.h"
#include "hub/cloud/trainer.h"
#include "scenarios/training/recording.h"

namespace lockstep::training {

struct Curriculum {
  std::vector<std::string> kinds = {"tank", "motor"};
  std::uint64_t seed = 1;
  std::size_t steps = 5000;  // as many windows are recorded as to see each about six times
  std::size_t batch = 64;    // windows per step
  double rate = 3e-3;
  double drift = 0;        // of the plants that are recorded
  std::size_t rounds = 5;  // of recordings: the first under the teacher, the others mostly under the learner
  std::size_t windows = 60;  // per plant
};

struct Progress {
  std::size_t step = 0, steps = 0;
  std::size_t examples = 0;
  double learned = 0, held_out = 0;  // as CurvePoint
};

struct Trained {
  Bytes file;  // safetensors with 16-bit numbers, which verify_model accepts
  std::vector<cloud::CurvePoint> curve;
  std::size_t examples = 0;
};

// from: the model file to begin with, for fine-tuning; empty: a fresh one. report is called about a hundred
// times. Errors: those of recordings (kind, drift) and of the file to begin with.
Result<Trained> train(const Curriculum& curriculum, BytesView from,
                      const std::function<void(const Progress&)>& report);

}  // namespace lockstep::training
