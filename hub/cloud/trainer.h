// Fits a model to examples: batches drawn from a seed, Adam, a rate that warms up and fades out.
//
// Equal examples, settings and weights give the same model on one machine, whatever else runs on it.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "hub/cloud/adam.h"
#include "hub/cloud/example.h"
#include "hub/cloud/network.h"

namespace lockstep::cloud {

struct TrainingSettings {
  std::uint64_t seed = 1;
  std::size_t steps = 3000;
  std::size_t batch = 64;  // sequences per step
  double rate = 3e-3;      // at its highest
};

// The shape of the models that we train: small enough for every hub, large enough to beat the rules
// (docs/training.md).
model::Configuration default_configuration();

// A model that knows nothing yet: drawn from the seed. Bins of one signal that are close to each other begin
// with vectors that are close to each other, since what is true for one is nearly true for the other.
model::Weights fresh_weights(const model::Configuration& configuration, std::uint64_t seed);

class Trainer {
 public:
  Trainer(model::Weights weights, const TrainingSettings& settings);

  // More to learn from, from the next step on.
  void add(std::vector<Example> examples);
  std::size_t examples() const { return count_; }
  bool finished() const { return done_ >= settings_.steps; }
  std::size_t steps_done() const { return done_; }
  // One batch; its loss in nats per answer. There must be an example and steps left.
  double step();
  // Mean loss over these examples, without learning from them.
  double loss_of(const std::vector<Example>& examples);
  double rate() const;
  const model::Weights& weights() const { return weights_; }

  // Everything that the steps to come depend on beside the settings, examples included.
  void save(ByteWriter& out) const;
  // With equal settings the same steps follow, to the last bit. kCorrupt: it is not what save() wrote.
  static Result<Trainer> restore(ByteReader& in, const TrainingSettings& settings);

 private:
  using Lengths = std::pair<std::size_t, std::size_t>;  // of prompt and answer
  static Lengths lengths_of(const Example& example) { return {example.prompt.size(), example.steps.size()}; }

  model::Weights weights_;
  model::Weights gradient_;
  TrainingSettings settings_;
  Adam adam_;
  Network network_;
  std::map<Lengths, std::vector<Example>> by_lengths_;  // a batch has sequences of one length
  std::size_t count_ = 0;
  std::size_t done_ = 0;
};

// Sequences as the network takes them: each prompt with the levels of all steps but the last after it. All of
// one length and number of steps.
Batch make_batch(const std::vector<const Example*>& examples);

}  // namespace lockstep::cloud
