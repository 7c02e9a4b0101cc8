// Hosts one actor in the real world: its ports, the order of its turns, and its end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env/actor.h"
#include "net/event_loop.h"
#include "net/link_rules.h"
#include "net/loop_alarm.h"
#include "net/posix_disk.h"
#include "net/probe_switch.h"
#include "net/system_clock.h"
#include "net/tcp_transport.h"
#include "net/thread_lanes.h"

namespace lockstep::net {

struct HostOptions {
  Place place;
  Incarnation incarnation{1};
  std::uint64_t seed = 0;      // from the operating system at boot; the host mixes in the incarnation
  std::string data_directory;  // exists; empty: this process has no files
  TransportOptions transport;
  env::Trace* trace = nullptr;  // outlives the host; none: nobody looks
  Log log;
};

// Everything on the loop's thread. Several hosts may share a loop.
class Host {
 public:
  using Factory = std::function<std::unique_ptr<env::Actor>(const env::Env&)>;
  // A local party has no socket: a gateway of another protocol in this process.
  using LocalReceive = std::function<void(Channel channel, BytesView payload)>;
  // What stands before the actor: nothing lets the frame of a client or of one of the field pass; else the
  // actor does not see it.
  struct Forbidden {
    Channel channel = Channel::kReply;
    Bytes answer;     // goes back on it
    std::string why;  // for people; empty: the sender's own business
  };
  using Filter =
      std::function<std::optional<Forbidden>(const Party& from, Channel channel, BytesView payload)>;

  Host(EventLoop& loop, HostOptions options, const Factory& factory);
  // Kills the process: its disk fails, its lanes end, then it is destroyed. Nothing is flushed. Not from
  // inside one of its turns: post it.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void start();
  // Runs code on the actor as one of its turns; what it sends leaves afterwards.
  void turn(const std::function<void()>& code);

  void attach_local(NodeId id, LocalReceive receive) {
    locals_[id] = std::make_shared<LocalReceive>(std::move(receive));
  }
  // The actor is told that it is gone.
  void detach_local(NodeId id);
  // A frame from a local party, as a turn.
  void deliver(NodeId from, Channel channel, BytesView payload);
  void filter_clients(Filter filter) { filter_ = std::move(filter); }

  env::Actor& actor() { return *actor_; }
  const env::Env& env() const { return env_; }
  TcpTransport& transport() { return tcp_; }
  PosixDisk& disk() { return disk_; }
  LinkRules& links() { return links_; }
  ProbeSwitch& probes() { return probes_; }

 private:
  // What the actor sees of the network: local parties, rules, then TCP.
  class Router final : public env::Transport {
   public:
    explicit Router(Host& host) : host_(host) {}
    void send(NodeId to, Channel channel, BytesView payload) override { host_.send(to, channel, payload); }
    void forget(NodeId peer) override { host_.tcp_.forget(peer); }

   private:
    Host& host_;
  };
  struct NoTrace final : env::Trace {
    bool wants(const env::EventType&) const override { return false; }
    void emit(const env::Event&) override {}
  };
  struct Local {  // a frame on its way to a local party
    NodeId to;
    Channel channel;
    Bytes payload;
  };

  void send(NodeId to, Channel channel, BytesView payload);
  void on_frame(const Party& from, Channel channel, BytesView payload);
  void receive(NodeId from, Channel channel, BytesView payload);
  void client_gone(NodeId client);
  void end_turn_soon();
  void end_turn();

  EventLoop& loop_;
  HostOptions options_;
  SystemClock clock_;
  LoopAlarm alarm_;
  PosixDisk disk_;
  LinkRules links_;
  TcpTransport tcp_;
  Router router_;
  ProbeSwitch probes_;
  NoTrace no_trace_;
  std::map<NodeId, std::shared_ptr<LocalReceive>> locals_;
  std::vector<Local> to_locals_;
  Filter filter_;
  bool turn_open_ = false;       // its end is scheduled
  std::shared_ptr<Host*> self_;  // for callbacks that may come too late
  std::unique_ptr<ThreadLanes> lanes_;
  env::Env env_;
  std::unique_ptr<env::Actor> actor_;
};

}  // namespace lockstep::net
