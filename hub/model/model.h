// Inference: one token after the other, with what earlier tokens left in a key/value cache.
//
// Strict float: every sum runs over its terms in ascending order, whatever the width of the vector units
// (panels.h), and exp, sin and cos are base/exact_math.h's. Equal weights and tokens give the same bits of
// logits on every compiler and machine. docs/decisions/0094.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hub/model/panels.h"
#include "hub/model/weights.h"

namespace lockstep::model {

// Weights in the order in which inference reads them. Immutable; any number of sessions may use it.
class Model {
 public:
  // The configuration must have passed its check.
  explicit Model(const Weights& weights);
  const Configuration& configuration() const { return configuration_; }

 private:
  friend class Session;
  struct PreparedLayer {
    Vector input_norm, attention_norm;
    Panels query_key_value, output, gate_up, down;
  };

  Configuration configuration_;
  Matrix embedding_;
  std::vector<PreparedLayer> layers_;
  Vector final_norm_;
  Panels output_;
  std::vector<float> cosines_, sines_;  // [position][head_width / 2]
};

// One sequence. Allocates when it is made, never later. The model outlives it.
class Session {
 public:
  explicit Session(const Model& model);

  // Back to an empty sequence.
  void clear() { position_ = 0; }
  std::size_t size() const { return position_; }

  // The sequence grows by a token of the vocabulary; at most `context` of them.
  void append(Token token);
  // Of what may follow the last token; [vocabulary], valid until the next append.
  std::span<const float> logits();

 private:
  void attend(std::size_t layer);
  void turn(float* head) const;
  void remember(std::size_t layer);
  void think(const Model::PreparedLayer& layer);

  const Model* model_;
  std::size_t position_ = 0;
  std::vector<Panels> keys_;        // per layer and head: [position][head_width]
  std::vector<Panels> values_;      // per layer and head: [head_width][position]
  std::vector<float> state_;        // [width]
  std::vector<float> normed_;       // [width]
  std::vector<float> projections_;  // queries, keys, values of this token
  std::vector<float> attended_;     // [heads * head_width]
  std::vector<float> scores_;       // [context]
  std::vector<float> inner_;        // gate and up: [2 * inner_width]
  std::vector<float> change_;       // [width]
  std::vector<float> logits_;       // [vocabulary]
};

}  // namespace lockstep::model
