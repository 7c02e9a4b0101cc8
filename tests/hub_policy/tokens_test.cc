// Windows become the tokens that the language says, whatever is in them, and levels the steps.
#include "hub/policy/tokens.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lockstep::hub {
namespace {

DeviceModel tank() {
  DeviceModel device;
  device.name = "e1/tank";
  device.kind = "tank";
  device.signals = {{"level", 0, 2, 0.2, 1.8}, {"temperature", 273, 373, 280, 360}};
  device.actuators = {{"inlet", 0, 1}, {"heater", 0, 1}};
  device.controlled = 1;
  device.set_point = 323;
  return device;
}

Window full_window() {
  Window window;
  for (std::size_t step = 0; step < kWindowSteps; ++step) window.samples.push_back({1.0, 323.0});
  window.last_commands = {0, 0.5};
  return window;
}

std::vector<Token> prompt(const DeviceModel& device, const Window& window) {
  std::vector<Token> tokens;
  encode_window(device, window, tokens);
  return tokens;
}

TEST(Tokens, AWindowIsSaidInOrder) {
  Window window = full_window();
  window.samples.back()[0] = std::nullopt;
  const std::vector<Token> tokens = prompt(tank(), window);
  ASSERT_EQ(tokens.size(), 3 + 2 * kWindowSteps + 2 + 1);
  EXPECT_EQ(tokens[0], kBegin);
  EXPECT_EQ(tokens[1], kKindTank);
  EXPECT_EQ(tokens[2], kFirstSetPointBin + 32);
  EXPECT_EQ(tokens[3], kFirstValueBin + 32);
  EXPECT_EQ(tokens[4], kFirstErrorBin + 64);
  EXPECT_EQ(tokens[17], kMissing);
  EXPECT_EQ(tokens[18], kFirstErrorBin + 64);
  EXPECT_EQ(tokens[19], kFirstCommandBin);
  EXPECT_EQ(tokens[20], kFirstCommandBin + 32);
  EXPECT_EQ(tokens[21], kDecide);
}

TEST(Tokens, BinsOfTheControlledSignalAreFinerNearTheSetPoint) {
  Window window = full_window();
  const auto bin = [&](double error) {
    window.samples.back()[1] = 323 + error;
    return prompt(tank(), window)[18] - kFirstErrorBin;
  };
  EXPECT_EQ(bin(0.02), 64u);
  EXPECT_EQ(bin(0.03), 65u);
  EXPECT_EQ(bin(-0.02), 63u);
  EXPECT_EQ(bin(-0.03), 62u);
  EXPECT_EQ(bin(25), 96u);
  EXPECT_EQ(bin(49.9), bin(49.6));
  EXPECT_EQ(bin(1e300), 127u);
  EXPECT_EQ(bin(-1e300), 0u);
}

TEST(Tokens, WhatIsNotThereIsMissing) {
  Window window;
  window.samples = {{1.0},
                    {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}};
  const std::vector<Token> tokens = prompt(tank(), window);
  ASSERT_EQ(tokens.size(), 3 + 2 * kWindowSteps + 2 + 1);
  for (std::size_t i = 3; i < 15; ++i) EXPECT_EQ(tokens[i], kMissing) << i;
  EXPECT_EQ(tokens[15], kFirstValueBin + 32);
  for (std::size_t i = 16; i < 21; ++i) EXPECT_EQ(tokens[i], kMissing) << i;
}

TEST(Tokens, OfMoreStepsTheLastCount) {
  Window window = full_window();
  window.samples.insert(window.samples.begin(), {2.0, 273.0});
  EXPECT_EQ(prompt(tank(), window), prompt(tank(), full_window()));
}

TEST(Tokens, LevelsGoThereAndBack) {
  for (std::uint32_t i = 0; i < kLevels; ++i)
    EXPECT_EQ(to_level(from_level(kFirstLevel + i)), kFirstLevel + i);
  EXPECT_EQ(from_level(kFirstLevel), -1);
  EXPECT_EQ(from_level(kFirstLevel + kLevels / 2), 0);
  EXPECT_EQ(from_level(kFirstLevel + kLevels - 1), 1);
  EXPECT_EQ(to_level(-1e9), kFirstLevel);
  EXPECT_EQ(to_level(1e9), kFirstLevel + kLevels - 1);
}

TEST(Tokens, TheMeanOfTwoNeighbouringLevelsIsTheStep) {
  for (int i = -1000; i <= 1000; ++i) {
    const double step = i / 1000.0;
    const SoftLevel soft = soft_level(step);
    const double low = from_level(soft.below), high = from_level(soft.below + 1);
    EXPECT_NEAR(low + soft.above * (high - low), step, 1e-12);
    EXPECT_LE(low, step);
    EXPECT_GE(high, step);
  }
}

TEST(Tokens, TheMeanStepIsWhatTheProbabilitiesSay) {
  std::vector<float> logits(kVocabulary, 50.0f);  // what is no level does not count
  for (std::uint32_t i = 0; i < kLevels; ++i) logits[kFirstLevel + i] = -40.0f;
  logits[kFirstLevel + 48] = 3;
  logits[kFirstLevel + 64] = 3;
  EXPECT_NEAR(mean_step(logits), (0.25 + 1) / 2, 1e-12);
  logits[kFirstLevel + 64] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NEAR(mean_step(logits), 0.25, 1e-12);
  for (float& logit : logits) logit = std::numeric_limits<float>::infinity();
  EXPECT_EQ(mean_step(logits), 0);
}

TEST(Tokens, AStepStartsAtTheLastCommandAndStaysInTheRange) {
  const DeviceModel device = tank();
  Window window = full_window();
  EXPECT_EQ(last_command(device, window, 1), 0.5);
  EXPECT_EQ(after_step(device.actuators[1], 0.5, 0.25), 0.75);
  EXPECT_EQ(after_step(device.actuators[1], 0.5, 0.75), 1);
  EXPECT_EQ(step_between(device.actuators[1], 0.5, 0.25), -0.25);
  window.last_commands = {7};
  EXPECT_EQ(last_command(device, window, 0), 1);
  EXPECT_EQ(last_command(device, window, 1), 0);
}

TEST(Tokens, ASequenceOfTheLargestDeviceFits) {
  DeviceModel device = tank();
  while (device.signals.size() < kMaxSignals) device.signals.push_back(device.signals[0]);
  while (device.actuators.size() < kMaxActuators) device.actuators.push_back(device.actuators[0]);
  ASSERT_TRUE(check_device(device));
  EXPECT_EQ(prompt(device, full_window()).size(), kMaxPromptTokens);
  for (const Token token : prompt(device, full_window())) EXPECT_LT(token, kVocabulary);
}

TEST(Tokens, DevicesThatCannotBeSaidAreRefused) {
  EXPECT_TRUE(check_device(tank()));
  const auto refused = [](auto change) {
    DeviceModel device = tank();
    change(device);
    const Status status = check_device(device);
    return status ? std::string("accepted") : status.error().message;
  };
  EXPECT_EQ(refused([](DeviceModel& d) { d.signals.clear(); }),
            "device 'e1/tank': expected 1 to 4 signals, found 0");
  EXPECT_EQ(refused([](DeviceModel& d) { d.actuators.resize(5, {"a", 0, 1}); }),
            "device 'e1/tank': expected 1 to 4 actuators, found 5");
  EXPECT_EQ(refused([](DeviceModel& d) { d.controlled = 2; }),
            "device 'e1/tank': expected the controlled signal among its signals");
  EXPECT_EQ(refused([](DeviceModel& d) { d.set_point = std::nan(""); }),
            "device 'e1/tank': expected a finite set point");
  EXPECT_EQ(refused([](DeviceModel& d) { d.signals[0].high = 0; }),
            "device 'e1/tank': expected low < high of signal 'level', found 0 and 0");
  EXPECT_EQ(refused([](DeviceModel& d) { d.actuators[1].low = -1.7e308, d.actuators[1].high = 1.7e308; }),
            "device 'e1/tank': expected low < high of actuator 'heater', found -1.7e+308 and 1.7e+308");
}

}  // namespace
}  // namespace lockstep::hub
