// Rules, correction and envelope, as decisions.
#include "hub/policy/decider.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "hub/policy/rules.h"

namespace lockstep::hub {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

DeviceModel tank() {
  DeviceModel device;
  device.name = "e1/tank";
  device.kind = "tank";
  device.signals = {{"level", 0, 2, 0.5, 1.5}, {"temperature", 273, 373, 280, 360}};
  device.actuators = {{"inlet", 0, 1}, {"heater", 0, 10'000}};
  device.controlled = 1;
  device.set_point = 323;
  return device;
}

// The same reading in every step.
Window steady(std::optional<double> level, std::optional<double> temperature) {
  Window window;
  window.samples.assign(kWindowSteps, {level, temperature});
  window.last_commands = {0.5, 5'000};
  return window;
}

std::unique_ptr<Decider> with_policy(std::string_view rules, std::string_view envelope = "") {
  const std::string text =
      std::string(R"({"format": "lockstep-policy-1", "kinds": [{"kind": "tank", "rules": [)") +
      std::string(rules) + R"(], "envelope": [)" + std::string(envelope) + "]}]}";
  auto decider = make_decider("", text);
  EXPECT_TRUE(decider.has_value()) << decider.error().message;
  return std::move(*decider);
}

TEST(Rules, AHysteresisSwitchesAtItsEndsAndStaysBetween) {
  const auto decider = with_policy(R"({"actuator": "inlet", "hysteresis":
      {"signal": "level", "low": 0.25, "at_low": 1, "high": 0.75, "at_high": 0}})");
  const auto inlet = [&](double level) {
    return decider->decide(tank(), steady(level, 323), {}).commands[0];
  };
  EXPECT_EQ(inlet(0.74), 1);
  EXPECT_EQ(inlet(0.76), 0.5);
  EXPECT_EQ(inlet(1.24), 0.5);
  EXPECT_EQ(inlet(1.26), 0);
}

TEST(Rules, APiMovesFromTheLastCommand) {
  const auto decider = with_policy(R"({"actuator": "heater", "pi":
      {"signal": "temperature", "proportional": 2, "integral": 0.5}})");
  Window window = steady(1, 313);  // the error is a tenth of the range
  EXPECT_DOUBLE_EQ(decider->decide(tank(), window, {}).commands[1], 5'000 + 500);
  window.samples[kWindowSteps - 2][1] = 312;  // it has become smaller by a hundredth
  EXPECT_DOUBLE_EQ(decider->decide(tank(), window, {}).commands[1], 5'000 + 500 - 200);
  window.samples[kWindowSteps - 2][1] = std::nullopt;  // then it is compared with the reading before
  EXPECT_DOUBLE_EQ(decider->decide(tank(), window, {}).commands[1], 5'000 + 500);
  window.samples[kWindowSteps - 1][1] = std::nullopt;  // nobody sees the error: it is not integrated
  EXPECT_DOUBLE_EQ(decider->decide(tank(), window, {}).commands[1], 5'000);
  EXPECT_DOUBLE_EQ(decider->decide(tank(), steady(1, -1e30), {}).commands[1], 10'000);
}

TEST(Rules, ATargetIsAShareOfTheEnvelope) {
  const auto decider = with_policy(R"({"actuator": "inlet", "pi":
      {"signal": "level", "target": 0.75, "proportional": 0, "integral": 1}})");
  EXPECT_DOUBLE_EQ(decider->decide(tank(), steady(1.15, 323), {}).commands[0], 0.5 + 0.1 / 2);
}

TEST(Rules, TheFirstRuleThatFitsCounts) {
  const auto decider = with_policy(R"({"actuator": "heater", "controlled": "level", "hold": 1},
                                      {"actuator": "heater", "hold": 0.25}, {"actuator": "heater", "hold": 0.5})");
  DeviceModel device = tank();
  EXPECT_EQ(decider->decide(device, steady(1, 323), {}).commands, (std::vector<double>{0, 2'500}));
  device.controlled = 0;
  EXPECT_EQ(decider->decide(device, steady(1, 323), {}).commands, (std::vector<double>{0, 10'000}));
}

TEST(Rules, WithoutReadingsTheActuatorStays) {
  const auto decider = with_policy(R"({"actuator": "heater", "pi":
      {"signal": "temperature", "proportional": 2, "integral": 0.5}})");
  EXPECT_EQ(decider->decide(tank(), steady(1, std::nullopt), {}).commands[1], 5'000);
  EXPECT_EQ(decider->decide(tank(), steady(1, kNaN), {}).commands[1], 5'000);
  EXPECT_EQ(decider->decide(tank(), Window{}, {}).commands[1], 0);  // nothing decided yet: the low end
}

TEST(Rules, UnknownDevicesRest) {
  DeviceModel device = tank();
  device.kind = "windmill";
  device.actuators = {{"pitch", -10, 20}, {"yaw", 5, 20}, {"brake", 20, 5}, {"lamp", kNaN, kNaN}};
  const Decision decision = make_decider("", "").value()->decide(device, steady(1, 323), {});
  EXPECT_EQ(decision.commands[0], 0);
  EXPECT_EQ(decision.commands[1], 5);
  EXPECT_EQ(decision.commands.size(), 4u);
  EXPECT_FALSE(decision.by_model);
}

constexpr std::string_view kFullHeat =
    R"({"actuator": "heater", "hold": 1}, {"actuator": "inlet", "hold": 1})";

TEST(Envelope, ABoundHoldsWhileItsSignalIsBeyondIt) {
  const auto decider =
      with_policy(kFullHeat, R"({"actuator": "heater", "signal": "level", "below": 0.25, "at_most": 0.1},
                                {"actuator": "inlet", "signal": "level", "above": 0.9, "at_most": 0})");
  const auto decided = [&](std::optional<double> level) {
    return decider->decide(tank(), steady(level, 323), {});
  };
  EXPECT_EQ(decided(1.0).commands, (std::vector<double>{1, 10'000}));
  EXPECT_FALSE(decided(1.0).bounded);
  EXPECT_EQ(decided(0.7).commands, (std::vector<double>{1, 1'000}));
  EXPECT_TRUE(decided(0.7).bounded);
  EXPECT_EQ(decided(1.45).commands, (std::vector<double>{0, 10'000}));
  EXPECT_EQ(decided(std::nullopt).commands, (std::vector<double>{0, 1'000}));
}

TEST(Envelope, WhatIsUnknownMayBeLeftOut) {
  const auto decider = with_policy(
      kFullHeat,
      R"({"actuator": "heater", "signal": "level", "below": 0.25, "at_most": 0, "when_unknown": false})");
  EXPECT_EQ(decider->decide(tank(), steady(std::nullopt, 323), {}).commands[1], 10'000);
}

TEST(Correction, ScalesTheDistanceFromTheLowEndBeforeTheEnvelope) {
  const auto decider =
      with_policy(R"({"actuator": "heater", "hold": 0.5}, {"actuator": "inlet", "hold": 0.5})",
                  R"({"actuator": "heater", "signal": "level", "above": 0, "at_most": 0.55})");
  const Decision decision = decider->decide(tank(), steady(1, 323), {.gain = 1.2, .updates = 3});
  EXPECT_EQ(decision.commands, (std::vector<double>{0.6, 5'500}));
  EXPECT_TRUE(decision.bounded);
  EXPECT_EQ(decider->decide(tank(), steady(1, 323), {.gain = 5}).commands[0], 1);
  EXPECT_EQ(decider->decide(tank(), steady(1, 323), {.gain = kNaN}).commands[0], 0.5);
}

TEST(Correction, IsNotAppliedToWhatItWasAppliedTo) {
  const auto decider = with_policy(R"({"actuator": "heater", "pi":
      {"signal": "temperature", "proportional": 2, "integral": 0.5}})");
  EXPECT_DOUBLE_EQ(decider->decide(tank(), steady(1, 323), {.gain = 1.25}).commands[1], 5'000);
}

TEST(Decider, EqualInputsGiveEqualDecisions) {
  const auto one = make_decider("", "").value();
  const auto other = make_decider("", default_policy_text()).value();
  for (double level = 0; level <= 2; level += 0.125) {
    for (double temperature = 270; temperature < 380; temperature += 3.7)
      EXPECT_EQ(one->decide(tank(), steady(level, temperature), {}),
                other->decide(tank(), steady(level, temperature), {}));
  }
}

std::string refusal(std::string_view text) {
  const Status status = verify_policy(text);
  return status ? "accepted" : status.error().message;
}

std::string refusal_of_rule(std::string_view rule) {
  return refusal(
      std::string(
          R"({"format": "lockstep-policy-1", "kinds": [{"kind": "tank", "envelope": [], "rules": [)") +
      std::string(rule) + "]}]}");
}

TEST(Policy, BadOnesAreRefusedWithTheirPlace) {
  EXPECT_EQ(refusal(default_policy_text()), "accepted");
  EXPECT_EQ(refusal("{"),
            "policy:1:2: the document: expected a key in double quotes, found the end of the text");
  EXPECT_EQ(
      refusal(R"({"format": "lockstep-policy-1", "kinds": [], "kinds": []})"),
      "policy:1:46: /kinds: expected every key only once, found \"kinds\": this object has the key already");
  EXPECT_EQ(refusal(R"({"format": "lockstep-policy-2", "kinds": []})"),
            "policy:1:12: /format: expected \"lockstep-policy-1\", found \"lockstep-policy-2\"");
  EXPECT_EQ(refusal(R"({"format": "lockstep-policy-1", "kinds": [{"kind": "a", "rules": [], "envelope": []},
                                                                {"kind": "a", "rules": [], "envelope": []}]})"),
            "policy:2:74: /kinds/1/kind: expected every kind only once, found \"a\"");
  EXPECT_EQ(
      refusal_of_rule(R"({"actuator": "inlet"})"),
      "policy:1:86: /kinds/0/rules/0: expected exactly one of hold, hysteresis and pi, found an object");
  EXPECT_EQ(
      refusal_of_rule(R"({"actuator": "inlet", "hold": 1.5})"),
      "policy:1:116: /kinds/0/rules/0/hold: expected a share from 0 (low end) to 1 (high end), found 1.5");
  EXPECT_EQ(
      refusal_of_rule(R"({"actuator": "inlet", "hold": 1e-999})"),
      "policy:1:116: /kinds/0/rules/0/hold: expected a number that is 0 or not below 1e-300, found 1e-999");
  EXPECT_EQ(
      refusal_of_rule(
          R"({"actuator": "inlet", "hold": 1, "pi": {"signal": "a", "proportional": 1, "integral": 1}})"),
      "policy:1:86: /kinds/0/rules/0: expected exactly one of hold, hysteresis and pi, found an object");
  EXPECT_EQ(refusal_of_rule(R"({"actuator": "inlet", "hysteresis":
      {"signal": "a", "low": 0.5, "at_low": 0, "high": 0.4, "at_high": 1}})"),
            "policy:2:56: /kinds/0/rules/0/hysteresis/high: expected a share not below 'low', found 0.4");
  EXPECT_EQ(refusal(R"({"format": "lockstep-policy-1", "kinds": [{"kind": "a", "rules": [], "envelope": [
      {"actuator": "a", "signal": "b", "below": 0.1, "at_most": 0, "at_least": 1}]}]})"),
            "policy:2:7: /kinds/0/envelope/0: expected exactly one of at_most and at_least, found an object");
  EXPECT_EQ(refusal(std::string(kMaxPolicyBytes + 1, ' ')),
            "policy: expected at most 1048576 bytes, found 1048577");
}

TEST(Policy, TheExampleOfTheGuideIsAccepted) {
  std::ostringstream guide;
  guide << std::ifstream(std::string(LOCKSTEP_SOURCE_DIR) + "/docs/model.md").rdbuf();
  const std::string text = guide.str();
  const std::size_t begin = text.find("```json\n");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_EQ(refusal(std::string_view(text).substr(begin + 8, text.find("```", begin + 8) - begin - 8)),
            "accepted");
}

}  // namespace
}  // namespace lockstep::hub
