// A model file is taken as a whole or refused with the reason.
#include "hub/model/model_file.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/hub_model/examples.h"

namespace lockstep::model {
namespace {

constexpr Configuration kTiny{.vocabulary = 11,
                              .width = 6,
                              .layers = 1,
                              .heads = 2,
                              .key_value_heads = 1,
                              .head_width = 4,
                              .inner_width = 5,
                              .context = 12,
                              .tied_output = false};
const std::vector<Token> kPrompt{1, 10, 3};

Bytes tiny_file(NumberType type = NumberType::kF32) {
  auto file = write_model(drawn_weights(kTiny, 5), {"test", "for people"}, type, kPrompt, 4);
  EXPECT_TRUE(file.has_value()) << file.error().message;
  return *file;
}

// The file with another header: `from` in it becomes `to`.
Bytes changed(std::string_view from, std::string_view to) {
  const Bytes file = tiny_file();
  const std::uint64_t length = *ByteReader(file).u64();
  std::string header = file.substr(8, length);
  const std::size_t place = header.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  header.replace(place, from.size(), to);
  Bytes out;
  ByteWriter(out).u64(header.size()).raw(header).raw(BytesView(file).substr(8 + length));
  return out;
}

std::string refusal(BytesView file) {
  const auto model = read_model(file);
  if (!model) return model.error().message;
  const Status status = check_self_test(*model);
  return status ? "accepted" : status.error().message;
}

TEST(ModelFile, IsReadAsItWasWritten) {
  const Weights weights = drawn_weights(kTiny, 5);
  for (const NumberType type : {NumberType::kF32, NumberType::kF16, NumberType::kBF16}) {
    const auto model = read_model(tiny_file(type));
    ASSERT_TRUE(model.has_value()) << model.error().message;
    EXPECT_EQ(model->weights.configuration, kTiny);
    EXPECT_EQ(model->language, "test");
    EXPECT_EQ(model->note, "for people");
    EXPECT_EQ(model->self_test.prompt, kPrompt);
    EXPECT_EQ(model->self_test.expected.size(), 4u);
    const auto wanted = tensors(weights);
    const auto found = tensors(std::as_const(model->weights));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      for (std::size_t n = 0; n < wanted[i].values.size(); ++n)
        ASSERT_EQ(found[i].values[n], round_to(type, wanted[i].values[n])) << wanted[i].name;
    }
    EXPECT_TRUE(check_self_test(*model));
    EXPECT_EQ(tiny_file(type), tiny_file(type));
  }
}

TEST(ModelFile, TruncatedAnywhereItIsRefused) {
  const Bytes file = tiny_file();
  for (std::size_t size = 0; size < file.size(); size += size < 1200 ? 1 : 7)
    ASSERT_NE(refusal(BytesView(file).substr(0, size)), "accepted") << size;
  EXPECT_EQ(refusal(file + "x"), "safetensors: expected no bytes behind the last tensor, found 1");
}

TEST(ModelFile, AChangedBitOfAWeightFailsTheSelfTest) {
  const Bytes file = tiny_file();
  const std::uint64_t length = *ByteReader(file).u64();
  // Of the output's last row: it changes a logit and no answer.
  Bytes damaged = file;
  damaged[8 + length + (file.size() - 8 - length) - 4] ^= 0x10;
  EXPECT_TRUE(refusal(damaged).starts_with("model: self-test: expected logits of hash ")) << refusal(damaged);
}

TEST(ModelFile, MetadataThatIsWrongIsRefused) {
  EXPECT_EQ(refusal(changed("lockstep-model-1", "lockstep-model-9")),
            "model: expected format lockstep-model-1, found \"lockstep-model-9\"");
  EXPECT_EQ(refusal(changed("\"format\"", "\"formal\"")), "model: expected 'format' in __metadata__");
  EXPECT_EQ(refusal(changed("\"head_dim\":\"4\"", "\"head_dim\":\"4x\"")),
            "model: 'head_dim': expected a number, found \"4x\"");
  EXPECT_EQ(refusal(changed("\"head_dim\":\"4\"", "\"head_dim\":\"3\"")),
            "model: head_dim: expected an even number, found 3");
  EXPECT_EQ(refusal(changed("\"vocab_size\":\"11\"", "\"vocab_size\":\"99999999999\"")),
            "model: 'vocab_size': expected a number, found \"99999999999\"");
  EXPECT_EQ(refusal(changed("\"vocab_size\":\"11\"", "\"vocab_size\":\"65536\"")),
            cat("model: expected 786684 parameters, the file has ", changed("\"11\"", "\"65536\"").size(),
                " bytes"));
  EXPECT_EQ(refusal(changed("\"tie_word_embeddings\":\"false\"", "\"tie_word_embeddings\":\"no\"")),
            "model: 'tie_word_embeddings': expected true or false, found \"no\"");
  EXPECT_EQ(refusal(changed("\"rope_theta\":\"10000\"", "\"rope_theta\":\"nan\"")),
            "model: rope_theta: expected above 1 to 1e9, found nan");
}

TEST(ModelFile, TensorsThatDoNotFitTheConfigurationAreRefused) {
  EXPECT_EQ(refusal(changed("model.norm.weight", "model.norm.weighs")),
            "model: expected tensor 'model.norm.weight'");
  EXPECT_EQ(refusal(changed("\"tie_word_embeddings\":\"false\"", "\"tie_word_embeddings\":\"true\"")),
            "model: unexpected tensor \"lm_head.weight\"");
  EXPECT_EQ(refusal(changed("\"shape\":[11,6]", "\"shape\":[6,11]")),
            "model: tensor 'model.embed_tokens.weight': expected shape [11, 6], found [6, 11]");
  EXPECT_EQ(refusal(changed("\"F32\",\"shape\":[11,6]", "\"F16\",\"shape\":[22,6]")),
            "model: tensor 'model.embed_tokens.weight': expected shape [11, 6], found [22, 6]");
}

TEST(ModelFile, SelfTestsThatCannotBeAreRefused) {
  EXPECT_EQ(refusal(changed("\"1 10 3\"", "\"1 10 2\"")).substr(0, 27), "model: self-test: expected ");
  EXPECT_EQ(refusal(changed("\"1 10 3\"", "\"1 10 11\"")),
            "model: 'self_test.prompt': expected tokens below 11, found 11");
  EXPECT_EQ(refusal(changed("\"1 10 3\"", "\"\"")),
            "model: 'self_test.prompt': expected a number, found \"\"");
  EXPECT_EQ(refusal(changed("\"1 10 3\"", "\"1  3\"")),
            "model: 'self_test.prompt': expected a number, found \"\"");
  EXPECT_EQ(refusal(changed("\"1 10 3\"", "\"1 1 1 1 1 1 1 1 1\"")),
            "model: self-test: expected at most 12 tokens with the answer, found 13");
}

TEST(ModelFile, ModelsThatOverflowAreNeitherWrittenNorTaken) {
  Weights weights = drawn_weights(kTiny, 5);
  weights.final_norm *= 1e30f;
  weights.output *= 1e30f;
  const auto written = write_model(weights, {"test", ""}, NumberType::kF32, kPrompt, 4);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message, "self-test: expected weights that give finite logits");
  auto model = read_model(tiny_file());
  model->weights = weights;
  EXPECT_EQ(check_self_test(*model).error().message,
            "model: self-test: expected finite logits, found others");
}

TEST(ModelFile, SelfTestsAreWrittenOnlyWithinTheModel) {
  const auto refused = [](std::vector<Token> prompt, std::size_t answer) {
    const auto written = write_model(drawn_weights(kTiny, 5), {"test", ""}, NumberType::kF32, prompt, answer);
    return written ? "accepted" : written.error().message;
  };
  EXPECT_EQ(refused({0}, 11), "accepted");
  EXPECT_EQ(refused({0}, 12),
            "self-test: expected a prompt and an answer of together at most 12 tokens, found 13");
  EXPECT_EQ(refused({}, 1),
            "self-test: expected a prompt and an answer of together at most 12 tokens, found 1");
  EXPECT_EQ(refused({11}, 1), "self-test: expected tokens below 11, found 11");
}

}  // namespace
}  // namespace lockstep::model
