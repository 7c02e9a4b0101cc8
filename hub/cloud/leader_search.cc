// A leader that is known is greeted now and then too: it tells reports to whom it has heard of.
#include "hub/cloud/leader_search.h"

#include <algorithm>

#include "base/check.h"

namespace lockstep::cloud {
namespace {

constexpr std::chrono::milliseconds kGreetEvery{500};
constexpr std::chrono::milliseconds kSearchEvery{100};
constexpr std::chrono::milliseconds kLostAfter{2000};

}  // namespace

LeaderSearch::LeaderSearch(const env::Env& env, std::string name, std::vector<NodeId> hubs)
    : env_(env), name_(std::move(name)), hubs_(std::move(hubs)) {
  CHECK(!hubs_.empty(), "a cloud without a hub");
}

bool LeaderSearch::on_welcome(NodeId from, const wire::Welcome& welcome) {
  if (welcome.leads()) {
    heard_ = env_.clock.monotonic_now();
    return std::exchange(leader_, from) != from;
  }
  if (leader_ == from) leader_ = NodeId();
  const NodeId hint(welcome.leader());
  // A node that points elsewhere; it may not know yet that it is wrong, so the search goes on beside it.
  if (leader_.is_none() && hint != from && std::ranges::find(hubs_, hint) != hubs_.end()) greet(hint);
  return false;
}

void LeaderSearch::heard(NodeId from) {
  if (from == leader_) heard_ = env_.clock.monotonic_now();
}

void LeaderSearch::act(Instant now) {
  if (now < next_) return;
  if (now - heard_ > kLostAfter) leader_ = NodeId();
  next_ = now + (leader_.is_none() ? kSearchEvery : kGreetEvery);
  greet(leader_.is_none() ? hubs_[turn_++ % hubs_.size()] : leader_);
}

void LeaderSearch::greet(NodeId node) {
  wire::FieldMessage message;
  message.mutable_hello()->set_role(wire::CLOUD);
  message.mutable_hello()->set_name(name_);
  env_.transport.send(node, Channel::kField, message.SerializeAsString());
}

}  // namespace lockstep::cloud
