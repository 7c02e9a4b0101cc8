// Lets connections in to the gRPC server: accepted here, so that they can be counted and bounded.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>

#include "net/api/doorstep.h"
#include "net/api/gateway.h"

namespace lockstep::api {

// With those who connect and say nothing, here and in gRPC's own handshakes.
inline constexpr Duration kPatienceWithSilence = std::chrono::seconds(5);

// gRPC has no limit of connections of its own, and tells nobody when one has ended. On the loop's thread.
class GrpcDoor {
 public:
  // Takes over a connected socket.
  using Enter = std::function<void(int descriptor)>;

  // `loop` outlives the door.
  GrpcDoor(net::EventLoop& loop, net::Tcp::acceptor acceptor, std::size_t max_connections, Enter enter);
  // Its end: nobody comes in any more; who is in stays.
  GrpcDoor(const GrpcDoor&) = delete;
  GrpcDoor& operator=(const GrpcDoor&) = delete;

  PortFacts facts();
  std::uint16_t port() const { return port_; }

 private:
  std::size_t room();
  void let_in(net::Tcp::socket socket);
  void forget_ended();

  std::uint16_t port_;
  std::size_t places_;
  Enter enter_;
  std::map<int, ino_t> entered_;  // descriptors, and which socket each was then
  Doorstep doorstep_;
};

}  // namespace lockstep::api
