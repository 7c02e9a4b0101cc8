// A model file up to a decision: what is taken, what is refused, and that nothing leaves the envelope.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/prng.h"
#include "base/text.h"
#include "hub/model/model_file.h"
#include "hub/policy/decider.h"
#include "hub/policy/rules.h"
#include "hub/policy/tokens.h"
#include "tests/hub_model/examples.h"

namespace lockstep::hub {
namespace {

model::Configuration small() {
  return {.vocabulary = kVocabulary,
          .width = 24,
          .layers = 2,
          .heads = 3,
          .key_value_heads = 1,
          .head_width = 8,
          .inner_width = 40,
          .context = kMaxSequenceTokens,
          .tied_output = true};
}

Bytes file_of(const model::Configuration& configuration, std::string language = std::string(kLanguage)) {
  const std::vector<Token> prompt{kBegin, kKindTank, kMissing, kDecide};
  auto file = model::write_model(model::drawn_weights(configuration, 7), {std::move(language), ""},
                                 model::NumberType::kF32, prompt, 3);
  EXPECT_TRUE(file.has_value()) << file.error().message;
  return *file;
}

DeviceModel motor() {
  DeviceModel device;
  device.name = "e1/motor";
  device.kind = "motor";
  device.signals = {{"speed", 0, 400, 0, 300},
                    {"temperature", 253, 453, 253, 400},
                    {"load", 0, 2, 0, 2},
                    {"wear", 0, 1, 0, 0.9}};
  device.actuators = {{"voltage", 0, 48}};
  device.set_point = 170;
  return device;
}

DeviceModel tank() {
  DeviceModel device;
  device.name = "e1/tank";
  device.kind = "tank";
  device.signals = {{"level", 0, 0.8, 0.15, 0.65}, {"temperature", 273.15, 373.15, 285, 340}};
  device.actuators = {{"inlet", 0, 1}, {"heater", 0, 12'000}};
  device.controlled = 1;
  device.set_point = 312;
  return device;
}

// Readings over all of the sensors' ranges, some absent.
Window drawn_window(const DeviceModel& device, std::uint64_t seed) {
  constexpr Purpose kReading{"test.policy.reading"};
  Stream stream(seed, kReading, 0);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * (static_cast<double>(stream.next() >> 11) * 0x1p-53);
  };
  Window window;
  window.number = seed;
  window.samples.resize(kWindowSteps);
  for (auto& step : window.samples) {
    for (const SignalRange& signal : device.signals) {
      step.push_back(uniform(signal.low, signal.high));
      if (stream.next_chance(100'000)) step.back().reset();
    }
  }
  for (const ActuatorRange& actuator : device.actuators)
    window.last_commands.push_back(uniform(actuator.low, actuator.high));
  return window;
}

TEST(ModelDecision, IsTheModelsAndWithinEveryRange) {
  const auto decider = make_decider(file_of(small()), "").value();
  for (const DeviceModel& device : {tank(), motor()}) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const Decision decision = decider->decide(device, drawn_window(device, seed), {.gain = 1.5});
      EXPECT_TRUE(decision.by_model);
      ASSERT_EQ(decision.commands.size(), device.actuators.size());
      for (std::size_t i = 0; i < decision.commands.size(); ++i) {
        EXPECT_GE(decision.commands[i], device.actuators[i].low);
        EXPECT_LE(decision.commands[i], device.actuators[i].high);
      }
    }
  }
}

TEST(ModelDecision, NeverLeavesTheEnvelope) {
  const auto decider = make_decider(file_of(small()), "").value();
  int hot = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Window window = drawn_window(tank(), seed);
    const Decision decision = decider->decide(tank(), window, {.gain = 2});
    const auto newest = window.samples.back()[1];
    if (!newest || *newest < 339) continue;  // of the envelope's 55 K, 0.96 is 337.8 K
    EXPECT_EQ(decision.commands[1], 0);
    ++hot;
  }
  EXPECT_GT(hot, 100);
}

// The fingerprint of one build and machine; every other must come to the same decisions.
TEST(ModelDecision, HasTheSameBitsInEveryBuild) {
  const auto decider = make_decider(file_of(small()), "").value();
  Bytes decisions;
  for (const DeviceModel& device : {tank(), motor()}) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      for (const double command : decider->decide(device, drawn_window(device, seed), {.gain = 1.1}).commands)
        ByteWriter(decisions).u64(std::bit_cast<std::uint64_t>(command));
    }
  }
  EXPECT_EQ(hash64(decisions), 0xf8df908794c6c2a3ull);
}

TEST(ModelDecision, WhatTheLanguageCannotSayIsLeftToTheRules) {
  const auto with_model = make_decider(file_of(small()), "").value();
  const auto without = make_decider("", "").value();
  DeviceModel device = tank();
  device.signals.resize(5, {"depth", 0, 1, 0, 1});
  const Window window = drawn_window(device, 1);
  EXPECT_FALSE(with_model->decide(device, window, {}).by_model);
  EXPECT_EQ(with_model->decide(device, window, {}), without->decide(device, window, {}));
}

std::string refusal(BytesView model) {
  const Status status = verify_model(model);
  const auto made = make_decider(model, "");
  EXPECT_EQ(status.has_value(), made.has_value());
  if (status || made) return "accepted";
  EXPECT_EQ(status.error(), made.error());
  return status.error().message;
}

TEST(ModelDecision, ModelsThatCannotDecideAreRefused) {
  EXPECT_EQ(refusal(file_of(small())), "accepted");
  EXPECT_EQ(refusal(file_of(small(), "other")),
            cat("model: expected the language ", kLanguage, ", found \"other\""));
  model::Configuration configuration = small();
  configuration.vocabulary += 1;
  EXPECT_EQ(refusal(file_of(configuration)),
            cat("model: expected a vocabulary of ", kVocabulary, " tokens, found ", kVocabulary + 1));
  configuration = small();
  configuration.context -= 1;
  EXPECT_EQ(refusal(file_of(configuration)), cat("model: expected a context of at least ", kMaxSequenceTokens,
                                                 " tokens, found ", kMaxSequenceTokens - 1));
  Bytes damaged = file_of(small());
  damaged.back() ^= 1;  // of the final norm
  EXPECT_TRUE(refusal(damaged).starts_with("model: self-test: expected ")) << refusal(damaged);
}

}  // namespace
}  // namespace lockstep::hub
