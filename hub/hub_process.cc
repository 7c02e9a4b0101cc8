// Turns: the node's step, then the answers it has for the hub, then the hub's, until nothing is left to say.
#include "hub/hub_process.h"

#include <algorithm>

namespace lockstep::hub {

void HubProcess::Router::send(NodeId to, Channel channel, BytesView payload) {
  if (to == kHubClient && channel == Channel::kReply) {
    answers_.emplace_back(payload);
  } else {
    outside_.send(to, channel, payload);
  }
}

HubProcess::HubProcess(const env::Env& env, HubConfig config, const NodeFactory& make_node)
    : env_(env),
      router_(env.transport),
      database_([this](BytesView request) { node_->on_message(kHubClient, Channel::kRequest, request); }),
      hub_(env, std::move(config), database_),
      node_(make_node({.self = env.self,
                       .incarnation = env.incarnation,
                       .seed = env.seed,
                       .clock = env.clock,
                       .alarm = node_alarm_,
                       .transport = router_,
                       .disk = env.disk,
                       .lanes = env.lanes,
                       .probe = env.probe,
                       .trace = env.trace},
                      hub_)) {}

void HubProcess::start() { node_->start(); }

void HubProcess::on_message(NodeId from, Channel channel, BytesView payload) {
  if (from == kHubClient) return;  // that is nobody outside
  if (channel == Channel::kField) {
    hub_.on_field(from, payload);
  } else {
    node_->on_message(from, channel, payload);
  }
}

void HubProcess::on_client_gone(NodeId client) { node_->on_client_gone(client); }

void HubProcess::on_alarm() {
  alarm_ = kNever;
  if (env_.clock.monotonic_now() < node_alarm_.due) return;  // it is the hub's: see on_turn_end
  node_alarm_.due = kNever;
  node_->on_alarm();
}

// Jobs of both: all that an actor does with a finished job is to call done().
void HubProcess::on_job_done(std::unique_ptr<env::Job> job) { node_->on_job_done(std::move(job)); }

// The hub never repeats a request in the turn of its answer, so this ends.
void HubProcess::on_turn_end() {
  do {
    for (const Bytes& answer : router_.take()) database_.on_reply(answer);
    hub_.act();
    node_->on_turn_end();
  } while (router_.has_answers());
  set_alarm();
}

void HubProcess::set_alarm() {
  const Instant next = std::min(node_alarm_.due, hub_.deadline());
  if (next == alarm_) return;
  alarm_ = next;
  env_.alarm.set(next);
}

}  // namespace lockstep::hub
