// A query: one request, its rows in chunks.
#pragma once

#include "net/api/grpc_desk.h"

namespace lockstep::api {

// Owns itself, like UnaryCall.
class QueryCall final : public GrpcTag, public GrpcWaiter {
 public:
  static void wait_for_caller(GrpcDesk& desk) { new QueryCall(desk); }

  void on_event(bool ok) override;
  void on_reply(std::uint64_t call, wire::Reply& reply, const std::optional<NodeFacts>& facts) override;

 private:
  enum class State { kWaiting, kAsking, kSending, kFinished };

  explicit QueryCall(GrpcDesk& desk);
  ~QueryCall() override { desk_.ended(); }

  void on_caller();
  void send_chunk();
  void finish(const grpc::Status& status);

  GrpcDesk& desk_;
  State state_ = State::kWaiting;
  grpc::ServerContext context_;
  v1::QueryRequest request_;
  wire::Reply reply_;
  int next_row_ = 0;
  v1::QueryResponse chunk_;
  grpc::ServerAsyncWriter<v1::QueryResponse> writer_;
};

void wait_for_query_callers(GrpcDesk& desk);

}  // namespace lockstep::api
