// The transformer of hub/model as training needs it: many sequences at once, and backwards.
//
// The same function as hub/model/model.h computes (compared in a test), but with Eigen's own products: a
// gradient needs no equal bits on other machines. On one machine equal arguments give equal results: one
// thread, fixed order.
#pragma once

#include <span>
#include <vector>

#include "hub/model/weights.h"

namespace lockstep::cloud {

using model::Matrix;
using model::Token;
using model::Vector;
using model::Weights;

// Sequences of one length, one after the other: `tokens` is [sequences][length]. The last `answers` places of
// each are where the model speaks: after them it is to expect the targets.
struct Batch {
  std::size_t sequences = 0;
  std::size_t length = 0;
  std::size_t answers = 0;
  std::vector<Token> tokens;
  // Only tokens from `first` to `first + targets.cols()` can be answers, as the grammar says.
  Token first = 0;
  Matrix targets;  // [sequences * answers][candidates]; each row is a distribution
};

class Network {
 public:
  // Mean cross-entropy of the answers in nats. Adds its gradient to `gradient`, which has the shapes of
  // `weights`.
  double loss_and_gradient(const Weights& weights, const Batch& batch, Weights& gradient);
  double loss(const Weights& weights, const Batch& batch);
  // Of the last call: [sequences * answers][candidates].
  const Matrix& logits() const { return logits_; }

 private:
  // What the way back needs of the way there. Rows of `in` are all places of all sequences; the other rows
  // are the places from `from` on: in the last layer nobody asks for the others.
  struct Pass {
    std::size_t from = 0;
    Matrix in, normed, query, key, value, attended;
    Vector in_scale;
    std::vector<Matrix> attention;  // per sequence and head: [places][length]
    Matrix middle, middle_normed, gate, up, inner;
    Vector middle_scale;
  };

  void forward(const Weights& weights, const Batch& batch);
  void forward_layer(const Weights& weights, std::size_t number, const Matrix& in, Matrix& out);
  void attend(const model::Configuration& shape, Pass& pass);
  double cross_entropy(const Batch& batch) const;
  void backward(const Weights& weights, const Batch& batch, Weights& gradient);
  // `change` is of the layer's result, and becomes that of what went in.
  void backward_layer(const Weights& weights, std::size_t number, Matrix& change, Weights& gradient);
  void attend_backward(const model::Configuration& shape, const Pass& pass, const Matrix& change,
                       Matrix& query, Matrix& key, Matrix& value) const;
  Matrix rows_from(const Matrix& all, std::size_t from) const;
  void turn(const model::Configuration& shape, std::size_t from, double direction, Matrix& heads) const;

  std::size_t sequences_ = 0, length_ = 0;
  std::vector<Pass> passes_;
  Matrix last_, last_normed_, logits_;
  Vector last_scale_;
  Matrix cosines_, sines_;  // [position][head_width / 2]
};

}  // namespace lockstep::cloud
