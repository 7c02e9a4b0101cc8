// A whole training: recordings, steps, and between them recordings with what was learned so far.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "hub/cloud/curve.h"
#include "hub/cloud/trainer.h"
#include "scenarios/training/recording.h"

namespace lockstep::training {

struct Curriculum {
  std::vector<Specimen> specimens = {{.kind = "tank"}, {.kind = "motor"}};
  std::uint64_t seed = 1;
  std::size_t steps = 5000;  // as many windows are recorded as to see each about six times
  std::size_t batch = 64;    // windows per step
  double rate = 3e-3;
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
  std::uint64_t seed = 0;
};

// What a training says while it goes on. Each may be empty.
struct Listeners {
  std::function<void(const Progress&)> report;  // about a hundred times
  // After each report: what resume() goes on from. An error ends the training.
  std::function<Status(BytesView checkpoint)> keep = {};
};

// from: the model file to begin with, for fine-tuning; empty: a fresh one. Errors: those of recordings (kind,
// drift), of the file to begin with, and of `keep`.
Result<Trained> train(const Curriculum& curriculum, BytesView from, const Listeners& listeners);
// The rest of a training; its file is the same, to the last bit, as if nothing had interrupted it (on one
// machine, by one program). kCorrupt: as read_checkpoint.
Result<Trained> resume(BytesView checkpoint, const Listeners& listeners);

}  // namespace lockstep::training
