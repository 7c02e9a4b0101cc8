// A call with one request and one answer, of every kind.
#pragma once

#include <memory>

#include "net/api/grpc_desk.h"
#include "net/api/serving.h"

namespace lockstep::api {

// What differs from kind to kind.
template <class Request, class Response>
struct UnaryKind {
  const char* method;
  bool is_write;
  void (*fill)(wire::Reply& reply, const std::optional<NodeFacts>& facts, Response& response);
};

// Owns itself: made to wait for a caller, gone when that one has its answer.
template <class Request, class Response>
class UnaryCall final : public GrpcTag, public GrpcWaiter {
 public:
  using Kind = UnaryKind<Request, Response>;

  static void wait_for_caller(GrpcDesk& desk, const Kind& kind) { new UnaryCall(desk, kind); }

  void on_event(bool ok) override {
    if (answered_ || !ok) {
      delete this;  // sent, or nobody came
    } else {
      wait_for_caller(desk_, kind_);
      on_caller();
    }
  }

  void on_reply(std::uint64_t, wire::Reply& reply, const std::optional<NodeFacts>& facts) override {
    if (reply.status() != wire::DONE) return finish(desk_.refuse(context_, reply, kind_.is_write));
    kind_.fill(reply, facts, response_);
    answered_ = true;
    writer_.Finish(response_, grpc::Status::OK, this);
  }

 private:
  UnaryCall(GrpcDesk& desk, const Kind& kind) : desk_(desk), kind_(kind), writer_(&context_) {
    desk_.began();
    desk_.service().wait_for_request(kind_.method, context_, bytes_, writer_, desk_.queue(), this);
  }
  ~UnaryCall() override { desk_.ended(); }

  void on_caller() {
    const auto access = desk_.admit(context_);
    if (!access) return finish(refuse_token(access.error()));
    auto request = read();
    if (!request) return finish(desk_.refuse(context_, bad_request(request.error().message), kind_.is_write));
    desk_.ask(*this, *request, *access, desk_.time_left(context_, *request));
  }

  Result<wire::Request> read() {
    Request request;
    LOCKSTEP_TRY_STATUS(read_request(bytes_, request));
    return to_wire(request);
  }

  void finish(const grpc::Status& status) {
    answered_ = true;
    writer_.FinishWithError(status, this);
  }

  GrpcDesk& desk_;
  const Kind& kind_;
  grpc::ServerContext context_;
  grpc::ByteBuffer bytes_;  // of the request
  Response response_;
  grpc::ServerAsyncResponseWriter<Response> writer_;
  bool answered_ = false;
};

// As many of each kind as may come in at once wait for their callers.
void wait_for_unary_callers(GrpcDesk& desk);

}  // namespace lockstep::api
