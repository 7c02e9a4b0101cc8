// The model's steps where there is a model, the rules where there is none, the correction, and last the
// envelope.
#include "hub/policy/decider.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "hub/model/model.h"
#include "hub/model/model_file.h"
#include "hub/policy/rules.h"
#include "hub/policy/tokens.h"
#include "json/problem.h"

namespace lockstep::hub {
namespace {

// Beyond these a correction says more about a broken device than about the policy.
constexpr double kLeastGain = 0.1, kMostGain = 10;

std::unexpected<Error> corrupt(std::string what) { return fail(ErrorCode::kCorrupt, cat("model: ", what)); }

// A file that may decide: whole, in the language of this hub, and with the answer that it promises.
Result<model::ModelFile> open_model(BytesView bytes) {
  LOCKSTEP_TRY(file, model::read_model(bytes));
  const model::Configuration& configuration = file.weights.configuration;
  if (file.language != kLanguage)
    return corrupt(cat("expected the language ", kLanguage, ", found ", json::in_quotes(file.language)));
  if (configuration.vocabulary != kVocabulary)
    return corrupt(
        cat("expected a vocabulary of ", kVocabulary, " tokens, found ", configuration.vocabulary));
  if (configuration.context < kMaxSequenceTokens)
    return corrupt(
        cat("expected a context of at least ", kMaxSequenceTokens, " tokens, found ", configuration.context));
  LOCKSTEP_TRY_STATUS(model::check_self_test(file));
  return file;
}

double usable(double gain) {
  if (!(gain > 0)) return 1;  // NaN too
  return std::clamp(gain, kLeastGain, kMostGain);
}

// Model and rules see their own last commands, not the corrected ones: otherwise a correction would be
// applied to what it had already been applied to.
Window before_correction(const DeviceModel& device, const Window& window, double gain) {
  Window own = window;
  for (std::size_t i = 0; i < own.last_commands.size() && i < device.actuators.size(); ++i) {
    const double low = device.actuators[i].low;
    own.last_commands[i] = low + (own.last_commands[i] - low) / gain;
  }
  return own;
}

class PolicyDecider final : public Decider {
 public:
  PolicyDecider(Policy policy, std::optional<model::Model> model)
      : policy_(std::move(policy)), model_(std::move(model)) {
    if (model_) session_.emplace(*model_);
  }

  Decision decide(const DeviceModel& device, const Window& window, const Correction& correction) override {
    const double gain = usable(correction.gain);
    const Window own = before_correction(device, window, gain);
    Decision decision;
    decision.by_model = session_.has_value() && check_device(device).has_value();
    decision.commands = decision.by_model ? model_commands(device, own) : rule_commands(policy_, device, own);
    for (std::size_t i = 0; i < decision.commands.size(); ++i) {
      const ActuatorRange& range = device.actuators[i];
      const double corrected = range.low + (decision.commands[i] - range.low) * gain;
      decision.commands[i] = corrected > range.high ? range.high : corrected;
    }
    decision.bounded = bound_commands(policy_, device, window, decision.commands);
    return decision;
  }

 private:
  // Only levels have a probability, one per actuator: whatever the model says is a valid instruction.
  std::vector<double> model_commands(const DeviceModel& device, const Window& window) {
    encode_window(device, window, prompt_);
    session_->clear();
    for (const Token token : prompt_) session_->append(token);
    std::vector<double> commands;
    for (std::size_t i = 0; i < device.actuators.size(); ++i) {
      const double step = mean_step(session_->logits());
      commands.push_back(after_step(device.actuators[i], last_command(device, window, i), step));
      if (i + 1 < device.actuators.size()) session_->append(to_level(step));
    }
    return commands;
  }

  Policy policy_;
  std::optional<model::Model> model_;
  std::optional<model::Session> session_;  // looks at model_
  std::vector<Token> prompt_;
};

}  // namespace

Result<std::unique_ptr<Decider>> make_decider(BytesView model, BytesView policy) {
  Policy rules = default_policy();
  if (!policy.empty()) {
    LOCKSTEP_TRY(parsed, parse_policy(policy));
    rules = std::move(parsed);
  }
  std::optional<model::Model> prepared;
  if (!model.empty()) {
    LOCKSTEP_TRY(file, open_model(model));
    prepared.emplace(file.weights);
  }
  return std::make_unique<PolicyDecider>(std::move(rules), std::move(prepared));
}

Status verify_model(BytesView model) {
  LOCKSTEP_TRY(file, open_model(model));
  return {};
}

Status verify_policy(BytesView policy) {
  LOCKSTEP_TRY(parsed, parse_policy(policy));
  return {};
}

}  // namespace lockstep::hub
