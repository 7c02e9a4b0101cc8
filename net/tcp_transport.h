// Frames between processes over TCP: members dial members, clients dial members, and nobody waits for
// anybody.
//
// Each ordered pair of members has a connection of its own, dialled by the sender, so that two that dial each
// other at once need no rule for who wins. A client sends and receives on the connection that it has dialled.
#pragma once

#include "base/env/transport.h"
#include "net/dialler.h"
#include "net/doorkeeper.h"

namespace lockstep::net {

class TcpTransport final : public env::Transport {
 public:
  TcpTransport(EventLoop& loop, const Place& place, TransportOptions options, Receive receive, Log log);

  // Accepts connections; may be called for several sockets.
  void serve(Tcp::acceptor acceptor) { doorkeeper_.serve(std::move(acceptor)); }

  // See Doorkeeper.
  void on_client_gone(std::function<void(NodeId client)> call) {
    doorkeeper_.on_client_gone(std::move(call));
  }

  // One more to dial, for a process that learns only later who is there.
  void add_peer(NodeId peer, const Endpoint& endpoint);
  void send(NodeId to, Channel channel, BytesView payload) override;
  void forget(NodeId peer) override {
    dialler_.knows(peer) ? dialler_.forget(peer) : doorkeeper_.send_away(peer);
  }
  void say_forbidden(const Party& from, const std::string& why) { doorkeeper_.say_forbidden(from, why); }
  // What was sent since the last flush leaves now.
  void flush() { premises_.flush(); }

  const std::map<NodeId, Endpoint>& peers() const { return premises_.options.peers; }
  const TransportCounters& counters() const { return premises_.counters; }
  const Dialler& dialler() const { return dialler_; }
  const Doorkeeper& doorkeeper() const { return doorkeeper_; }

 private:
  Premises premises_;
  Dialler dialler_;
  Doorkeeper doorkeeper_;
};

}  // namespace lockstep::net
