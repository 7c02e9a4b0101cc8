// Faults of the network, for real: rules that hold back, lose or repeat frames between this process and
// others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/frame.h"
#include "base/ids.h"
#include "base/latency.h"
#include "base/prng.h"
#include "base/time.h"
#include "net/event_loop.h"
#include "net/loop_alarm.h"
#include "net/system_clock.h"

namespace lockstep::net {

enum class LinkFault : std::uint8_t { kDrop, kDelay, kDuplicate, kReorder };

// Which frames: with whom, and in which direction.
struct LinkFilter {
  std::optional<std::set<NodeId>> peers{};  // none: whoever it is
  bool outgoing = true;                     // frames that this process sends
  bool incoming = true;                     // frames that it receives
  bool operator==(const LinkFilter&) const = default;

  bool concerns(NodeId peer, bool is_outgoing) const {
    return (is_outgoing ? outgoing : incoming) && (!peers || peers->contains(peer));
  }
};

// How long frames take, whatever the rules say.
struct LinkLatency {
  LinkFilter filter{};
  Latency latency{};
  bool operator==(const LinkLatency&) const = default;
};

struct LinkRule {
  std::uint64_t id = 0;  // chosen by whoever adds it
  LinkFilter filter{};
  LinkFault fault = LinkFault::kDrop;
  std::uint32_t parts_per_million = 1'000'000;  // the share of frames that it strikes
  Latency extra{};                              // of kDelay and kReorder, and of the copy of kDuplicate
  bool operator==(const LinkRule&) const = default;
};

// As the simulated network does it: each direction between two processes delivers in order, so that a delayed
// frame holds back what comes after it, except when the fault is kReorder.
class LinkRules {
 public:
  using Pass = std::function<void(NodeId peer, Channel channel, BytesView payload)>;

  // `loop` outlives the rules.
  LinkRules(EventLoop& loop, std::uint64_t seed)
      : seed_(seed), alarm_(loop.context(), clock_, [this] { pass_due(); }) {}

  void add(LinkRule rule) { rules_.push_back({std::move(rule), 0}); }
  void remove(std::uint64_t id);
  void clear() { rules_.clear(); }
  // At first frames take no time at all.
  void set_latency(LinkLatency latency) { latency_ = std::move(latency); }
  // Nothing to ask: frames go their way.
  bool empty() const { return rules_.empty() && held_.empty() && latency_.latency == Latency{}; }
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
  struct Frame {
    NodeId peer;
    Channel channel;
    BytesView payload;
    const Pass& pass;
  };
  struct Held {
    NodeId peer;
    Channel channel;
    Bytes payload;
    Pass pass;
  };
  struct Link {
    NodeId peer;
    bool outgoing;
    friend auto operator<=>(const Link&, const Link&) = default;
  };

  void judge(bool outgoing, const Frame& frame);
  Armed* first_with_an_opinion(bool outgoing, NodeId peer);
  Duration draw_from(const Latency& latency, Purpose purpose, std::uint64_t rule) const;
  void carry(Instant arrival, const Frame& frame);
  void pass_due();

  std::uint64_t seed_;
  SystemClock clock_;
  LoopAlarm alarm_;
  LinkLatency latency_;
  std::uint64_t frames_ = 0;
  std::vector<Armed> rules_;
  std::map<Link, Instant> last_arrival_;  // of those that keep their order
  std::multimap<Instant, Held> held_;     // by arrival; equal ones in the order of their sending
};

}  // namespace lockstep::net
