// The gRPC port of a node: the database's service, health and reflection, on one thread of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/api/gateway.h"
#include "net/endpoint.h"

namespace lockstep::api {

struct GrpcOptions {
  net::Endpoint listen;  // port 0: the system chooses
  // Where members are reached over gRPC, for hints; need not be complete.
  std::map<NodeId, std::string> addresses{};
  std::size_t max_connections = 10'000;  // for one beyond it, one that has said nothing is closed
  // Of answers that wait for their callers to read on, all together; beyond it the largest is dropped.
  std::size_t max_held_bytes = std::size_t{96} << 20;
  Duration call_timeout = std::chrono::seconds(10);  // as in GrpcLimits

  struct Tls {  // PEM texts
    std::string certificate;
    std::string key;
    std::string client_ca;  // clients must show a certificate of it; empty: none is asked for
  };
  std::optional<Tls> tls{};  // none: in the clear
};

// Everything on the loop's thread, or while the loop does not run.
class GrpcServer {
 public:
  explicit GrpcServer(net::EventLoop& loop);
  // Stops.
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // The gateway outlives the server, or the server is stopped first. Once.
  Status start(GrpcOptions options, Gateway& gateway);
  // Calls under way are told that the node stops; returns when all have ended, in a fraction of a second.
  void stop();

  std::uint16_t port() const;  // listened at

 private:
  struct Running;

  net::EventLoop& loop_;
  std::unique_ptr<Running> running_;
  std::shared_ptr<GrpcServer*> self_;  // for timers that may come too late

  void look_at_health();
};

}  // namespace lockstep::api
