// The search for the leader, and watching it.
#include "edge/hub_link.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/prng.h"

namespace lockstep::edge {
namespace {

constexpr Purpose kFirstHub{"edge.first_hub"};
constexpr Purpose kSearchPause{"edge.search_pause"};

}  // namespace

HubLink::HubLink(const env::Env& env, LinkOptions options, Listener listener)
    : env_(env), options_(std::move(options)), listener_(std::move(listener)) {
  CHECK(!options_.hubs.empty(), "an edge without a hub");
}

void HubLink::start() {
  silent_since_ = now();
  turn_ = below(draw(env_.seed, kFirstHub, env_.self.value(), 0), options_.hubs.size());
  search();
}

bool HubLink::is_hub(NodeId node) const {
  return std::find(options_.hubs.begin(), options_.hubs.end(), node) != options_.hubs.end();
}

std::optional<Instant> HubLink::silent_since() const {
  if (!leader_.is_none()) return std::nullopt;
  return silent_since_;
}

void HubLink::send(NodeId to, const wire::FieldMessage& message) {
  env_.transport.send(to, Channel::kField, message.SerializeAsString());
}

void HubLink::send(const wire::FieldMessage& message) {
  if (!leader_.is_none()) send(leader_, message);
}

void HubLink::greet_leader() {
  if (!leader_.is_none()) greet(leader_);
}

void HubLink::greet(NodeId node) {
  wire::FieldMessage message;
  *message.mutable_hello() = listener_.hello();
  send(node, message);
  greeted_ = now();
  asked_ = node;
}

// One node after another; who is said to lead comes first.
void HubLink::search() {
  NodeId node = options_.hubs[turn_];
  if (hint_) {
    node = *hint_;
  } else {
    turn_ = (turn_ + 1) % options_.hubs.size();
  }
  hint_.reset();
  greet(node);
  Duration pause = options_.search_least;
  for (std::uint64_t i = 0; i < searches_ && pause < options_.search_most; ++i) pause *= 2;
  pause = std::min(pause, options_.search_most);
  const std::uint64_t half = static_cast<std::uint64_t>(pause.count()) / 2 + 1;
  const std::uint64_t more = below(draw(env_.seed, kSearchPause, env_.self.value(), searches_), half);
  next_ = now() + pause / 2 + Duration(static_cast<std::int64_t>(more));
  ++searches_;
}

void HubLink::heard(NodeId from) {
  if (from != leader_) return;
  heard_ = now();
  next_ = heard_ + options_.greet_every;
}

void HubLink::on_welcome(NodeId from, const wire::Welcome& welcome) {
  const bool was_asked = asked_ == from;
  if (was_asked) asked_ = NodeId();
  if (welcome.leads()) {
    const bool is_new = leader_ != from;
    if (is_new && !leader_.is_none()) lose();
    // A new leader makes itself known to the numbers that it knows; it takes nothing before it knows who
    // bears them.
    if (is_new && !was_asked) greet(from);
    leader_ = from;
    searches_ = 0;
    hint_.reset();
    heard(from);
    if (is_new) listener_.found(from, welcome.credit());
    return;
  }
  const NodeId other(welcome.leader());
  if (from == leader_) lose();
  if (!leader_.is_none() || other.is_none() || other == from || !is_hub(other)) return;
  // At most one greeting per pause goes by hearsay: two nodes that name each other must not make a storm.
  const bool follow_at_once = hint_ != other && now() >= greeted_ + options_.search_least / 4;
  hint_ = other;
  if (follow_at_once) next_ = now();
}

void HubLink::lose() {
  const NodeId former = std::exchange(leader_, NodeId());
  silent_since_ = now();
  next_ = now();
  listener_.lost(former);
}

void HubLink::on_deadline() {
  if (now() < next_) return;
  if (leader_.is_none()) return search();
  if (now() >= heard_ + options_.lost_after) {
    lose();
    return search();
  }
  greet(leader_);
  next_ = std::min(now() + options_.greet_every, heard_ + options_.lost_after);
}

}  // namespace lockstep::edge
