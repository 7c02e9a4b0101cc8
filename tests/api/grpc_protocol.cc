// The gRPC protocol for the suite, and its ports.
#include "base/check.h"
#include "tests/api/grpc_client.h"
#include "tests/api/grpc_doors.h"

namespace lockstep::tests {
namespace {

class GrpcProtocol final : public Protocol {
 public:
  void open(RealCluster& cluster) override { doors_.emplace(cluster); }
  std::unique_ptr<Caller> connect(RealCluster&, NodeId node, const std::string& token) override {
    return std::make_unique<GrpcCaller>(doors_->address(node), token);
  }

 private:
  std::optional<GrpcDoors> doors_;
};

// Free a moment ago; the system does not give it to the next who asks for any.
net::Endpoint free_endpoint(net::EventLoop& loop) {
  auto acceptor = net::listen(loop.context(), {.host = "127.0.0.1", .port = 0});
  CHECK(acceptor.has_value(), acceptor.error().message);
  return {.host = "127.0.0.1", .port = acceptor->local_endpoint().port()};
}

}  // namespace

GrpcDoors::GrpcDoors(RealCluster& cluster, const api::GrpcOptions& options) {
  cluster.on_loop([&] {
    std::map<NodeId, net::Endpoint> endpoints;
    for (const NodeId node : cluster.members()) {
      endpoints[node] = free_endpoint(cluster.loop());
      addresses_[node] = net::to_string(endpoints[node]);
    }
    for (const NodeId node : cluster.members()) {
      auto server = std::make_shared<api::GrpcServer>(cluster.loop());
      api::GrpcOptions here = options;
      here.listen = endpoints[node];
      here.addresses = addresses_;
      const Status started = server->start(here, cluster.gateway(node));
      CHECK(started.has_value(), started.error().message);
      servers_[node] = server;
      cluster.attach(node, [server] { server->stop(); });
    }
  });
}

ProtocolKind grpc_protocol() {
  return {"Grpc", [] { return std::make_unique<GrpcProtocol>(); }};
}

}  // namespace lockstep::tests
