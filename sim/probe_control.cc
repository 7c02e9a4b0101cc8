// Matching probe points with rules.
#include "sim/probe_control.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::sim {

ProbeControl::RuleId ProbeControl::arm(ProbeRule rule) {
  const RuleId id = hits_.size();
  hits_.push_back(0);
  rules_.push_back({id, std::move(rule)});
  return id;
}

void ProbeControl::disarm(RuleId id) {
  const auto removed = std::erase_if(rules_, [id](const Armed& armed) { return armed.id == id; });
  CHECK(removed == 1, "no probe rule ", id);
}

ProbeControl::Outcome ProbeControl::reached(std::string_view point, NodeId node, Incarnation incarnation,
                                            std::uint64_t object) {
  // A decision may arm and disarm rules, so those to be asked are picked out first.
  std::vector<std::pair<std::uint64_t, std::function<ProbeDecision(const ProbeHit&)>>> asked;
  for (const Armed& armed : rules_) {
    if (armed.rule.point != point) continue;
    if (!armed.rule.node.is_none() && armed.rule.node != node) continue;
    const std::uint64_t hit = ++hits_[armed.id];
    if (armed.rule.decide && (armed.rule.nth == 0 || armed.rule.nth == hit))
      asked.emplace_back(hit, armed.rule.decide);
  }
  Outcome outcome;
  for (const auto& [hit, decide] : asked) {
    const ProbeDecision decision = decide({point, node, incarnation, object, hit});
    if (outcome.hit == 0 || outcome.decision.kind == ProbeDecision::Kind::kProceed) outcome = {decision, hit};
  }
  return outcome;
}

}  // namespace lockstep::sim
