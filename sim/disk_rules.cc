// One opinion per kind of trouble.
#include "sim/disk_rules.h"

#include <algorithm>

#include "base/env/paths.h"
#include "base/prng.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kSlowness{"sim.disk.slowness"};

bool is_sync(DiskOperation operation) {
  return operation == DiskOperation::kSync || operation == DiskOperation::kSyncDir;
}

bool touches(const std::set<std::pair<std::string, std::uint64_t>>& bad, const DiskCall& call) {
  if (call.operation != DiskOperation::kRead || call.size == 0) return false;
  const auto first = bad.lower_bound({std::string(call.path), call.offset / kSectorBytes});
  return first != bad.end() && first->first == call.path &&
         first->second <= (call.offset + call.size - 1) / kSectorBytes;
}

}  // namespace

bool concerns(DiskCalls calls, DiskOperation operation) {
  switch (operation) {
    case DiskOperation::kRead:
    case DiskOperation::kSize: return calls == DiskCalls::kAny || calls == DiskCalls::kReads;
    case DiskOperation::kWrite:
    case DiskOperation::kTruncate: return calls == DiskCalls::kAny || calls == DiskCalls::kWrites;
    case DiskOperation::kSync:
    case DiskOperation::kSyncDir: return calls == DiskCalls::kAny || calls == DiskCalls::kSyncs;
    case DiskOperation::kOpen:
    case DiskOperation::kExists:
    case DiskOperation::kRename:
    case DiskOperation::kRemove:
    case DiskOperation::kList: return calls == DiskCalls::kAny || calls == DiskCalls::kNames;
  }
  return false;
}

DiskRules::RuleId DiskRules::add(DiskRule rule, std::uint64_t& effects) {
  rules_.push_back({next_, std::move(rule), &effects});
  return next_++;
}

void DiskRules::remove(RuleId id) {
  std::erase_if(rules_, [id](const Armed& armed) { return armed.id == id; });
}

bool DiskRules::is_about(const DiskRule& rule, const DiskCall& call) {
  return rule.times != 0 && env::is_within(call.path, rule.where);
}

std::optional<DiskFault> DiskRules::opinion(DiskRule& rule, const DiskCall& call) {
  const bool writes = call.operation == DiskOperation::kWrite;
  switch (rule.trouble) {
    case DiskTrouble::kError:
      if (concerns(rule.calls, call.operation)) return DiskFault::kIo;
      break;
    case DiskTrouble::kFailedSync:
      if (is_sync(call.operation)) return DiskFault::kIo;
      break;
    case DiskTrouble::kFull:
      if (call.growth > rule.room) return DiskFault::kNoSpace;
      rule.room -= call.growth;
      break;
    case DiskTrouble::kLie:
      if (is_sync(call.operation)) return DiskFault::kLie;
      break;
    case DiskTrouble::kBadSector:
      if (touches(rule.bad, call)) return DiskFault::kIo;
      break;
    case DiskTrouble::kMisdirect:
      if (writes && call.can_misdirect) return DiskFault::kMisdirect;
      break;
    case DiskTrouble::kPhantom:
      if (writes) return DiskFault::kPhantom;
      break;
    case DiskTrouble::kStall:
    case DiskTrouble::kSlow:
    case DiskTrouble::kRot: break;
  }
  return std::nullopt;
}

DiskFault DiskRules::on_call(const DiskCall& call) {
  for (Armed& armed : rules_) {
    if (!is_about(armed.rule, call)) continue;
    const auto fault = opinion(armed.rule, call);
    if (!fault) continue;
    took_effect(armed, call);
    return *fault;
  }
  return DiskFault::kNone;
}

Duration DiskRules::delay(const DiskCall& call, SimTime now) {
  Duration stalled{};  // until the last stall ends: they do not wait for each other
  Duration slowed{};
  for (Armed& armed : rules_) {
    if (!is_about(armed.rule, call)) continue;
    const DiskRule& rule = armed.rule;
    Duration longer{};
    if (rule.trouble == DiskTrouble::kStall) {
      longer = std::max(rule.until - now, Duration{});
      stalled = std::max(stalled, longer);
    } else if (rule.trouble == DiskTrouble::kSlow && concerns(rule.calls, call.operation)) {
      longer = rule.extra.from(draw(seed_, kSlowness, armed.id, delays_++));
      slowed += longer;
    }
    if (longer > Duration{}) took_effect(armed, call);
  }
  return stalled + slowed;
}

// The last thing done with the rule: who hears of it may change the rules.
void DiskRules::took_effect(Armed& armed, const DiskCall& call) {
  ++*armed.effects;
  if (armed.rule.times) --*armed.rule.times;
  const DiskTrouble trouble = armed.rule.trouble;
  on_effect_(trouble, call);
}

}  // namespace lockstep::sim
