// Tensors have LLaMA's names and shapes; configurations that no node could hold are refused.
#include "hub/model/weights.h"

#include <gtest/gtest.h>

namespace lockstep::model {
namespace {

Configuration small() {
  return {.vocabulary = 10,
          .width = 8,
          .layers = 2,
          .heads = 4,
          .key_value_heads = 2,
          .head_width = 2,
          .inner_width = 12,
          .context = 16,
          .tied_output = false};
}

TEST(Weights, EveryTensorHasItsNameAndShape) {
  const Weights weights = make_weights(small());
  const auto all = tensors(weights);
  ASSERT_EQ(all.size(), 1 + 2 * 9 + 2);
  EXPECT_EQ(all[0].name, "model.embed_tokens.weight");
  EXPECT_EQ(all[0].shape, (std::vector<std::uint64_t>{10, 8}));
  EXPECT_EQ(all[11].name, "model.layers.1.self_attn.q_proj.weight");
  EXPECT_EQ(all[12].name, "model.layers.1.self_attn.k_proj.weight");
  EXPECT_EQ(all[12].shape, (std::vector<std::uint64_t>{4, 8}));
  EXPECT_EQ(all[18].name, "model.layers.1.mlp.down_proj.weight");
  EXPECT_EQ(all[18].shape, (std::vector<std::uint64_t>{8, 12}));
  EXPECT_EQ(all[19].name, "model.norm.weight");
  EXPECT_EQ(all[19].values[0], 1);
  EXPECT_EQ(all[20].name, "lm_head.weight");
  std::uint64_t parameters = 0;
  for (const auto& tensor : all) parameters += tensor.values.size();
  EXPECT_EQ(parameters, count_parameters(small()));
}

TEST(Weights, ATiedOutputHasNoTensor) {
  Configuration tied = small();
  tied.tied_output = true;
  const Weights weights = make_weights(tied);
  EXPECT_EQ(tensors(weights).back().name, "model.norm.weight");
  EXPECT_EQ(count_parameters(small()) - count_parameters(tied), 80);
}

std::string refusal(void (*change)(Configuration&)) {
  Configuration configuration = small();
  change(configuration);
  const Status status = check_configuration(configuration);
  return status ? "accepted" : status.error().message;
}

TEST(Weights, ConfigurationsThatCannotBeAreRefused) {
  EXPECT_EQ(refusal([](Configuration&) {}), "accepted");
  EXPECT_EQ(refusal([](Configuration& c) { c.layers = 0; }), "num_hidden_layers: expected 1 to 64, found 0");
  EXPECT_EQ(refusal([](Configuration& c) { c.key_value_heads = 3; }),
            "num_key_value_heads: expected a divisor of num_attention_heads (4), found 3");
  EXPECT_EQ(refusal([](Configuration& c) { c.head_width = 3; }),
            "head_dim: expected an even number, found 3");
  EXPECT_EQ(refusal([](Configuration& c) { c.rotary_base = 1; }),
            "rope_theta: expected above 1 to 1e9, found 1");
  EXPECT_EQ(refusal([](Configuration& c) { c.norm_epsilon = 0; }),
            "rms_norm_eps: expected 1e-12 to 1, found 0");
  EXPECT_EQ(refusal([](Configuration& c) { c.vocabulary = 65536, c.width = 4096; }),
            "expected at most 16777216 parameters, found 537382912");
  EXPECT_EQ(refusal([](Configuration& c) { c.context = 16384, c.key_value_heads = 4, c.head_width = 512; }),
            "expected at most 16777216 cached numbers (2 * layers * positions * key and value width), found "
            "134217728");
}

}  // namespace
}  // namespace lockstep::model
