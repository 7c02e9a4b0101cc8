// The kinds of calls with one request and one answer.
#include "net/api/grpc_unary.h"

namespace lockstep::api {
namespace {

// Callers that arrive while as many are being taken in wait inside gRPC.
constexpr int kBusy = 64;
constexpr int kQuiet = 4;

void fill_write(wire::Reply& reply, const std::optional<NodeFacts>&, v1::ExecuteResponse& response) {
  from_wire(*reply.mutable_write(), *response.mutable_result());
}

void fill_version(wire::Reply& reply, const std::optional<NodeFacts>&, v1::GetVersionResponse& response) {
  response.set_version(reply.version());
}

void fill_session(wire::Reply& reply, const std::optional<NodeFacts>&, v1::OpenSessionResponse& response) {
  response.set_session(reply.session());
}

void fill_nothing(wire::Reply&, const std::optional<NodeFacts>&, v1::CloseSessionResponse&) {}

void fill_status(wire::Reply& reply, const std::optional<NodeFacts>& facts, v1::StatusResponse& response) {
  from_wire(reply.node_status(), facts.value_or(NodeFacts{}), response);
  response.set_can_commit(can_commit(reply));
}

const UnaryKind<v1::ExecuteRequest, v1::ExecuteResponse> kExecute{"Execute", true, fill_write};
const UnaryKind<v1::ExecuteBatchRequest, v1::ExecuteResponse> kExecuteBatch{"ExecuteBatch", true, fill_write};
const UnaryKind<v1::GetVersionRequest, v1::GetVersionResponse> kGetVersion{"GetVersion", false, fill_version};
const UnaryKind<v1::StatusRequest, v1::StatusResponse> kStatus{"Status", false, fill_status};
// Opening or closing a session twice harms nobody: it is safe to try again.
const UnaryKind<v1::OpenSessionRequest, v1::OpenSessionResponse> kOpenSession{"OpenSession", false,
                                                                              fill_session};
const UnaryKind<v1::CloseSessionRequest, v1::CloseSessionResponse> kCloseSession{"CloseSession", false,
                                                                                 fill_nothing};

template <class Request, class Response>
void wait_for(GrpcDesk& desk, const UnaryKind<Request, Response>& kind, int callers) {
  for (int caller = 0; caller < callers; ++caller) UnaryCall<Request, Response>::wait_for_caller(desk, kind);
}

}  // namespace

void wait_for_unary_callers(GrpcDesk& desk) {
  wait_for(desk, kExecute, kBusy);
  wait_for(desk, kExecuteBatch, kBusy);
  wait_for(desk, kGetVersion, kQuiet);
  wait_for(desk, kStatus, kQuiet);
  wait_for(desk, kOpenSession, kQuiet);
  wait_for(desk, kCloseSession, kQuiet);
}

}  // namespace lockstep::api
