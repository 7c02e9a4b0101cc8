// What the schema cannot say about faults: targets that exist, verbs that fit their trigger, times that can
// come.
#include "scenarios/parse_faults.h"

#include <algorithm>
#include <initializer_list>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::scenarios {
namespace {

using Kinds = std::initializer_list<TargetKind>;
using enum TargetKind;

constexpr Kinds kNodesToHit{kNode, kLeader, kFollower, kAll};
constexpr Kinds kNodesToRestart{kNode, kCrashed, kAll};
constexpr Kinds kSides{kNode, kClient, kLeader, kFollower, kOthers, kAll};
constexpr Kinds kProcesses{kNode, kClient, kLeader};

constexpr Duration kShortest{1};
constexpr std::int64_t kMostStrikes = 10'000;

class FaultReader {
 public:
  FaultReader(const json::Cursor& at, const Scenario& before, const Vocabulary& vocabulary)
      : at_(at), before_(before), vocabulary_(vocabulary) {}

  Fault fault() {
    Fault fault;
    fault.trigger = trigger();
    fault.action = action();
    check_lasting(fault);
    check_anchor(fault);
    return fault;
  }

 private:
  // ---- targets ----

  std::string choices(Kinds kinds) const {
    std::string out;
    for (const TargetKind kind : kinds) {
      const bool numbered = kind == kNode || kind == kClient;
      const std::uint32_t last = kind == kNode ? before_.cluster.nodes : client_count(before_);
      if (numbered && last == 0) continue;
      append_text(out, cat(out.empty() ? "" : ", ", to_string(Target{kind, numbered ? 1u : 0u})));
      if (numbered && last > 1) append_text(out, cat("..", to_string(Target{kind, last})));
    }
    return cat("a target (", out, ")");
  }

  void check(const json::Cursor& at, const Target& target, Kinds kinds) const {
    if (std::find(kinds.begin(), kinds.end(), target.kind) == kinds.end()) return at.refuse(choices(kinds));
    const std::uint32_t nodes = before_.cluster.nodes;
    const std::uint32_t clients = client_count(before_);
    if (target.kind == kNode && target.number > nodes) {
      at.refuse(choices(kinds),
                nodes == 1 ? "the cluster has node n1 only" : cat("the cluster has nodes n1 to n", nodes));
    }
    if (target.kind == kClient && target.number > clients) {
      at.refuse(choices(kinds), cat("the workloads have ", clients, clients == 1 ? " client" : " clients"));
    }
  }

  Targets targets(const json::Cursor& at, Kinds kinds) const {
    Targets out;
    read(at, out);
    const auto items = at.items();
    for (std::size_t i = 0; i < out.size(); ++i) check(items.empty() ? at : items[i], out[i], kinds);
    return out;
  }

  std::optional<Target> optional_target(const json::Cursor& object, std::string_view key) const {
    std::optional<Target> out;
    if (const auto at = object.member(key)) {
      read(*at, out);
      check(*at, *out, kProcesses);
    }
    return out;
  }

  // ---- triggers ----

  Trigger trigger() const {
    if (const auto at = at_.member("at")) return at_time(*at);
    if (const auto every = at_.member("every")) return repeatedly(*every);
    if (const auto when = at_.member("when"))
      return when->has("probe") ? Trigger(at_probe(*when)) : at_event(*when);
    return after_fault(*at_.member("after"));
  }

  void check_comes(const json::Cursor& at, Duration time) const {
    const Duration end = workloads_end(before_);
    if (time >= end) at.refuse(cat("a time before ", to_string(end)), "the workloads have ended by then");
  }

  AtTime at_time(const json::Cursor& at) const {
    AtTime out;
    read(at, out.at);
    check_comes(at, out.at);
    return out;
  }

  Repeatedly repeatedly(const json::Cursor& at) const {
    Repeatedly out;
    if (at.node().is(json::Kind::kString)) {
      read_duration(at_, "every", kShortest, out.period);
    } else {
      read_duration(at, "period", kShortest, out.period);
    }
    out.from = out.period;
    read_member(at, "from", out.from);
    read_member(at, "until", out.until);
    read_member(at, "times", out.times);
    check_comes(at.nearest("from"), out.from);
    if (out.until && *out.until <= out.from)
      at.nearest("until").refuse(cat("a time after ", to_string(out.from)));
    if (out.period < kShortest) return out;  // refused above
    const Duration lasting = out.until.value_or(workloads_end(before_)) - out.from;
    if (!out.times && lasting / out.period > kMostStrikes) {
      at.nearest("period").refuse(cat("a period of at least ", to_string(lasting / kMostStrikes)),
                                  cat("a fault strikes ", kMostStrikes, " times at most"));
    }
    return out;
  }

  AtProbe at_probe(const json::Cursor& when) const {
    AtProbe out;
    const json::Cursor probe = *when.member("probe");
    read(probe, out.probe);
    check_name(probe, vocabulary_.probes, "a probe");
    read_member(when, "nth", out.nth);
    out.node = optional_target(when, "node");
    for (const std::string_view key : {"from", "to"}) {
      if (const auto at = when.member(key))
        at->refuse("no such member beside \"probe\"", "it goes with \"event\"");
    }
    return out;
  }

  AtEvent at_event(const json::Cursor& when) const {
    AtEvent out;
    const json::Cursor event = *when.member("event");
    read(event, out.event);
    check_name(event, vocabulary_.events, "an event");
    read_member(when, "nth", out.nth);
    out.from = optional_target(when, "from");
    out.to = optional_target(when, "to");
    if (const auto node = when.member("node")) {
      node->refuse("no such member beside \"event\"", "it goes with \"probe\"; here it is \"from\"");
    }
    return out;
  }

  static void check_name(const json::Cursor& at, const std::vector<std::string_view>& known,
                         std::string_view what) {
    if (known.empty() || std::find(known.begin(), known.end(), at.text()) != known.end()) return;
    std::string listed;
    for (const std::string_view name : known) append_text(listed, cat(listed.empty() ? "" : ", ", name));
    at.refuse(cat(what, " (", listed, ")"), json::suggestion(at.text(), known));
  }

  AfterFault after_fault(const json::Cursor& after) const {
    AfterFault out;
    read_member(after, "fault", out.fault);
    read_member(after, "by", out.by);
    if (out.fault < before_.faults.size()) return out;
    after.nearest("fault").refuse("the place of an earlier fault, counted from 0",
                                  cat("this is fault ", before_.faults.size()));
    out.fault = 0;
    return out;
  }

  // ---- verbs ----

  Action action() const {
    if (const auto kill = at_.member("kill")) return Kill{targets(*kill, kNodesToHit)};
    if (const auto power_loss = at_.member("power_loss")) return PowerLoss{targets(*power_loss, kNodesToHit)};
    if (const auto restart = at_.member("restart")) return Restart{targets(*restart, kNodesToRestart)};
    if (const auto stall = at_.member("stall")) return Stall{targets(*stall, kNodesToHit)};
    if (const auto crash = at_.member("crash")) return Crash{targets(*crash, kNodesToHit)};
    if (at_.has("pause")) {
      Pause pause;
      read_duration(at_, "pause", kShortest, pause.hold);
      return pause;
    }
    if (const auto clock = at_.member("clock")) return clock_change(*clock);
    return network_fault();
  }

  ClockChange clock_change(const json::Cursor& clock) const {
    ClockChange out;
    out.targets = targets(*clock.member("target"), kNodesToHit);
    read_member(clock, "jump", out.jump);
    read_member(clock, "drift_ppm", out.drift_ppm);
    if (!clock.has("jump") && !clock.has("drift_ppm")) clock.refuse("a jump or a drift_ppm");
    return out;
  }

  Action network_fault() const {
    if (at_.has("partition")) {
      if (const auto between = at_.member("between")) between->refuse("no such member beside \"partition\"");
      return Partition{links("partition")};
    }
    if (at_.has("loss")) return share_of<Loss>("loss");
    if (at_.has("duplicate")) return share_of<Duplicate>("duplicate");
    if (at_.has("reorder")) return share_of<Reorder>("reorder");
    Delay delay;
    read_member(at_, "delay", delay.extra);
    if (delay.extra.p99 <= Duration::zero()) at_.nearest("delay").refuse("a delay above zero");
    delay.between = links("between");
    return delay;
  }

  template <class Verb>
  Verb share_of(std::string_view key) const {
    Verb out;
    read_member(at_, key, out.share);
    if (out.share.parts_per_million == 0) at_.nearest(key).refuse("a probability above zero");
    out.between = links("between");
    return out;
  }

  Links links(std::string_view key) const {
    Links out;
    if (const auto groups = at_.member(key)) {
      std::vector<Target> seen;
      for (const json::Cursor& group : groups->items()) out.groups.push_back(side(group, seen));
    }
    read_member(at_, "one_way", out.one_way);
    if (out.one_way && out.groups.size() != 2) {
      at_.nearest(key).refuse("two groups", "one_way is from the first to the second");
    }
    return out;
  }

  Targets side(const json::Cursor& group, std::vector<Target>& seen) const {
    const Targets out = targets(group, kSides);
    const auto items = group.items();
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (std::find(seen.begin(), seen.end(), out[i]) != seen.end()) {
        items[i].refuse("every target in one group only");
      }
      seen.push_back(out[i]);
    }
    return out;
  }

  // ---- what fits together ----

  void check_lasting(Fault& fault) const {
    read_member(at_, "for", fault.lasting);
    const std::string verb(verb_of(fault.action));
    const auto given = at_.member("for");
    const bool momentary = std::holds_alternative<Restart>(fault.action) ||
                           std::holds_alternative<Pause>(fault.action) ||
                           std::holds_alternative<ClockChange>(fault.action);
    if (given && momentary)
      given->refuse(cat("no \"for\" beside \"", verb, "\""), "it happens in one moment");
    if (given && *fault.lasting < kShortest) given->refuse("a duration above zero");
    if (!given && std::holds_alternative<Stall>(fault.action)) {
      at_.nearest("stall").refuse("a \"for\" beside \"stall\"", "a stall has to end");
    }
    const auto* repeatedly = std::get_if<Repeatedly>(&fault.trigger);
    if (given && repeatedly != nullptr && *fault.lasting >= repeatedly->period) {
      given->refuse(cat("less than the period, ", to_string(repeatedly->period)));
    }
    const bool has_links = std::holds_alternative<Partition>(fault.action) || at_.has("loss") ||
                           at_.has("delay") || at_.has("duplicate") || at_.has("reorder");
    for (const std::string_view key : {"between", "one_way"}) {
      const auto extra = at_.member(key);
      if (extra && !has_links)
        extra->refuse(cat("no \"", key, "\" beside \"", verb, "\""), "it is about links");
    }
  }

  // Crash and pause happen to whoever reaches a probe, in the midst of that call.
  void check_anchor(const Fault& fault) const {
    const bool needs_probe =
        std::holds_alternative<Crash>(fault.action) || std::holds_alternative<Pause>(fault.action);
    if (!needs_probe || std::holds_alternative<AtProbe>(fault.trigger)) return;
    const std::string verb(verb_of(fault.action));
    at_.nearest(verb).refuse(cat("a \"when\" with a \"probe\" beside \"", verb, "\""),
                             verb == "crash" ? "at another moment it is \"kill\"" : "");
  }

  const json::Cursor& at_;
  const Scenario& before_;
  const Vocabulary& vocabulary_;
};

}  // namespace

Fault read_fault(const json::Cursor& at, const Scenario& before, const Vocabulary& vocabulary) {
  return FaultReader(at, before, vocabulary).fault();
}

std::optional<Duration> first_strike(const Scenario& scenario, std::size_t fault) {
  CHECK(fault < scenario.faults.size(), "fault ", fault);
  const Trigger& trigger = scenario.faults[fault].trigger;
  if (const auto* at = std::get_if<AtTime>(&trigger)) return at->at;
  if (const auto* repeatedly = std::get_if<Repeatedly>(&trigger)) return repeatedly->from;
  const auto* after = std::get_if<AfterFault>(&trigger);
  if (after == nullptr || after->fault >= fault) return std::nullopt;
  const auto anchor = first_strike(scenario, after->fault);
  if (!anchor) return std::nullopt;
  return *anchor + after->by;
}

}  // namespace lockstep::scenarios
