// Batches, fresh weights, the loop's one step.
#include "hub/cloud/trainer.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/exact_math.h"
#include "base/prng.h"
#include "base/text.h"
#include "hub/cloud/bits.h"

namespace lockstep::cloud {
namespace {

constexpr Purpose kFresh{"cloud.trainer.fresh"};
constexpr Purpose kLength{"cloud.trainer.length"};
constexpr Purpose kChoice{"cloud.trainer.choice"};

constexpr std::size_t kEvaluationBatch = 128;

// Mean 0, deviation 1: the sum of four uniform draws (Irwin-Hall), one per 16 bits.
double bell(std::uint64_t bits) {
  double sum = 0;
  for (int part = 0; part < 4; ++part) sum += static_cast<double>((bits >> (16 * part)) & 0xffff) * 0x1p-16;
  return (sum - 2) * 1.7320508075688772;
}

// Ordered tokens: the vector of the one at `share` of the way is a mixture of waves, slow ones first.
void smooth(model::Matrix& embedding, Token first, std::uint32_t count, double size, std::uint64_t seed) {
  constexpr int kWaves = 6;
  for (Eigen::Index column = 0; column < embedding.cols(); ++column) {
    const auto object = first * 4096ull + static_cast<std::uint64_t>(column);
    for (std::uint32_t i = 0; i < count; ++i) {
      const double share = (i + 0.5) / count;
      double value = 0;
      for (int wave = 1; wave <= kWaves; ++wave) {
        const auto ordinal = static_cast<std::uint64_t>(2 * wave);
        const double height = bell(draw(seed, kFresh, object, ordinal)) / wave;
        const double phase = bell(draw(seed, kFresh, object, ordinal + 1)) * 3;
        value += height * exact::sin(3.141592653589793 * share * wave + phase);
      }
      embedding(first + i, column) = static_cast<float>(size * value);
    }
  }
}

// ---- saved trainings

void save_shape(const model::Configuration& shape, ByteWriter& out) {
  for (const std::uint32_t number :
       {shape.vocabulary, shape.width, shape.layers, shape.heads, shape.key_value_heads, shape.head_width,
        shape.inner_width, shape.context})
    out.u32(number);
  write_bits(out, shape.rotary_base);
  write_bits(out, shape.norm_epsilon);
  out.u8(shape.tied_output ? 1 : 0);
}

Result<model::Configuration> restore_shape(ByteReader& in) {
  model::Configuration out;
  for (std::uint32_t* number : {&out.vocabulary, &out.width, &out.layers, &out.heads, &out.key_value_heads,
                                &out.head_width, &out.inner_width, &out.context}) {
    LOCKSTEP_TRY(found, in.u32());
    *number = found;
  }
  LOCKSTEP_TRY_STATUS(read_bits(in, out.rotary_base));
  LOCKSTEP_TRY_STATUS(read_bits(in, out.norm_epsilon));
  LOCKSTEP_TRY(tied, in.u8());
  out.tied_output = tied != 0;
  if (const Status fine = model::check_configuration(out); !fine)
    return fail(ErrorCode::kCorrupt, fine.error().message);
  return out;
}

void save_example(const Example& example, ByteWriter& out) {
  out.varint(example.prompt.size());
  for (const hub::Token token : example.prompt) out.varint(token);
  out.varint(example.steps.size());
  for (const double step : example.steps) write_bits(out, step);
}

Result<Example> restore_example(ByteReader& in) {
  Example out;
  LOCKSTEP_TRY(tokens, in.varint());
  for (std::uint64_t i = 0; i < tokens; ++i) {
    LOCKSTEP_TRY(token, in.varint());
    if (token >= hub::kVocabulary)
      return fail(ErrorCode::kCorrupt, cat("expected a token below ", hub::kVocabulary, ", found ", token));
    out.prompt.push_back(static_cast<hub::Token>(token));
  }
  LOCKSTEP_TRY(steps, in.varint());
  for (std::uint64_t i = 0; i < steps; ++i) LOCKSTEP_TRY_STATUS(read_bits(in, out.steps.emplace_back()));
  return out;
}

}  // namespace

model::Configuration default_configuration() {
  return {.vocabulary = hub::kVocabulary,
          .width = 48,
          .layers = 2,
          .heads = 4,
          .key_value_heads = 2,
          .head_width = 12,
          .inner_width = 96,
          .context = static_cast<std::uint32_t>(hub::kMaxSequenceTokens),
          .rotary_base = 1000,
          .norm_epsilon = 1e-5,
          .tied_output = true};
}

model::Weights fresh_weights(const model::Configuration& configuration, std::uint64_t seed) {
  model::Weights out = make_weights(configuration);
  std::uint64_t object = 0;
  for (const model::NamedTensor& tensor : tensors(out)) {
    ++object;
    if (tensor.shape.size() < 2) continue;  // norms begin as 1
    double size = 1 / std::sqrt(static_cast<double>(tensor.shape[1]));
    // What is added to the running state grows with the layers, else.
    if (tensor.name.ends_with("o_proj.weight") || tensor.name.ends_with("down_proj.weight"))
      size /= std::sqrt(2.0 * configuration.layers);
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values[i] = static_cast<float>(size * bell(draw(seed, kFresh, object, i)));
  }
  const double size = 1 / std::sqrt(static_cast<double>(configuration.width));
  smooth(out.embedding, hub::kFirstErrorBin, hub::kErrorBins, size, seed);
  for (std::uint32_t signal = 0; signal < hub::kMaxSignals; ++signal)
    smooth(out.embedding, hub::kFirstValueBin + signal * hub::kBins, hub::kBins, size, seed);
  smooth(out.embedding, hub::kFirstSetPointBin, hub::kBins, size, seed);
  smooth(out.embedding, hub::kFirstCommandBin, hub::kBins, size, seed);
  smooth(out.embedding, hub::kFirstLevel, hub::kLevels, size, seed);
  return out;
}

Batch make_batch(const std::vector<const Example*>& examples) {
  CHECK(!examples.empty(), "a batch of nothing");
  Batch out;
  out.sequences = examples.size();
  out.answers = examples[0]->steps.size();
  out.length = examples[0]->prompt.size() + out.answers - 1;
  out.first = hub::kFirstLevel;
  out.targets.setZero(static_cast<Eigen::Index>(out.sequences * out.answers), hub::kLevels);
  Eigen::Index row = 0;
  for (const Example* example : examples) {
    CHECK(example->prompt.size() + out.answers - 1 == out.length && example->steps.size() == out.answers,
          "sequences of several lengths in one batch");
    out.tokens.insert(out.tokens.end(), example->prompt.begin(), example->prompt.end());
    for (std::size_t i = 0; i < out.answers; ++i, ++row) {
      if (i + 1 < out.answers) out.tokens.push_back(hub::to_level(example->steps[i]));
      const hub::SoftLevel soft = hub::soft_level(example->steps[i]);
      const auto below = static_cast<Eigen::Index>(soft.below - hub::kFirstLevel);
      out.targets(row, below) = static_cast<float>(1 - soft.above);
      out.targets(row, below + 1) = static_cast<float>(soft.above);
    }
  }
  return out;
}

Trainer::Trainer(model::Weights weights, const TrainingSettings& settings)
    : weights_(std::move(weights)),
      gradient_(make_weights(weights_.configuration)),
      settings_(settings),
      adam_(weights_) {
  for (const model::NamedTensor& tensor : tensors(gradient_)) std::ranges::fill(tensor.values, 0.0f);
}

void Trainer::add(std::vector<Example> examples) {
  count_ += examples.size();
  for (Example& example : examples) by_lengths_[lengths_of(example)].push_back(std::move(example));
}

double Trainer::rate() const {
  const double share = static_cast<double>(done_) / static_cast<double>(settings_.steps);
  constexpr double kWarmUp = 0.03;
  if (share < kWarmUp) return settings_.rate * (share + 0.001) / kWarmUp;
  return settings_.rate * (0.51 + 0.49 * exact::cos(3.141592653589793 * (share - kWarmUp) / (1 - kWarmUp)));
}

double Trainer::step() {
  CHECK(count_ > 0 && !finished(), "nothing to learn, or from");
  // Every example is as likely as every other.
  std::uint64_t place = below(draw(settings_.seed, kLength, 0, done_), count_);
  auto group = by_lengths_.begin();
  for (; place >= group->second.size(); ++group) place -= group->second.size();
  std::vector<const Example*> chosen;
  for (std::size_t i = 0; i < settings_.batch; ++i) {
    const std::uint64_t bits = draw(settings_.seed, kChoice, done_, i);
    chosen.push_back(&group->second[below(bits, group->second.size())]);
  }
  const double loss = network_.loss_and_gradient(weights_, make_batch(chosen), gradient_);
  adam_.step(weights_, gradient_, rate());
  ++done_;
  return loss;
}

// Examples in the order of their groups: added again in this order they stand at the same places.
void Trainer::save(ByteWriter& out) const {
  save_shape(weights_.configuration, out);
  for (const model::ConstNamedTensor& tensor : tensors(weights_))
    for (const float value : tensor.values) write_bits(out, value);
  adam_.save(out);
  out.u64(done_).u64(count_);
  for (const auto& [lengths, examples] : by_lengths_)
    for (const Example& example : examples) save_example(example, out);
}

Result<Trainer> Trainer::restore(ByteReader& in, const TrainingSettings& settings) {
  LOCKSTEP_TRY(shape, restore_shape(in));
  model::Weights weights = model::make_weights(shape);
  for (const model::NamedTensor& tensor : tensors(weights))
    for (float& value : tensor.values) LOCKSTEP_TRY_STATUS(read_bits(in, value));
  Trainer out(std::move(weights), settings);
  LOCKSTEP_TRY_STATUS(out.adam_.restore(in));
  LOCKSTEP_TRY(done, in.u64());
  LOCKSTEP_TRY(count, in.u64());
  if (done > settings.steps)
    return fail(ErrorCode::kCorrupt, cat("expected at most ", settings.steps, " steps, found ", done));
  out.done_ = done;
  std::vector<Example> examples;
  for (std::uint64_t i = 0; i < count; ++i) {
    LOCKSTEP_TRY(example, restore_example(in));
    examples.push_back(std::move(example));
  }
  out.add(std::move(examples));
  return out;
}

double Trainer::loss_of(const std::vector<Example>& examples) {
  std::map<Lengths, std::vector<const Example*>> groups;
  for (const Example& example : examples) groups[lengths_of(example)].push_back(&example);
  double sum = 0;
  double answers = 0;
  for (const auto& [lengths, group] : groups) {
    for (std::size_t first = 0; first < group.size(); first += kEvaluationBatch) {
      const std::size_t end = std::min(group.size(), first + kEvaluationBatch);
      const Batch batch = make_batch({group.begin() + static_cast<std::ptrdiff_t>(first),
                                      group.begin() + static_cast<std::ptrdiff_t>(end)});
      const auto count = static_cast<double>(batch.sequences * batch.answers);
      sum += network_.loss(weights_, batch) * count;
      answers += count;
    }
  }
  return answers > 0 ? sum / answers : 0;
}

}  // namespace lockstep::cloud
