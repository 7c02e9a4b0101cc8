// Forward and backward of every part, side by side.
#include "hub/cloud/network.h"

#include <cmath>

#include "base/check.h"
#include "base/exact_math.h"

namespace lockstep::cloud {
namespace {

using Eigen::Index;
using Strided = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
using ConstStrided = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

Index at(std::size_t place) { return static_cast<Index>(place); }

// One head of one sequence inside a matrix of all: rows are places.
Strided head_of(Matrix& all, std::size_t first_row, std::size_t rows, std::size_t head, std::size_t width) {
  return {all.data() + first_row * static_cast<std::size_t>(all.cols()) + head * width, at(rows), at(width),
          Eigen::OuterStride<>(all.cols())};
}
ConstStrided head_of(const Matrix& all, std::size_t first_row, std::size_t rows, std::size_t head,
                     std::size_t width) {
  return {all.data() + first_row * static_cast<std::size_t>(all.cols()) + head * width, at(rows), at(width),
          Eigen::OuterStride<>(all.cols())};
}

// out = in / root mean square * weight, by row; scale: 1 / root mean square.
void norm(const Matrix& in, const Vector& weight, double epsilon, Matrix& out, Vector& scale) {
  const auto columns = static_cast<float>(in.cols());
  scale = ((in.rowwise().squaredNorm() / columns).array() + static_cast<float>(epsilon))
              .sqrt()
              .inverse()
              .matrix();
  out = (in.array().colwise() * scale.array()).rowwise() * weight.transpose().array();
}

// The gradient of `in` is added to `change_in`.
void norm_backward(const Matrix& in, const Vector& weight, const Vector& scale, const Matrix& change_out,
                   Matrix& change_in, Vector& change_weight) {
  const Matrix unit = in.array().colwise() * scale.array();
  change_weight += (change_out.array() * unit.array()).colwise().sum().matrix().transpose();
  const Matrix change_unit = change_out.array().rowwise() * weight.transpose().array();
  const Vector along = (change_unit.array() * unit.array()).rowwise().mean();
  change_in.array() +=
      (change_unit.array() - unit.array().colwise() * along.array()).colwise() * scale.array();
}

float sigmoid(float x) { return exact::sigmoid(x); }

}  // namespace

Matrix Network::rows_from(const Matrix& all, std::size_t from) const {
  if (from == 0) return all;
  const std::size_t rows = length_ - from;
  Matrix out(at(sequences_ * rows), all.cols());
  for (std::size_t i = 0; i < sequences_; ++i)
    out.middleRows(at(i * rows), at(rows)) = all.middleRows(at(i * length_ + from), at(rows));
  return out;
}

// Rotary positions: each head's halves are turned against each other by the position's angles.
void Network::turn(const model::Configuration& shape, std::size_t from, double direction,
                   Matrix& heads) const {
  const std::size_t half = shape.head_width / 2;
  const std::size_t count = static_cast<std::size_t>(heads.cols()) / shape.head_width;
  const std::size_t rows = length_ - from;
  for (Index row = 0; row < heads.rows(); ++row) {
    const Index position = at(from + static_cast<std::size_t>(row) % rows);
    for (std::size_t head = 0; head < count; ++head) {
      float* first = &heads(row, at(head * shape.head_width));
      float* second = first + half;
      for (std::size_t i = 0; i < half; ++i) {
        const float cosine = cosines_(position, at(i));
        const float sine = static_cast<float>(direction) * sines_(position, at(i));
        const float a = first[i], b = second[i];
        first[i] = a * cosine - b * sine;
        second[i] = b * cosine + a * sine;
      }
    }
  }
}

// Causal attention; queries stand at the places from pass.from on.
void Network::attend(const model::Configuration& shape, Pass& pass) {
  const std::size_t width = shape.head_width, rows = length_ - pass.from;
  const std::size_t shared = shape.heads / shape.key_value_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  pass.attended.resize(pass.query.rows(), pass.query.cols());
  pass.attention.resize(sequences_ * shape.heads);
  for (std::size_t i = 0; i < sequences_; ++i) {
    for (std::size_t head = 0; head < shape.heads; ++head) {
      const auto query = head_of(std::as_const(pass.query), i * rows, rows, head, width);
      const auto key = head_of(std::as_const(pass.key), i * length_, length_, head / shared, width);
      const auto value = head_of(std::as_const(pass.value), i * length_, length_, head / shared, width);
      Matrix& share = pass.attention[i * shape.heads + head];
      share.noalias() = query * key.transpose() * scale;
      for (std::size_t row = 0; row < rows; ++row) {
        const Index seen = at(pass.from + row + 1);
        auto weights = share.row(at(row)).head(seen);
        const float largest = weights.maxCoeff();
        for (Index k = 0; k < seen; ++k) weights(k) = exact::exp(weights(k) - largest);
        weights /= weights.sum();
        share.row(at(row)).tail(share.cols() - seen).setZero();
      }
      head_of(pass.attended, i * rows, rows, head, width).noalias() = share * value;
    }
  }
}

void Network::attend_backward(const model::Configuration& shape, const Pass& pass, const Matrix& change,
                              Matrix& query, Matrix& key, Matrix& value) const {
  const std::size_t width = shape.head_width, rows = length_ - pass.from;
  const std::size_t shared = shape.heads / shape.key_value_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  query.setZero(pass.query.rows(), pass.query.cols());
  key.setZero(pass.key.rows(), pass.key.cols());
  value.setZero(pass.value.rows(), pass.value.cols());
  Matrix of_share, of_score;
  for (std::size_t i = 0; i < sequences_; ++i) {
    for (std::size_t head = 0; head < shape.heads; ++head) {
      const Matrix& share = pass.attention[i * shape.heads + head];
      const auto out = head_of(change, i * rows, rows, head, width);
      const auto keys = head_of(pass.key, i * length_, length_, head / shared, width);
      const auto values = head_of(pass.value, i * length_, length_, head / shared, width);
      const auto queries = head_of(pass.query, i * rows, rows, head, width);
      head_of(value, i * length_, length_, head / shared, width).noalias() += share.transpose() * out;
      of_share.noalias() = out * values.transpose();
      const Vector mean = (of_share.array() * share.array()).rowwise().sum();
      of_score = share.array() * (of_share.array().colwise() - mean.array()) * scale;
      head_of(query, i * rows, rows, head, width).noalias() += of_score * keys;
      head_of(key, i * length_, length_, head / shared, width).noalias() += of_score.transpose() * queries;
    }
  }
}

void Network::forward_layer(const Weights& weights, std::size_t number, const Matrix& in, Matrix& out) {
  const model::Configuration& shape = weights.configuration;
  const model::Layer& layer = weights.layers[number];
  Pass& pass = passes_[number];
  pass.in = in;
  norm(in, layer.input_norm, shape.norm_epsilon, pass.normed, pass.in_scale);
  pass.query.noalias() = rows_from(pass.normed, pass.from) * layer.query.transpose();
  pass.key.noalias() = pass.normed * layer.key.transpose();
  pass.value.noalias() = pass.normed * layer.value.transpose();
  turn(shape, pass.from, 1, pass.query);
  turn(shape, 0, 1, pass.key);
  attend(shape, pass);
  pass.middle = rows_from(in, pass.from);
  pass.middle.noalias() += pass.attended * layer.output.transpose();
  norm(pass.middle, layer.attention_norm, shape.norm_epsilon, pass.middle_normed, pass.middle_scale);
  pass.gate.noalias() = pass.middle_normed * layer.gate.transpose();
  pass.up.noalias() = pass.middle_normed * layer.up.transpose();
  pass.inner = pass.gate.array() * pass.gate.unaryExpr(&sigmoid).array() * pass.up.array();
  out = pass.middle;
  out.noalias() += pass.inner * layer.down.transpose();
}

void Network::backward_layer(const Weights& weights, std::size_t number, Matrix& change, Weights& gradient) {
  const model::Configuration& shape = weights.configuration;
  const model::Layer& layer = weights.layers[number];
  model::Layer& of = gradient.layers[number];
  const Pass& pass = passes_[number];

  of.down.noalias() += change.transpose() * pass.inner;
  const Matrix inner = change * layer.down;
  const Matrix sigmoids = pass.gate.unaryExpr(&sigmoid);
  const Matrix up = inner.array() * pass.gate.array() * sigmoids.array();
  const Matrix gate =
      inner.array() * pass.up.array() * sigmoids.array() * (1 + pass.gate.array() * (1 - sigmoids.array()));
  of.gate.noalias() += gate.transpose() * pass.middle_normed;
  of.up.noalias() += up.transpose() * pass.middle_normed;
  Matrix normed = gate * layer.gate;
  normed.noalias() += up * layer.up;
  norm_backward(pass.middle, layer.attention_norm, pass.middle_scale, normed, change, of.attention_norm);

  of.output.noalias() += change.transpose() * pass.attended;
  const Matrix attended = change * layer.output;
  Matrix query, key, value;
  attend_backward(shape, pass, attended, query, key, value);
  turn(shape, pass.from, -1, query);
  turn(shape, 0, -1, key);
  of.query.noalias() += query.transpose() * rows_from(pass.normed, pass.from);
  of.key.noalias() += key.transpose() * pass.normed;
  of.value.noalias() += value.transpose() * pass.normed;
  normed.noalias() = key * layer.key;
  normed.noalias() += value * layer.value;
  const Matrix from_query = query * layer.query;
  Matrix whole = Matrix::Zero(pass.in.rows(), pass.in.cols());
  const std::size_t rows = length_ - pass.from;
  for (std::size_t i = 0; i < sequences_; ++i) {
    normed.middleRows(at(i * length_ + pass.from), at(rows)) += from_query.middleRows(at(i * rows), at(rows));
    whole.middleRows(at(i * length_ + pass.from), at(rows)) = change.middleRows(at(i * rows), at(rows));
  }
  norm_backward(pass.in, layer.input_norm, pass.in_scale, normed, whole, of.input_norm);
  change = std::move(whole);
}

void Network::forward(const Weights& weights, const Batch& batch) {
  const model::Configuration& shape = weights.configuration;
  CHECK(batch.tokens.size() == batch.sequences * batch.length && batch.answers <= batch.length &&
            batch.length <= shape.context,
        "a batch of ", batch.sequences, " by ", batch.length);
  sequences_ = batch.sequences;
  length_ = batch.length;
  if (cosines_.rows() != at(shape.context) || cosines_.cols() != at(shape.head_width / 2)) {
    cosines_.resize(at(shape.context), at(shape.head_width / 2));
    sines_ = cosines_;
    for (Index i = 0; i < cosines_.cols(); ++i) {
      const double share = 2 * static_cast<double>(i) / shape.head_width;
      const double frequency = exact::exp(-share * exact::log(shape.rotary_base));
      for (Index position = 0; position < cosines_.rows(); ++position) {
        cosines_(position, i) = static_cast<float>(exact::cos(static_cast<double>(position) * frequency));
        sines_(position, i) = static_cast<float>(exact::sin(static_cast<double>(position) * frequency));
      }
    }
  }
  Matrix state(at(batch.tokens.size()), at(shape.width));
  for (std::size_t i = 0; i < batch.tokens.size(); ++i)
    state.row(at(i)) = weights.embedding.row(batch.tokens[i]);
  passes_.resize(shape.layers);
  Matrix next;
  for (std::size_t i = 0; i < shape.layers; ++i) {
    passes_[i].from = i + 1 == shape.layers ? length_ - batch.answers : 0;
    forward_layer(weights, i, state, next);
    std::swap(state, next);
  }
  last_ = std::move(state);
  norm(last_, weights.final_norm, shape.norm_epsilon, last_normed_, last_scale_);
  const Matrix& output = shape.tied_output ? weights.embedding : weights.output;
  logits_.noalias() = last_normed_ * output.middleRows(batch.first, batch.targets.cols()).transpose();
}

double Network::cross_entropy(const Batch& batch) const {
  double sum = 0;
  for (Index row = 0; row < logits_.rows(); ++row) {
    const double largest = logits_.row(row).maxCoeff();
    double weights = 0, meant = 0, mass = 0;
    for (Index k = 0; k < logits_.cols(); ++k) {
      const double above = static_cast<double>(logits_(row, k)) - largest;
      weights += exact::exp(above);
      meant += static_cast<double>(batch.targets(row, k)) * above;
      mass += static_cast<double>(batch.targets(row, k));
    }
    sum += mass * exact::log(weights) - meant;
  }
  return sum / static_cast<double>(logits_.rows());
}

void Network::backward(const Weights& weights, const Batch& batch, Weights& gradient) {
  const model::Configuration& shape = weights.configuration;
  Matrix of_logits = logits_;
  for (Index row = 0; row < of_logits.rows(); ++row) {
    auto line = of_logits.row(row);
    const float largest = line.maxCoeff();
    for (Index k = 0; k < line.cols(); ++k) line(k) = exact::exp(line(k) - largest);
    line *= batch.targets.row(row).sum() / line.sum();
  }
  of_logits = (of_logits - batch.targets) / static_cast<float>(of_logits.rows());
  const Index candidates = batch.targets.cols();
  const Matrix& output = shape.tied_output ? weights.embedding : weights.output;
  Matrix& of_output = shape.tied_output ? gradient.embedding : gradient.output;
  of_output.middleRows(batch.first, candidates).noalias() += of_logits.transpose() * last_normed_;
  const Matrix normed = of_logits * output.middleRows(batch.first, candidates);
  Matrix change = Matrix::Zero(last_.rows(), last_.cols());
  norm_backward(last_, weights.final_norm, last_scale_, normed, change, gradient.final_norm);
  for (std::size_t i = shape.layers; i-- > 0;) backward_layer(weights, i, change, gradient);
  for (std::size_t i = 0; i < batch.tokens.size(); ++i)
    gradient.embedding.row(batch.tokens[i]) += change.row(at(i));
}

double Network::loss(const Weights& weights, const Batch& batch) {
  forward(weights, batch);
  return cross_entropy(batch);
}

double Network::loss_and_gradient(const Weights& weights, const Batch& batch, Weights& gradient) {
  const double found = loss(weights, batch);
  backward(weights, batch, gradient);
  return found;
}

}  // namespace lockstep::cloud
