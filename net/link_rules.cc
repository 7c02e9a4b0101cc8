// Verdicts on frames.
#include "net/link_rules.h"

#include <algorithm>

namespace lockstep::net {
namespace {

constexpr Purpose kStrikes{"net.link_rules.strikes"};
constexpr Purpose kExtra{"net.link_rules.extra"};

}  // namespace

LinkRules::~LinkRules() { *alive_ = false; }

void LinkRules::remove(std::uint64_t id) {
  std::erase_if(rules_, [id](const Armed& armed) { return armed.rule.id == id; });
}

std::uint64_t LinkRules::struck(std::uint64_t id) const {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [id](const Armed& armed) { return armed.rule.id == id; });
  return found == rules_.end() ? 0 : found->struck;
}

void LinkRules::outgoing(NodeId to, Channel channel, BytesView payload, const Pass& pass) {
  judge(to, true, channel, payload, pass);
}

void LinkRules::incoming(NodeId from, Channel channel, BytesView payload, const Pass& pass) {
  judge(from, false, channel, payload, pass);
}

void LinkRules::judge(NodeId peer, bool outgoing, Channel channel, BytesView payload, const Pass& pass) {
  ++frames_;
  for (Armed& armed : rules_) {
    const LinkRule& rule = armed.rule;
    if (!(outgoing ? rule.outgoing : rule.incoming) || (rule.peers && !rule.peers->contains(peer))) continue;
    if (!chance(draw(seed_, kStrikes, rule.id, frames_), rule.parts_per_million)) continue;
    ++armed.struck;
    switch (rule.fault) {
      case LinkFault::kDrop: return;
      case LinkFault::kDelay:
      case LinkFault::kReorder: return pass_later(extra(rule), peer, channel, payload, pass);
      case LinkFault::kDuplicate:
        pass(peer, channel, payload);
        return pass_later(extra(rule), peer, channel, payload, pass);
    }
  }
  pass(peer, channel, payload);
}

Duration LinkRules::extra(const LinkRule& rule) {
  const auto range = static_cast<std::uint64_t>((rule.most_extra - rule.least_extra).count());
  return rule.least_extra +
         Duration(static_cast<std::int64_t>(below(draw(seed_, kExtra, rule.id, frames_), range + 1)));
}

void LinkRules::pass_later(Duration delay, NodeId peer, Channel channel, BytesView payload,
                           const Pass& pass) {
  loop_.after(delay, [alive = alive_, pass, peer, channel, bytes = Bytes(payload)] {
    if (*alive) pass(peer, channel, bytes);
  });
}

}  // namespace lockstep::net
