// The rules that nemeses are made of.
#include "sim/link_rules.h"

#include <algorithm>

namespace lockstep::sim {
namespace {

// A purpose per kind of fault, so that two rules of different kinds do not strike the same frames.
constexpr Purpose kStrikes[] = {Purpose{"sim.net.pass"},      Purpose{"sim.net.delay"},
                                Purpose{"sim.net.reorder"},   Purpose{"sim.net.drop"},
                                Purpose{"sim.net.duplicate"}, Purpose{"sim.net.corrupt"}};
constexpr Purpose kExtra{"sim.net.extra"};

constexpr Verdict kPartitionVerdict{Verdict::Kind::kDrop, Duration{}, DropReason::kPartitioned};

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

bool LinkFilter::matches(const FrameFacts& facts) const {
  return (from.empty() || contains(from, facts.from)) && (to.empty() || contains(to, facts.to));
}

std::optional<Verdict> Partition::judge(const FrameFacts& facts) {
  const auto group_of = [this](NodeId node) {
    return std::find_if(groups_.begin(), groups_.end(),
                        [node](const auto& group) { return contains(group, node); });
  };
  const auto from = group_of(facts.from);
  const auto to = group_of(facts.to);
  if (from == groups_.end() || to == groups_.end() || from == to) return std::nullopt;
  return kPartitionVerdict;
}

std::optional<Verdict> OneWayPartition::judge(const FrameFacts& facts) {
  if (!filter_.matches(facts)) return std::nullopt;
  return kPartitionVerdict;
}

std::optional<Verdict> RandomFault::judge(const FrameFacts& facts) {
  if (!options_.filter.matches(facts)) return std::nullopt;
  const Purpose strike = kStrikes[static_cast<std::size_t>(options_.kind)];
  if (!chance(facts.bits(strike), options_.parts_per_million)) return std::nullopt;
  Verdict verdict{options_.kind, options_.least_extra, DropReason::kLost};
  const auto span = options_.most_extra - options_.least_extra;
  if (span > Duration{})
    verdict.extra += Duration{
        static_cast<std::int64_t>(below(facts.bits(kExtra), static_cast<std::uint64_t>(span.count()) + 1))};
  return verdict;
}

std::optional<Verdict> Clog::judge(const FrameFacts& facts) {
  if (facts.now >= until_) return std::nullopt;
  return Verdict{.kind = Verdict::Kind::kDelay, .extra = until_ - facts.now};
}

std::optional<Verdict> Bandwidth::judge(const FrameFacts& facts) {
  SimTime& free_at = free_at_[{facts.from, facts.to}];
  const SimTime done = std::max(free_at, facts.now) + time_for(facts.bytes);
  if (done - facts.now > time_for(limits_.queue_bytes))
    return Verdict{.kind = Verdict::Kind::kDrop, .reason = DropReason::kQueueFull};
  free_at = done;
  return Verdict{.kind = Verdict::Kind::kDelay, .extra = done - facts.now};
}

Duration Bandwidth::time_for(std::uint64_t bytes) const {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const auto whole = static_cast<unsigned __int128>(bytes) * kSecond / limits_.bytes_per_second;
  return Duration{static_cast<std::int64_t>(whole)};
}

}  // namespace lockstep::sim
