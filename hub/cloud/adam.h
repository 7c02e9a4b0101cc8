// Adam (Kingma and Ba 2015) with decoupled decay of the matrices (Loshchilov and Hutter 2019).
#pragma once

#include <vector>

#include "base/bytes.h"
#include "hub/model/weights.h"

namespace lockstep::cloud {

class Adam {
 public:
  explicit Adam(const model::Weights& weights);
  // One step against the gradient, which is scaled down to the norm 1 first if it is longer. Clears it.
  void step(model::Weights& weights, model::Weights& gradient, double rate);

  // Its state to the last bit, and back into one for weights of the same shapes. kCorrupt.
  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);

 private:
  std::vector<float> mean_, square_;          // of all tensors, one after the other
  double mean_decay_ = 1, square_decay_ = 1;  // betas to the power of the steps so far
};

}  // namespace lockstep::cloud
