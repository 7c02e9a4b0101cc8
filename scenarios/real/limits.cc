// One sentence for each thing that cannot be done.
#include "scenarios/real/limits.h"

#include <algorithm>

#include "base/text.h"
#include "scenarios/event_catalog.h"
#include "sim/events.h"

namespace lockstep::real {
namespace {

using namespace scenarios;  // the verbs

constexpr Duration kLongest = std::chrono::minutes(10);

bool names_the_cloud(const Targets& targets) {
  return std::ranges::any_of(targets, [](const Target& target) { return target.kind == TargetKind::kCloud; });
}

std::optional<std::string> why_not_at(const AtEvent& trigger) {
  const env::EventType* type = find_event_type(trigger.event);
  constexpr const env::EventType* kTold[] = {&sim::kProcessStarted, &sim::kProcessKilled, &sim::kProcessLeaves,
                                             &sim::kProcessStalled, &sim::kProcessResumed};
  constexpr std::uint16_t kLastOfTheSimulator = 99;
  if (type->number > kLastOfTheSimulator || std::ranges::find(kTold, type) != std::end(kTold))
    return std::nullopt;
  return cat("only the simulator tells of ", type->name);
}

std::optional<std::string> why_not(const Action& action) {
  if (std::holds_alternative<PowerLoss>(action)) return "the power of a real machine cannot be cut from here";
  if (std::holds_alternative<OutOfMemory>(action))
    return "the memory of a real process cannot be refused from here";
  if (const auto* stall = std::get_if<Stall>(&action); stall != nullptr && names_the_cloud(stall->targets))
    return "the cloud is part of the runner here, which must not stand still";
  switch (facts_of(action).family) {
    case Family::kProcess: return std::nullopt;
    case Family::kClock: return "all processes share this machine's clock";
    case Family::kDisk: return "this machine's disk cannot be made to fail from here";
    case Family::kPlant: return "the plants of a real edge break for nobody";
    case Family::kNetwork: break;
  }
  const bool is_of_the_wire =
      std::holds_alternative<Corrupt>(action) || std::holds_alternative<Bandwidth>(action) ||
      std::holds_alternative<Clog>(action) || std::holds_alternative<Swizzle>(action) ||
      std::holds_alternative<Reset>(action);
  if (!is_of_the_wire) return std::nullopt;
  return cat("the rules of a process's transport know no ", verb_of(action));
}

}  // namespace

std::optional<std::string> why_not(const Fault& fault) {
  if (auto reason = why_not(fault.action)) return reason;
  const auto* trigger = std::get_if<AtEvent>(&fault.trigger);
  return trigger == nullptr ? std::nullopt : why_not_at(*trigger);
}

Status check_length(const Scenario& scenario) {
  const Duration length = workloads_end(scenario);
  if (length <= kLongest) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      cat("expected a scenario of at most ", to_string(kLongest), " on real processes, where time is real; ",
          scenario.name, " takes ", to_string(length), ": it runs in the simulator only"));
}

std::vector<std::string> not_applied(const Scenario& scenario) {
  std::vector<std::string> all{"disk: syncs take what this machine's disk takes"};
  if (scenario.clocks != Clocks()) all.push_back("clocks: all processes share this machine's clock");
  return all;
}

}  // namespace lockstep::real
