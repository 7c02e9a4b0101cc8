// The one handler of the database's calls for every protocol in this process: from a request to exactly one
// reply.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/proto/client.pb.h"
#include "net/api/access.h"
#include "net/host.h"

namespace lockstep::api {

struct GatewayOptions {
  std::shared_ptr<const TokenTable> tokens{};  // none: everybody may do everything
  std::size_t max_outstanding = 20'000;        // calls; beyond it OVERLOADED
};

// What the process knows of its surroundings, beside what a status call says.
struct NodeFacts {
  NodeId self;
  net::TransportCounters transport;
  struct Peer {
    bool connected = false;
    std::string trouble;  // why the last attempt to reach it failed; empty: none has since the last success
  };
  std::map<NodeId, Peer> peers{};
  std::size_t clients = 0;      // of the native protocol
  std::size_t connections = 0;  // that others made to the native port
  std::size_t outstanding = 0;  // calls of this gateway
};

// A port of another protocol in this process.
struct PortFacts {
  std::size_t connections = 0;  // now
  std::uint64_t refused = 0;
};

// A request that another thread has encoded, without the number of its call.
struct EncodedRequest {
  wire::Request::WhatCase what = wire::Request::WHAT_NOT_SET;
  Bytes bytes;
};

// A query that nobody waits for after so long is ended then.
void set_patience(wire::Request& request, Duration timeout);

class Gateway;

// Somebody who asks through the gateway: a connection of another protocol. To the node each is a client of
// its own, so that they take turns. When it goes, nobody waits for its queries any more: they are ended.
class Guest {
 public:
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 private:
  friend class Gateway;
  Guest(std::shared_ptr<Gateway*> gateway, NodeId party) : gateway_(std::move(gateway)), party_(party) {}

  std::shared_ptr<Gateway*> gateway_;
  NodeId party_;
};

// On the loop's thread. Its calls reach the actor as frames of local parties, so every rule of the front desk
// holds for them, and calls of one turn share its end.
class Gateway {
 public:
  // Called once per call, on the loop, never inside call(). The reply may be taken apart.
  using Then = std::function<void(wire::Reply& reply)>;

  // All outlive the gateway.
  Gateway(net::EventLoop& loop, net::Host& host, GatewayOptions options);
  // What is still unanswered is answered STOPPED: a write among it is of unknown outcome.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // May outlive the gateway.
  std::shared_ptr<Guest> receive_guest();

  // The number of the call is the gateway's own. After `timeout` the reply is TIMED_OUT: a query is ended, a
  // write may still be executed. Without a guest the process itself asks. Gives the number.
  std::uint64_t call(wire::Request& request, Access access, Duration timeout, Then then,
                     const Guest* guest = nullptr);
  // The same without Protobuf on the loop: the reply is an encoded wire::Reply, valid during the call. A
  // query has its patience already.
  using ThenBytes = std::function<void(BytesView reply)>;
  std::uint64_t call_encoded(EncodedRequest request, Access access, Duration timeout, ThenBytes then,
                             const Guest* guest = nullptr);
  // Nobody waits for the reply to this query any more, and none comes. Nothing, if it has come.
  void withdraw(std::uint64_t number);

  // From any thread.
  Result<Access> authenticate(std::string_view token) const;

  NodeFacts facts() const;
  // Whoever serves gRPC says how to look at its port, and takes it back at its end (empty).
  void show_grpc(std::function<PortFacts()> look) { grpc_ = std::move(look); }
  std::optional<PortFacts> grpc() const { return grpc_ ? std::optional(grpc_()) : std::nullopt; }
  net::EventLoop& loop() { return loop_; }
  net::Host& host() { return host_; }

 private:
  friend class Guest;
  struct Waiting {
    Instant deadline;
    wire::Request::WhatCase what;
    NodeId party;
    ThenBytes then;
  };

  Instant now() const;
  void attach(NodeId party);
  void lose(NodeId party);
  void receive(BytesView payload);
  void refuse(ThenBytes then, wire::ReplyStatus status, std::string message);
  void wake_at(Instant deadline);
  void on_timer();

  net::EventLoop& loop_;
  net::Host& host_;
  GatewayOptions options_;
  std::function<PortFacts()> grpc_;
  std::map<std::uint64_t, Waiting> waiting_;  // by call number
  std::uint64_t next_call_ = 0;
  std::set<NodeId> parties_;  // this process and its guests
  std::uint64_t last_guest_ = 0;
  net::asio::steady_timer timer_;
  Instant wake_ = kNever;
  std::shared_ptr<Gateway*> self_;  // for timers that may come too late
};

}  // namespace lockstep::api
