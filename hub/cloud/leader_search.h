// Which hub node leads, as the cloud finds out: greetings in turn, hints, silence.
#pragma once

#include <vector>

#include "base/env/actor.h"
#include "core/proto/field.pb.h"

namespace lockstep::cloud {

class LeaderSearch {
 public:
  // `env` outlives this. At least one hub node (checked).
  LeaderSearch(const env::Env& env, std::string name, std::vector<NodeId> hubs);

  // None: not known now.
  NodeId leader() const { return leader_; }
  // True: another node leads from now on.
  bool on_welcome(NodeId from, const wire::Welcome& welcome);
  void heard(NodeId from);
  void act(Instant now);
  Instant deadline() const { return next_; }

 private:
  void greet(NodeId node);

  const env::Env& env_;
  std::string name_;
  std::vector<NodeId> hubs_;
  NodeId leader_;
  Instant heard_{};
  Instant next_{};
  std::size_t turn_ = 0;
};

}  // namespace lockstep::cloud
