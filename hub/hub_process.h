// A node with a hub in it: one process, one actor, two parts that know each other through requests and the
// feed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/env/actor.h"
#include "hub/hub.h"
#include "hub/hub_config.h"
#include "hub/local_database.h"

namespace lockstep::hub {

// Makes the node's actor and subscribes the hub to its feed, which must show row changes
// (sql::Options::feed). The ports of `env` live as long as the process.
using NodeFactory =
    std::function<std::unique_ptr<env::Actor>(const env::Env& env, service::FeedSubscriber& subscriber)>;

// The number under which the hub is a client of its own node. No frame with it leaves the process, so all
// hubs have the same.
inline constexpr NodeId kHubClient{0xffff'ffff};

class HubProcess final : public env::Actor {
 public:
  HubProcess(const env::Env& env, HubConfig config, const NodeFactory& make_node);

  void start() override;
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override;
  void on_client_gone(NodeId client) override;
  void on_job_done(std::unique_ptr<env::Job> job) override;
  void on_turn_end() override;

  env::Actor& node() { return *node_; }
  bool leads() const { return hub_.leads(); }
  std::optional<Edges::Presences> presences() const { return hub_.presences(); }
  std::optional<wire::StatusReport> report() const { return hub_.report(); }

 private:
  // Answers to the hub's own requests stay here and are delivered before the turn ends.
  class Router final : public env::Transport {
   public:
    explicit Router(env::Transport& outside) : outside_(outside) {}
    void send(NodeId to, Channel channel, BytesView payload) override;
    void forget(NodeId peer) override { outside_.forget(peer); }
    std::deque<Bytes> take() { return std::exchange(answers_, {}); }
    bool has_answers() const { return !answers_.empty(); }

   private:
    env::Transport& outside_;
    std::deque<Bytes> answers_{};
  };
  // The node's half of the one alarm.
  struct NodeAlarm final : public env::Alarm {
    void set(Instant at) override { due = at; }
    Instant due = kNever;
  };

  void set_alarm();

  env::Env env_;
  Router router_;
  NodeAlarm node_alarm_;
  LocalDatabase database_;
  Hub hub_;
  std::unique_ptr<env::Actor> node_;
  Instant alarm_ = kNever;
};

}  // namespace lockstep::hub
