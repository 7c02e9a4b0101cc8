// Connections that this process makes: on demand, again after a while when they fail, none is waited for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/premises.h"

namespace lockstep::net {

class Dialler {
 public:
  // They outlive the dialler.
  explicit Dialler(Premises& premises);
  ~Dialler();

  void add(NodeId peer, const Endpoint& endpoint);
  bool knows(NodeId peer) const { return peers_.contains(peer); }
  // False: the frame is lost. While a connection is being made, frames wait for it.
  bool send(NodeId peer, Channel channel, BytesView payload);
  // It has just dialled us, from the process that drew `boot`: the next attempt is due at once, and a
  // connection to an earlier life of it is given up.
  void hurry(NodeId peer, std::uint64_t boot);
  void forget(NodeId peer);

  std::set<NodeId> connected() const;
  // Why the last attempt to reach a peer failed; empty if none has failed since the last success.
  std::string trouble_with(NodeId peer) const;

 private:
  struct Peer;

  FrameHeader header(const Peer& peer, Channel channel) const;
  void dial(Peer& peer);
  void resolve(Peer& dialled);
  void on_socket(NodeId id, std::uint64_t attempt, Tcp::socket socket);
  void on_stream(Peer& peer, std::unique_ptr<Stream> stream);
  void on_closed(Peer& peer, const std::string& why);
  void on_frame(Peer& peer, const Frame& frame);
  void on_welcome(Peer& peer, const Frame& frame);
  void become_ready(Peer& peer, const Welcome& welcome);
  // Back to idle; what waited is lost.
  void drop(Peer& peer);
  void fail(Peer& peer, const std::string& why);
  // The peer, if this attempt is still its current one.
  Peer* current(NodeId id, std::uint64_t attempt);

  Premises& premises_;
  Tcp::resolver resolver_;
  std::map<NodeId, std::unique_ptr<Peer>> peers_;
  std::uint64_t next_attempt_ = 0;
  std::shared_ptr<Dialler*> self_;  // for callbacks that may come too late
};

}  // namespace lockstep::net
