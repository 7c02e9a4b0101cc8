// Lets connections in to the gRPC server: accepted here, so that they can be counted and bounded.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>

#include "net/api/gateway.h"
#include "net/event_loop.h"

namespace lockstep::api {

// gRPC has no limit of connections of its own, and tells nobody when one has ended. On the loop's thread.
class GrpcDoor {
 public:
  // Takes over a connected socket.
  using Enter = std::function<void(int descriptor)>;

  // `loop` outlives the door.
  GrpcDoor(net::EventLoop& loop, net::Tcp::acceptor acceptor, std::size_t max_connections, Enter enter);
  // Nobody comes in any more; who is in stays.
  ~GrpcDoor();
  GrpcDoor(const GrpcDoor&) = delete;
  GrpcDoor& operator=(const GrpcDoor&) = delete;

  PortFacts facts();
  std::uint16_t port() const { return port_; }

 private:
  void accept_next();
  void admit(net::Tcp::socket socket);
  void forget_ended();

  net::EventLoop& loop_;
  net::Tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::size_t places_;
  Enter enter_;
  std::map<int, ino_t> entered_;  // descriptors, and which socket each was then
  std::uint64_t refused_ = 0;
  std::shared_ptr<GrpcDoor*> self_;  // for callbacks that may come too late
};

}  // namespace lockstep::api
