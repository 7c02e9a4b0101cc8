// The gRPC port of every member of a test's cluster.
#pragma once

#include "net/api/grpc_server.h"
#include "tests/api/real_cluster.h"

namespace lockstep::tests {

// Members name each other's addresses in hints.
class GrpcDoors {
 public:
  // Where to listen and whom to name is filled in.
  explicit GrpcDoors(RealCluster& cluster, const api::GrpcOptions& options = {});

  std::string address(NodeId node) const { return addresses_.at(node); }
  // On the loop.
  api::GrpcServer& server(NodeId node) { return *servers_.at(node); }

 private:
  std::map<NodeId, std::string> addresses_;
  std::map<NodeId, std::shared_ptr<api::GrpcServer>> servers_;
};

}  // namespace lockstep::tests
