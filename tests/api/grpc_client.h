// A stock gRPC client of one node, in the words of the core; knows the mapping that docs/api.md promises.
#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>

#include "lockstep/v1/database.grpc.pb.h"
#include "tests/api/protocol.h"

namespace lockstep::tests {

// The detail that the node put into an error; none: the error is not the node's.
std::optional<v1::ErrorDetail> detail_of(const grpc::Status& status);

class GrpcCaller final : public Caller {
 public:
  GrpcCaller(const std::string& address, std::string token,
             std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials());

  Answer ask(const wire::Request& request) override;

  v1::Database::Stub& stub() { return *stub_; }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }
  // With the token, and a deadline beyond any that the node keeps.
  std::unique_ptr<grpc::ClientContext> context() const;

 private:
  Answer write(const wire::WriteRequest& request);
  Answer query(const wire::QueryRequest& request);
  Answer status();

  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Database::Stub> stub_;
};

}  // namespace lockstep::tests
