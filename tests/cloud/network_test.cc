// The way back against the way there: every tensor's gradient is what small changes of it do to the loss.
#include "hub/cloud/network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/prng.h"
#include "base/text.h"
#include "hub/cloud/trainer.h"

namespace lockstep::cloud {
namespace {

constexpr Purpose kTest{"cloud.network_test"};

model::Configuration small(bool tied) {
  return {.vocabulary = 30,
          .width = 12,
          .layers = 2,
          .heads = 4,
          .key_value_heads = 2,
          .head_width = 4,
          .inner_width = 10,
          .context = 9,
          .rotary_base = 100,
          .norm_epsilon = 1e-5,
          .tied_output = tied};
}

Weights drawn_weights(const model::Configuration& shape) {
  Weights out = make_weights(shape);
  std::uint64_t object = 0;
  for (const model::NamedTensor& tensor : tensors(out)) {
    ++object;
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const double uniform = static_cast<double>(draw(5, kTest, object, i) >> 11) * 0x1p-53 - 0.5;
      tensor.values[i] = static_cast<float>(tensor.shape.size() == 1 ? 1 + 0.5 * uniform : uniform);
    }
  }
  return out;
}

Batch drawn_batch() {
  Batch out{.sequences = 3, .length = 7, .answers = 2, .tokens = {}, .first = 20, .targets = {}};
  for (std::uint64_t i = 0; i < 21; ++i)
    out.tokens.push_back(static_cast<Token>(below(draw(6, kTest, 0, i), 30)));
  out.targets.setZero(6, 10);
  for (int row = 0; row < 6; ++row) {
    out.targets(row, row) = 0.75f;
    out.targets(row, row + 1) = 0.25f;
  }
  return out;
}

Weights zeros(const model::Configuration& shape) {
  Weights out = make_weights(shape);
  for (const model::NamedTensor& tensor : tensors(out)) std::ranges::fill(tensor.values, 0.0f);
  return out;
}

// The slope of the loss along a direction in one tensor, by central difference.
double slope(const Weights& weights, const Batch& batch, std::size_t tensor,
             const std::vector<float>& direction) {
  Network network;
  const auto moved = [&](float by) {
    Weights other = weights;
    const std::span<float> values = tensors(other)[tensor].values;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += by * direction[i];
    return network.loss(other, batch);
  };
  constexpr float kStep = 4e-3f;
  return (moved(kStep) - moved(-kStep)) / (2 * static_cast<double>(kStep));
}

class Gradient : public testing::TestWithParam<bool> {};

TEST_P(Gradient, is_what_small_changes_do) {
  const Weights weights = drawn_weights(small(GetParam()));
  const Batch batch = drawn_batch();
  Weights gradient = zeros(weights.configuration);
  Network network;
  network.loss_and_gradient(weights, batch, gradient);
  const std::vector<model::NamedTensor> of = tensors(gradient);
  for (std::size_t i = 0; i < of.size(); ++i) {
    // Along the gradient itself, which finds missing and wrong parts, and along drawn directions.
    for (std::uint64_t trial = 0; trial < 4; ++trial) {
      std::vector<float> direction(of[i].values.begin(), of[i].values.end());
      double length = 0;
      if (trial > 0)
        for (std::size_t k = 0; k < direction.size(); ++k)
          direction[k] = static_cast<float>(draw(7, kTest, i * 8 + trial, k) >> 40) * 0x1p-24f - 0.5f;
      for (const float x : direction) length += static_cast<double>(x) * static_cast<double>(x);
      ASSERT_GT(length, 1e-12) << of[i].name << " has no gradient";
      double expected = 0;
      for (std::size_t k = 0; k < direction.size(); ++k) {
        direction[k] /= static_cast<float>(std::sqrt(length));
        expected += static_cast<double>(direction[k]) * static_cast<double>(of[i].values[k]);
      }
      EXPECT_NEAR(slope(weights, batch, i, direction), expected, 2e-3 + 0.01 * std::abs(expected))
          << of[i].name << " trial " << trial;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Output, Gradient, testing::Values(false, true),
                         [](const auto& tied) { return std::string(tied.param ? "tied" : "untied"); });

TEST(Network, adds_to_the_gradient_and_repeats_itself) {
  const Weights weights = drawn_weights(small(true));
  const Batch batch = drawn_batch();
  Weights once = zeros(weights.configuration), twice = zeros(weights.configuration);
  Network first, second;
  const double loss = first.loss_and_gradient(weights, batch, once);
  EXPECT_EQ(second.loss_and_gradient(weights, batch, twice), loss);
  EXPECT_EQ(once.embedding, twice.embedding);
  second.loss_and_gradient(weights, batch, twice);
  EXPECT_LT((twice.embedding - 2 * once.embedding).norm(), 1e-5 * once.embedding.norm());
}

Example example(std::uint64_t number) {
  // The rule to learn: the step says how far the last token is from the middle of the levels.
  const double step = -0.9 + 1.8 * static_cast<double>(below(draw(8, kTest, 1, number), 33)) / 32;
  std::vector<hub::Token> prompt = {hub::kBegin, static_cast<hub::Token>(hub::kFirstErrorBin + number % 64),
                                    0, hub::kDecide};
  prompt[2] = hub::kFirstErrorBin + static_cast<hub::Token>((step + 1) * 63);
  return {.prompt = std::move(prompt), .steps = {step, -step}};
}

TEST(Trainer, learns_a_rule_that_it_was_not_told) {
  std::vector<Example> examples, held_out;
  for (std::uint64_t i = 0; i < 400; ++i) (i % 5 == 0 ? held_out : examples).push_back(example(i));
  Trainer trainer(fresh_weights(default_configuration(), 3),
                  {.seed = 3, .steps = 250, .batch = 16, .rate = 3e-3});
  trainer.add(examples);
  const double before = trainer.loss_of(held_out);
  while (!trainer.finished()) trainer.step();
  EXPECT_NEAR(before, std::log(65), 1.5);
  EXPECT_LT(trainer.loss_of(held_out), 1.2);

  // What is then expected is the step, for both answers.
  Network network;
  const Batch batch = make_batch({&held_out[3]});
  network.loss(trainer.weights(), batch);
  std::vector<float> logits(hub::kVocabulary);
  for (int answer = 0; answer < 2; ++answer) {
    for (std::uint32_t k = 0; k < hub::kLevels; ++k)
      logits[hub::kFirstLevel + k] = network.logits()(answer, k);
    EXPECT_NEAR(hub::mean_step(logits), held_out[3].steps[static_cast<std::size_t>(answer)], 0.12);
  }
}

TEST(Trainer, gives_the_same_model_for_the_same_seed) {
  const auto trained = [](std::uint64_t seed) {
    Trainer trainer(fresh_weights(default_configuration(), seed),
                    {.seed = seed, .steps = 5, .batch = 4, .rate = 1e-3});
    std::vector<Example> examples;
    for (std::uint64_t i = 0; i < 50; ++i) examples.push_back(example(i));
    trainer.add(examples);
    while (!trainer.finished()) trainer.step();
    return trainer.weights().embedding;
  };
  EXPECT_EQ(trained(1), trained(1));
  EXPECT_NE(trained(1), trained(2));
}

}  // namespace
}  // namespace lockstep::cloud
