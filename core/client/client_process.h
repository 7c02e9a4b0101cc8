// A client as a process of its own, driven from outside: a call and what to do with its answer.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/env/actor.h"
#include "core/client/client.h"

namespace lockstep::client {

// Calls are made on the actor's thread, between its turns or from inside a callback.
class ClientProcess : public env::Actor {
 public:
  using Then = std::function<void(const Completion&)>;

  ClientProcess(const env::Env& env, Config config) : env_(env), client_(std::move(config), env.clock.monotonic_now()) {}

  void write(std::vector<wire::Statement> statements, WriteOptions options, Duration timeout, Then then);
  void query(wire::Statement statement, ReadOptions options, Duration timeout, Then then);
  void get_version(std::string table, std::optional<NodeId> at, Duration timeout, Then then);
  void status(NodeId node, Duration timeout, Then then);
  void maintain(wire::Maintain::What what, Duration timeout, Then then);
  void close_session(Duration timeout, Then then);
  // See Client.
  void on_unreachable(NodeId node, bool may_have_arrived);
  void give_up();
  void add_node(NodeId node) { client_.add_node(node); }
  const wire::Reply* last_reply() const { return client_.last_reply(); }

  void start() override {}
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override;
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void on_turn_end() override;

 private:
  Instant now() const { return env_.clock.monotonic_now(); }
  void expect(CallId id, Then then);

  env::Env env_;
  Client client_;
  std::map<CallId, Then> waiting_;
  bool concluding_ = false;  // callbacks run; what they ask for is sent when all have run
};

}  // namespace lockstep::client
