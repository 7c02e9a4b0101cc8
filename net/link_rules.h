// Faults of the network, for real: rules that hold back, lose or repeat frames between this process and
// others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "base/frame.h"
#include "base/ids.h"
#include "base/prng.h"
#include "base/time.h"
#include "net/event_loop.h"

namespace lockstep::net {

enum class LinkFault : std::uint8_t { kDrop, kDelay, kDuplicate, kReorder };

struct LinkRule {
  std::uint64_t id = 0;                   // chosen by whoever adds it
  std::optional<std::set<NodeId>> peers;  // none: whoever it is
  bool outgoing = true;                   // frames that this process sends
  bool incoming = true;                   // frames that it receives
  LinkFault fault = LinkFault::kDrop;
  std::uint32_t parts_per_million = 1'000'000;  // the share of frames that it strikes
  Duration least_extra{};                       // of kDelay and kReorder, and of the copy of kDuplicate
  Duration most_extra{};
};

// Frames that no rule delays keep their order.
class LinkRules {
 public:
  using Pass = std::function<void(NodeId peer, Channel channel, BytesView payload)>;

  // `loop` outlives the rules.
  LinkRules(EventLoop& loop, std::uint64_t seed) : loop_(loop), seed_(seed) {}
  ~LinkRules();

  void add(LinkRule rule) { rules_.push_back({std::move(rule), 0}); }
  void remove(std::uint64_t id);
  void clear() { rules_.clear(); }
  bool empty() const { return rules_.empty(); }
  // How many frames a rule has struck; 0 if there is no such rule.
  std::uint64_t struck(std::uint64_t id) const;

  // Calls `pass` now, later, twice or never. The first rule that has an opinion decides.
  void outgoing(NodeId to, Channel channel, BytesView payload, const Pass& pass);
  void incoming(NodeId from, Channel channel, BytesView payload, const Pass& pass);

 private:
  struct Armed {
    LinkRule rule;
    std::uint64_t struck = 0;
  };

  void judge(NodeId peer, bool outgoing, Channel channel, BytesView payload, const Pass& pass);
  Duration extra(const LinkRule& rule);
  void pass_later(Duration delay, NodeId peer, Channel channel, BytesView payload, const Pass& pass);

  EventLoop& loop_;
  std::uint64_t seed_;
  std::uint64_t frames_ = 0;
  std::vector<Armed> rules_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lockstep::net
