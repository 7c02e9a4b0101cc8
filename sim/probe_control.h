// Decides what happens when a process reaches a probe point: rules armed by point, node and count.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/env/probe.h"
#include "base/ids.h"
#include "base/time.h"

namespace lockstep::sim {

struct ProbeHit {
  std::string_view point;
  NodeId node;
  Incarnation incarnation;
  std::uint64_t object;
  std::uint64_t hit;  // how often this rule has matched, this time included
};

struct ProbeDecision {
  enum class Kind : std::uint8_t { kProceed, kHold, kHoldForEver };
  Kind kind = Kind::kProceed;
  Duration hold{};
};

struct ProbeRule {
  std::string point;
  NodeId node{};  // none: any
  std::uint64_t nth =
      0;  // decide at the nth match only, counted from 1 over all processes; 0: at every match
  // Asked at that moment; may act on the world, for example kill the process that is at the point: its
  // `then` is lost. Without it a match only counts.
  std::function<ProbeDecision(const ProbeHit&)> decide{};
};

class ProbeControl {
 public:
  using RuleId = std::uint64_t;

  RuleId arm(ProbeRule rule);
  void disarm(RuleId rule);
  bool any_armed() const { return !rules_.empty(); }
  // How often the rule matched since it was armed; also after it was disarmed.
  std::uint64_t hits(RuleId rule) const { return hits_.at(rule); }

  // Every matching rule counts; the first one that decides otherwise than kProceed wins. `hit` of the
  // answer is that of the deciding rule, 0 if no rule was asked.
  struct Outcome {
    ProbeDecision decision;
    std::uint64_t hit = 0;
  };
  Outcome reached(std::string_view point, NodeId node, Incarnation incarnation, std::uint64_t object);

 private:
  struct Armed {
    RuleId id;
    ProbeRule rule;
  };
  std::vector<Armed> rules_;
  std::vector<std::uint64_t> hits_;  // by rule id
};

}  // namespace lockstep::sim
