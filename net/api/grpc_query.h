// A query: one request, its rows in chunks.
#pragma once

#include "net/api/grpc_desk.h"

namespace lockstep::api {

// Owns itself, like UnaryCall.
class QueryCall final : public GrpcTag, public GrpcWaiter, public GrpcHolder {
 public:
  static void wait_for_caller(GrpcDesk& desk) { new QueryCall(desk); }

  void on_event(bool ok) override;
  void drop() override;
  void on_reply(std::uint64_t call, wire::Reply& reply, const std::optional<NodeFacts>& facts) override;

 private:
  enum class State { kWaiting, kAsking, kSending, kFinished, kSent };
  // gRPC's word that nothing of the call is under way any more, or that its caller has gone.
  struct Departure final : GrpcTag {
    explicit Departure(QueryCall& of) : call(of) {}
    void on_event(bool) override { call.on_departure(); }
    QueryCall& call;
  };

  explicit QueryCall(GrpcDesk& desk);
  ~QueryCall() override;

  void on_caller();
  void on_departure();
  void delete_if_over();
  void send_chunk();
  void finish(const grpc::Status& status);

  GrpcDesk& desk_;
  State state_ = State::kWaiting;
  Departure departure_{*this};
  bool departed_ = false;
  bool dropped_ = false;
  std::uint64_t call_ = 0;
  grpc::ServerContext context_;
  grpc::ByteBuffer bytes_;  // of the request
  v1::QueryRequest request_;
  wire::Reply reply_;
  int next_row_ = 0;
  v1::QueryResponse chunk_;
  grpc::ServerAsyncWriter<v1::QueryResponse> writer_;
};

void wait_for_query_callers(GrpcDesk& desk);

}  // namespace lockstep::api
