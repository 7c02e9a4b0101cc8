// A training that stands still, as bytes: docs/format/training_checkpoint.md.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "scenarios/training/curriculum.h"

namespace lockstep::training {

struct Checkpoint {
  Curriculum curriculum;
  bool tunes = false;     // began with somebody's model
  std::size_t round = 0;  // of the next recording
  std::vector<cloud::CurvePoint> curve;
  Bytes trainer;  // cloud::Trainer::save
};

Bytes write_checkpoint(const Checkpoint& checkpoint);
// kCorrupt: not a checkpoint, damaged, or of another version of this program.
Result<Checkpoint> read_checkpoint(BytesView file);

}  // namespace lockstep::training
