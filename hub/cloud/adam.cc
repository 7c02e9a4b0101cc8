// One pass over all numbers per step.
#include "hub/cloud/adam.h"

#include <cmath>

#include "hub/cloud/bits.h"

namespace lockstep::cloud {
namespace {

constexpr double kMeanBeta = 0.9, kSquareBeta = 0.98;
constexpr float kEpsilon = 1e-8f;
constexpr double kDecay = 0.01;
constexpr double kLongest = 1;  // of a gradient

double length(model::Weights& gradient) {
  double sum = 0;
  for (const model::NamedTensor& tensor : tensors(gradient))
    for (const float value : tensor.values) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

}  // namespace

Adam::Adam(const model::Weights& weights)
    : mean_(model::count_parameters(weights.configuration)), square_(mean_.size()) {}

void Adam::save(ByteWriter& out) const {
  write_bits(out, mean_decay_);
  write_bits(out, square_decay_);
  for (const std::vector<float>* moments : {&mean_, &square_})
    for (const float value : *moments) write_bits(out, value);
}

Status Adam::restore(ByteReader& in) {
  LOCKSTEP_TRY_STATUS(read_bits(in, mean_decay_));
  LOCKSTEP_TRY_STATUS(read_bits(in, square_decay_));
  for (std::vector<float>* moments : {&mean_, &square_})
    for (float& value : *moments) LOCKSTEP_TRY_STATUS(read_bits(in, value));
  return {};
}

void Adam::step(model::Weights& weights, model::Weights& gradient, double rate) {
  const double norm = length(gradient);
  const float scale = static_cast<float>(norm > kLongest ? kLongest / norm : 1);
  mean_decay_ *= kMeanBeta;
  square_decay_ *= kSquareBeta;
  const auto mean_scale = static_cast<float>(1 / (1 - mean_decay_));
  const auto square_scale = static_cast<float>(1 / (1 - square_decay_));
  const auto step = static_cast<float>(rate);
  constexpr auto kMean = static_cast<float>(kMeanBeta), kSquare = static_cast<float>(kSquareBeta);
  const std::vector<model::NamedTensor> all = tensors(weights);
  const std::vector<model::NamedTensor> changes = tensors(gradient);
  std::size_t place = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const float kept = all[i].shape.size() > 1 ? static_cast<float>(1 - rate * kDecay) : 1.0f;
    for (std::size_t k = 0; k < all[i].values.size(); ++k, ++place) {
      const float change = changes[i].values[k] * scale;
      mean_[place] = kMean * mean_[place] + (1 - kMean) * change;
      square_[place] = kSquare * square_[place] + (1 - kSquare) * change * change;
      const float size = std::sqrt(square_[place] * square_scale) + kEpsilon;
      all[i].values[k] = kept * all[i].values[k] - step * (mean_[place] * mean_scale) / size;
      changes[i].values[k] = 0;
    }
  }
}

}  // namespace lockstep::cloud
