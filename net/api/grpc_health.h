// The standard health service on gRPC's thread. gRPC's own would start threads that poll every connection:
// each request would pass through one of them first.
#pragma once

#include <set>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "net/api/grpc_desk.h"

namespace lockstep::api {

// Everything on gRPC's thread, but for what comes before it starts.
class GrpcHealth {
 public:
  explicit GrpcHealth(GrpcDesk& desk) : desk_(desk) {}

  grpc::Service& service() { return service_; }
  void wait_for_callers();

  // Watchers are told of a change.
  void set(bool serving);
  // Ends every watch, now and from now on.
  void stop();

 private:
  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;
  class Check;
  class Watch;

  Response::ServingStatus status_of(const std::string& service) const;

  GrpcDesk& desk_;
  grpc::health::v1::Health::AsyncService service_;
  std::set<Watch*> watches_;
  bool serving_ = false;
  bool stopping_ = false;
};

}  // namespace lockstep::api
