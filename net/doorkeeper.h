// Connections that others make to this member: who they are, whether they may come in, and what they send.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/premises.h"

namespace lockstep::net {

class Doorkeeper final : private MemoryPool::Port {
 public:
  // They outlive the doorkeeper.
  explicit Doorkeeper(Premises& premises);
  ~Doorkeeper();
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  void serve(Tcp::acceptor acceptor);
  // A member has said hello, from the process that drew `boot`.
  void on_member_arrived(std::function<void(NodeId, std::uint64_t boot)> call) {
    member_arrived_ = std::move(call);
  }

  // Its connection is closed. Called on the loop, never inside send(). None: nobody asks.
  void on_client_gone(std::function<void(NodeId client)> call) { client_gone_ = std::move(call); }

  // To the connection of a client or of one of the field; false: the frame is lost. A client that does not
  // read what it asked for is dropped.
  bool send(NodeId client, Channel channel, BytesView payload);

  // Closes the connection of a client or of one of the field when it has read what was sent to it: its place
  // is free for another process.
  void send_away(NodeId client);
  // Counts a frame that is not taken, and tells people why.
  void say_forbidden(const Party& from, const std::string& why);

  // Of a client's made-up id: what it calls itself; none if it is gone.
  NodeId name_of(NodeId client) const;
  std::size_t clients() const { return clients_.size(); }
  std::size_t connections() const { return parties_.size(); }
  // What the buffers of all connections hold; other ports of this process count theirs in it too.
  const std::shared_ptr<MemoryPool>& pool() const { return pool_; }

 private:
  struct Caller;
  using CallerPtr = std::shared_ptr<Caller>;

  void accept_next(const std::shared_ptr<Tcp::acceptor>& acceptor);
  void admit(Tcp::socket socket);
  void greet(const CallerPtr& caller, std::unique_ptr<Stream> stream);
  void on_frame(const CallerPtr& caller, const Frame& frame);
  void on_hello(const CallerPtr& caller, const Frame& frame);
  // Empty: let in. Fills in the caller's party.
  std::string objection(Caller& caller, const Hello& hello);
  std::string objection_to_member(const Caller& caller, const Hello& hello) const;
  std::string objection_to_client(Caller& caller, const Hello& hello) const;
  static std::string objection_to_second(const std::map<NodeId, CallerPtr>& known, const Hello& hello,
                                         std::string_view what);
  void welcome(const CallerPtr& caller, const Hello& hello);
  // Says why, and closes when the other side has had time to read it.
  void refuse(const CallerPtr& caller, const std::string& reason);
  void leave(const CallerPtr& caller);
  void forget(const CallerPtr& caller);
  void leave_later(const CallerPtr& caller, Duration patience);
  std::size_t most_held() const override;
  void drop_greediest(const std::string& why) override;
  CallerPtr greediest_client() const;
  void say(const std::string& line);

  Premises& premises_;
  std::function<void(NodeId, std::uint64_t)> member_arrived_;
  std::function<void(NodeId)> client_gone_;
  std::size_t places_;  // for clients; a quarter as many for those who have not said yet who they are
  std::vector<std::shared_ptr<Tcp::acceptor>> acceptors_;
  std::map<std::uint64_t, CallerPtr> parties_;  // all, by number
  std::set<std::uint64_t> strangers_;           // have not been let in, or have been refused
  std::map<NodeId, CallerPtr> clients_;         // and the field, by id
  std::map<NodeId, CallerPtr> members_;
  std::uint64_t next_number_ = 0;
  std::shared_ptr<MemoryPool> pool_;
  std::chrono::steady_clock::time_point said_since_{};
  std::uint64_t said_ = 0;             // lines in the second that began then
  std::shared_ptr<Doorkeeper*> self_;  // for callbacks that may come too late
};

}  // namespace lockstep::net
