// Connections that others make to this member: who they are, whether they may come in, and what they send.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/connection.h"
#include "net/event_loop.h"
#include "net/transport_options.h"

namespace lockstep::net {

class Doorkeeper {
 public:
  // All outlive the doorkeeper.
  Doorkeeper(EventLoop& loop, const Place& place, const TransportOptions& options,
             TransportCounters& counters, Receive receive, Log log);
  ~Doorkeeper();

  void serve(Tcp::acceptor acceptor);
  void on_member_arrived(std::function<void(NodeId)> call) { member_arrived_ = std::move(call); }

  // To a client's connection; false: the frame is lost. A client that does not read what it asked for is
  // dropped.
  bool send(NodeId client, Channel channel, BytesView payload);
  void flush();

  // Of a client's made-up id: what it calls itself; none if it is gone.
  NodeId name_of(NodeId client) const;
  std::size_t clients() const { return clients_.size(); }
  std::size_t connections() const { return parties_.size(); }

 private:
  struct Caller;
  using CallerPtr = std::shared_ptr<Caller>;

  void accept_next(const std::shared_ptr<Tcp::acceptor>& acceptor);
  void admit(Tcp::socket socket);
  void greet(std::uint64_t number, std::unique_ptr<Stream> stream);
  void on_frame(const CallerPtr& caller, const Frame& frame);
  void on_hello(const CallerPtr& caller, const Frame& frame);
  // Empty: let in. Fills in the caller's party.
  std::string objection(Caller& caller, const Hello& hello);
  std::string taken(const Hello& hello) const;
  void welcome(const CallerPtr& caller, const Hello& hello);
  void refuse(const CallerPtr& caller, const std::string& reason);
  void leave(const CallerPtr& caller);

  EventLoop& loop_;
  Place place_;
  const TransportOptions& options_;
  TransportCounters& counters_;
  Receive receive_;
  Log log_;
  NoSecurity in_the_clear_;
  std::function<void(NodeId)> member_arrived_;
  std::vector<std::shared_ptr<Tcp::acceptor>> acceptors_;
  std::map<std::uint64_t, CallerPtr> parties_;  // all, by number
  std::map<NodeId, CallerPtr> clients_;         // by made-up id
  std::map<NodeId, CallerPtr> members_;
  std::uint64_t next_number_ = 0;
  std::vector<CallerPtr> dirty_;
  std::shared_ptr<Doorkeeper*> self_;  // for callbacks that may come too late
};

}  // namespace lockstep::net
