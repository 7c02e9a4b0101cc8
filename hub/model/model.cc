// The forward pass of one token.
#include "hub/model/model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/exact_math.h"

namespace lockstep::model {
namespace {

// RMSNorm, Zhang and Sennrich 2019, equation 4.
void normalise(std::span<const float> in, const Vector& weight, double epsilon, std::span<float> out) {
  float sum = 0;
  for (const float value : in) sum += value * value;
  const float scale = 1.0f / std::sqrt(sum / static_cast<float>(in.size()) + static_cast<float>(epsilon));
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * scale * weight[static_cast<Eigen::Index>(i)];
}

void add(std::span<const float> change, std::span<float> state) {
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += change[i];
}

// Scores become weights that have not been divided by their sum yet; returns the sum.
float exponentiate(std::span<float> scores, float scale) {
  float largest = scores[0];
  for (const float score : scores) largest = score > largest ? score : largest;
  for (float& score : scores) score = exact::exp((score - largest) * scale);
  float sum = 0;
  for (const float score : scores) sum += score;
  return sum;
}

}  // namespace

Model::Model(const Weights& weights)
    : configuration_(weights.configuration),
      embedding_(weights.embedding),
      final_norm_(weights.final_norm),
      output_({configuration_.tied_output ? &weights.embedding : &weights.output}) {
  for (const Layer& layer : weights.layers) {
    layers_.push_back({layer.input_norm, layer.attention_norm,
                       Panels({&layer.query, &layer.key, &layer.value}), Panels({&layer.output}),
                       Panels({&layer.gate, &layer.up}), Panels({&layer.down})});
  }
  // Rotary positions: pair i turns by position * base^(-2i / head_width), Su et al. 2021, section 3.2.2.
  const std::uint32_t pairs = configuration_.head_width / 2;
  const double step = exact::log(configuration_.rotary_base) / pairs;
  for (std::uint32_t position = 0; position < configuration_.context; ++position) {
    for (std::uint32_t pair = 0; pair < pairs; ++pair) {
      const double angle = position * exact::exp(-step * pair);
      cosines_.push_back(static_cast<float>(exact::cos(angle)));
      sines_.push_back(static_cast<float>(exact::sin(angle)));
    }
  }
}

Session::Session(const Model& model) : model_(&model) {
  const Configuration& c = model.configuration_;
  const std::size_t queries = std::size_t{c.heads} * c.head_width;
  const std::size_t keys = std::size_t{c.key_value_heads} * c.head_width;
  keys_.assign(std::size_t{c.layers} * c.key_value_heads, Panels(c.context, c.head_width));
  values_.assign(std::size_t{c.layers} * c.key_value_heads, Panels(c.head_width, c.context));
  state_.resize(c.width);
  normed_.resize(c.width);
  projections_.resize(queries + 2 * keys);
  attended_.resize(queries);
  scores_.resize(c.context);
  inner_.resize(2 * std::size_t{c.inner_width});
  change_.resize(c.width);
  logits_.resize(c.vocabulary);
}

void Session::append(Token token) {
  const Configuration& c = model_->configuration_;
  CHECK(token < c.vocabulary && position_ < c.context, "token ", token, " at ", position_);
  const float* row = model_->embedding_.data() + std::size_t{token} * c.width;
  std::copy_n(row, c.width, state_.begin());
  for (std::size_t i = 0; i < model_->layers_.size(); ++i) {
    const Model::PreparedLayer& layer = model_->layers_[i];
    normalise(state_, layer.input_norm, c.norm_epsilon, normed_);
    layer.query_key_value.multiply(normed_, projections_);
    remember(i);
    attend(i);
    layer.output.multiply(attended_, change_);
    add(change_, state_);
    normalise(state_, layer.attention_norm, c.norm_epsilon, normed_);
    think(layer);
    add(change_, state_);
  }
  ++position_;
}

std::span<const float> Session::logits() {
  CHECK(position_ > 0, "no token yet");
  normalise(state_, model_->final_norm_, model_->configuration_.norm_epsilon, normed_);
  model_->output_.multiply(normed_, logits_);
  return logits_;
}

// Queries and keys are turned to their position; keys and values go into the cache.
void Session::remember(std::size_t layer) {
  const Configuration& c = model_->configuration_;
  const std::size_t turned = c.heads + c.key_value_heads;
  for (std::size_t head = 0; head < turned; ++head) turn(projections_.data() + head * c.head_width);
  const float* key = projections_.data() + std::size_t{c.heads} * c.head_width;
  const float* value = projections_.data() + turned * c.head_width;
  for (std::size_t head = 0; head < c.key_value_heads; ++head) {
    Panels& keys = keys_[layer * c.key_value_heads + head];
    Panels& values = values_[layer * c.key_value_heads + head];
    for (std::size_t i = 0; i < c.head_width; ++i) {
      keys.set(position_, i, *key++);
      values.set(i, position_, *value++);
    }
  }
}

// The halves of a head are the two coordinates of its pairs.
void Session::turn(float* head) const {
  const std::size_t pairs = model_->configuration_.head_width / 2;
  const float* cosine = model_->cosines_.data() + position_ * pairs;
  const float* sine = model_->sines_.data() + position_ * pairs;
  for (std::size_t i = 0; i < pairs; ++i) {
    const float x = head[i], y = head[i + pairs];
    head[i] = x * cosine[i] - y * sine[i];
    head[i + pairs] = y * cosine[i] + x * sine[i];
  }
}

// Softmax attention of every head over all positions so far; several heads share a key head.
void Session::attend(std::size_t layer) {
  const Configuration& c = model_->configuration_;
  const std::size_t width = c.head_width;
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  const std::span<float> scores = std::span(scores_).first(position_ + 1);
  for (std::size_t head = 0; head < c.heads; ++head) {
    const std::size_t shared = layer * c.key_value_heads + head / (c.heads / c.key_value_heads);
    const std::span<float> out = std::span(attended_).subspan(head * width, width);
    keys_[shared].multiply(std::span(projections_).subspan(head * width, width), scores);
    const float sum = exponentiate(scores, scale);
    values_[shared].multiply(scores, out);
    for (float& value : out) value /= sum;
  }
}

// SwiGLU: down(silu(gate(x)) * up(x)), Shazeer 2020, equation 6.
void Session::think(const Model::PreparedLayer& layer) {
  layer.gate_up.multiply(normed_, inner_);
  const std::size_t width = inner_.size() / 2;
  const std::span<float> gate = std::span(inner_).first(width);
  for (std::size_t i = 0; i < width; ++i) gate[i] = gate[i] * exact::sigmoid(gate[i]) * inner_[width + i];
  layer.down.multiply(gate, change_);
}

}  // namespace lockstep::model
