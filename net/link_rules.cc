// Verdicts on frames.
#include "net/link_rules.h"

#include <algorithm>

namespace lockstep::net {
namespace {

constexpr Purpose kStrikes{"net.link_rules.strikes"};
constexpr Purpose kLatency{"net.link_rules.latency"};
constexpr Purpose kExtra{"net.link_rules.extra"};
constexpr Purpose kCopy{"net.link_rules.copy"};

}  // namespace

void LinkRules::remove(std::uint64_t id) {
  std::erase_if(rules_, [id](const Armed& armed) { return armed.rule.id == id; });
}

std::uint64_t LinkRules::struck(std::uint64_t id) const {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [id](const Armed& armed) { return armed.rule.id == id; });
  return found == rules_.end() ? 0 : found->struck;
}

void LinkRules::outgoing(NodeId to, Channel channel, BytesView payload, const Pass& pass) {
  judge(true, {to, channel, payload, pass});
}

void LinkRules::incoming(NodeId from, Channel channel, BytesView payload, const Pass& pass) {
  judge(false, {from, channel, payload, pass});
}

LinkRules::Armed* LinkRules::first_with_an_opinion(bool outgoing, NodeId peer) {
  for (Armed& armed : rules_) {
    const LinkRule& rule = armed.rule;
    if (!rule.filter.concerns(peer, outgoing)) continue;
    if (chance(draw(seed_, kStrikes, rule.id, frames_), rule.parts_per_million)) return &armed;
  }
  return nullptr;
}

void LinkRules::judge(bool outgoing, const Frame& frame) {
  ++frames_;
  Armed* const armed = first_with_an_opinion(outgoing, frame.peer);
  const Instant now = clock_.monotonic_now();
  const Latency latency = latency_.filter.concerns(frame.peer, outgoing) ? latency_.latency : Latency{};
  Instant arrival = now + draw_from(latency, kLatency, 0);
  bool keeps_order = true;
  if (armed != nullptr) {
    ++armed->struck;
    if (armed->rule.fault == LinkFault::kDrop) return;
    const Duration extra = draw_from(armed->rule.extra, kExtra, armed->rule.id);
    if (armed->rule.fault == LinkFault::kDuplicate) {
      carry(arrival + extra + draw_from(latency, kCopy, armed->rule.id), frame);
    } else {
      arrival += extra;
      keeps_order = armed->rule.fault != LinkFault::kReorder;
    }
  }
  if (keeps_order) {
    Instant& last = last_arrival_[{frame.peer, outgoing}];
    arrival = std::max(arrival, last);
    last = arrival;
  }
  // What is due already has no reason to wait for the alarm, unless an earlier one still does.
  const bool free = held_.empty() || held_.begin()->first > arrival;
  if (arrival <= now && free) return frame.pass(frame.peer, frame.channel, frame.payload);
  carry(arrival, frame);
}

Duration LinkRules::draw_from(const Latency& latency, Purpose purpose, std::uint64_t rule) const {
  return latency.from(draw(seed_, purpose, rule, frames_));
}

void LinkRules::carry(Instant arrival, const Frame& frame) {
  held_.emplace(arrival, Held{frame.peer, frame.channel, Bytes(frame.payload), frame.pass});
  alarm_.set(held_.begin()->first);
}

void LinkRules::pass_due() {
  while (!held_.empty() && held_.begin()->first <= clock_.monotonic_now()) {
    const auto due = held_.extract(held_.begin());
    due.mapped().pass(due.mapped().peer, due.mapped().channel, due.mapped().payload);
  }
  if (!held_.empty()) alarm_.set(held_.begin()->first);
}

}  // namespace lockstep::net
