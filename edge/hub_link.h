// Which hub node leads, and whether it still answers: greetings, silence, another search.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/env/actor.h"
#include "core/proto/field.pb.h"

namespace lockstep::edge {

struct LinkOptions {
  std::vector<NodeId> hubs;                                // at least one
  Duration greet_every = std::chrono::milliseconds(500);   // while nothing else is heard from the leader
  Duration lost_after = std::chrono::milliseconds(2000);   // of its silence
  Duration search_least = std::chrono::milliseconds(100);  // between two greetings while searching; doubled
  Duration search_most = std::chrono::milliseconds(2000);  // each time up to this
};

class HubLink {
 public:
  struct Listener {
    std::function<wire::Hello()> hello;
    std::function<void(NodeId leader, std::uint32_t credit)> found;
    std::function<void(NodeId leader)> lost;
  };

  HubLink(const env::Env& env, LinkOptions options, Listener listener);

  void start();
  // None: searching.
  NodeId leader() const { return leader_; }
  bool is_hub(NodeId node) const;
  // Since when no leader has been known; nothing while one is.
  std::optional<Instant> silent_since() const;
  // To the leader, if there is one.
  void send(const wire::FieldMessage& message);
  // Says hello to the leader, if there is one, though it is heard.
  void greet_leader();

  // Any message of a hub node.
  void heard(NodeId from);
  void on_welcome(NodeId from, const wire::Welcome& welcome);
  // It takes nothing from us: not to be spoken to but by another greeting.
  void on_not_taken(NodeId from) {
    if (from == leader_) lose();
  }
  Instant deadline() const { return next_; }
  void on_deadline();

 private:
  Instant now() const { return env_.clock.monotonic_now(); }
  void send(NodeId to, const wire::FieldMessage& message);
  void greet(NodeId node);
  void search();
  void lose();

  env::Env env_;
  LinkOptions options_;
  Listener listener_;
  NodeId leader_;
  Instant heard_{};  // from the leader
  Instant greeted_{};
  NodeId asked_;  // who was greeted last and has not answered
  Instant silent_since_{};
  Instant next_ = kNever;       // greeting or verdict
  std::size_t turn_ = 0;        // whose turn it is to be greeted
  std::uint64_t searches_ = 0;  // since a leader was known
  std::optional<NodeId> hint_;  // said to lead, and not greeted since
};

}  // namespace lockstep::edge
