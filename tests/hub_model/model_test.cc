// Inference agrees with PyTorch, has the same bits in every build, and asks for no memory.
#include "hub/model/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/hash.h"
#include "base/text.h"
#include "hub/model/model_file.h"
#include "json/text.h"
#include "tests/hub_model/allocations.h"
#include "tests/hub_model/examples.h"

namespace lockstep::model {
namespace {

// About as large as what the cloud trains.
constexpr Configuration kMedium{.vocabulary = 585,
                                .width = 64,
                                .layers = 4,
                                .heads = 4,
                                .key_value_heads = 2,
                                .head_width = 16,
                                .inner_width = 176,
                                .context = 48,
                                .tied_output = true};

std::uint64_t hash_of(std::span<const float> numbers, std::uint64_t before) {
  return hash64({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()}, before);
}

// All logits after each of `count` tokens.
std::uint64_t hash_of_logits(Session& session, std::uint32_t vocabulary, std::size_t count) {
  std::uint64_t hash = 0;
  session.clear();
  for (std::size_t i = 0; i < count; ++i) {
    session.append(static_cast<Token>(i * 7919 % vocabulary));
    hash = hash_of(session.logits(), hash);
  }
  return hash;
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, LogitsAreThoseOfPyTorch) {
  const auto file = read_model(golden_file(cat(GetParam(), ".safetensors")));
  ASSERT_TRUE(file.has_value()) << file.error().message;
  const auto wanted = json::parse(golden_file(cat(GetParam(), ".json")));
  ASSERT_TRUE(wanted.has_value());
  const Model model(file->weights);
  Session session(model);
  const auto& tokens = wanted->find("tokens")->items;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    session.append(static_cast<Token>(std::atoi(tokens[i].text.c_str())));
    const auto& row = wanted->find("logits")->items[i].items;
    const std::span<const float> logits = session.logits();
    ASSERT_EQ(row.size(), logits.size());
    for (std::size_t token = 0; token < row.size(); ++token)
      ASSERT_NEAR(logits[token], std::atof(row[token].text.c_str()), 1e-4) << i << " " << token;
  }
  const Status same = check_self_test(*file);
  EXPECT_TRUE(same.has_value()) << same.error().message;
}

INSTANTIATE_TEST_SUITE_P(Every, Golden, testing::Values("grouped", "shared_bf16", "small_f16"),
                         [](const auto& name) { return std::string(name.param); });

// The fingerprints are of one build and one machine; every other must come to the same. CI runs this with g++
// -O2, g++ with sanitizers and clang without optimisation.
TEST(Model, BitsOfLogitsAreTheSameInEveryBuild) {
  const auto file = read_model(golden_file("grouped.safetensors"));
  ASSERT_TRUE(file.has_value());
  const Model small(file->weights);
  Session small_session(small);
  EXPECT_EQ(hash_of_logits(small_session, 37, 48), 0x25d63991e6f8f400ull);
  const Model medium(drawn_weights(kMedium, 1));
  Session medium_session(medium);
  EXPECT_EQ(hash_of_logits(medium_session, kMedium.vocabulary, kMedium.context), 0x26f3b9de77c2e4e0ull);
}

TEST(Model, AClearedSessionKnowsNothingOfBefore) {
  const Model model(drawn_weights(kMedium, 2));
  Session used(model), fresh(model);
  hash_of_logits(used, kMedium.vocabulary, kMedium.context);
  EXPECT_EQ(hash_of_logits(used, kMedium.vocabulary, 20), hash_of_logits(fresh, kMedium.vocabulary, 20));
}

TEST(Model, LaterTokensDoNotChangeEarlierLogits) {
  const Model model(drawn_weights(kMedium, 3));
  Session session(model);
  const std::uint64_t ten = hash_of_logits(session, kMedium.vocabulary, 10);
  hash_of_logits(session, kMedium.vocabulary, 30);
  EXPECT_EQ(hash_of_logits(session, kMedium.vocabulary, 10), ten);
  EXPECT_NE(hash_of_logits(session, kMedium.vocabulary, 11), ten);
}

TEST(Model, ATokenAsksForNoMemory) {
  const Model model(drawn_weights(kMedium, 4));
  const std::uint64_t before_session = allocations();
  Session session(model);
  const std::uint64_t before = allocations();
  EXPECT_GT(before, before_session);  // the counter counts
  hash_of_logits(session, kMedium.vocabulary, kMedium.context);
  EXPECT_EQ(allocations(), before);
}

// The product is the sum over ascending columns, whatever the shape: also where a panel is not full.
TEST(Panels, AProductIsThePlainSum) {
  for (const Eigen::Index rows : {1, 15, 16, 17, 31, 32, 33, 70}) {
    for (const Eigen::Index columns : {1, 2, 5, 40}) {
      Matrix matrix(rows, columns);
      std::vector<float> in(static_cast<std::size_t>(columns)), out(static_cast<std::size_t>(rows));
      for (Eigen::Index r = 0; r < rows; ++r) {
        for (Eigen::Index c = 0; c < columns; ++c)
          matrix(r, c) = 1.0f / static_cast<float>(1 + r * 7 + c * 3);
      }
      for (std::size_t c = 0; c < in.size(); ++c) in[c] = 0.1f + static_cast<float>(c) / 3;
      Panels({&matrix}).multiply(in, out);
      for (Eigen::Index r = 0; r < rows; ++r) {
        float sum = 0;
        for (Eigen::Index c = 0; c < columns; ++c) sum += matrix(r, c) * in[static_cast<std::size_t>(c)];
        ASSERT_EQ(out[static_cast<std::size_t>(r)], sum) << rows << " " << columns << " " << r;
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::model
