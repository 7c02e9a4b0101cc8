// The public gRPC messages to and from what the core speaks. Strings are moved, not copied.
#pragma once

#include <grpcpp/support/status.h>

#include <map>
#include <string>

#include "base/result.h"
#include "core/proto/client.pb.h"
#include "lockstep/v1/database.pb.h"
#include "net/api/gateway.h"

namespace lockstep::api {

// kInvalidArgument: a value that the protocol does not have.
Result<wire::Request> to_wire(v1::ExecuteRequest& request);
Result<wire::Request> to_wire(v1::ExecuteBatchRequest& request);
Result<wire::Request> to_wire(v1::QueryRequest& request);
Result<wire::Request> to_wire(v1::GetVersionRequest& request);
Result<wire::Request> to_wire(v1::StatusRequest& request);
Result<wire::Request> to_wire(v1::OpenSessionRequest& request);
Result<wire::Request> to_wire(v1::CloseSessionRequest& request);
Result<wire::Request> to_wire(v1::SessionRequest::Write& write, std::uint64_t session);

void from_wire(wire::WriteOutcome& outcome, v1::WriteResult& result);
// The first message of a query's answer, without rows.
void from_wire(wire::QueryReply& reply, v1::QueryResponse& response);
void from_wire(wire::Row& row, v1::Row& out);
void from_wire(const wire::StatusReply& status, const NodeFacts& facts, v1::StatusResponse& response);

// Where members are reached over gRPC, as far as the configuration says.
using Addresses = std::map<NodeId, std::string>;

// Why a reply is not an answer; `is_write`: whether it may have been executed is a question at all.
v1::ErrorDetail error_detail(const wire::Reply& reply, bool is_write, const Addresses& addresses);
// With the detail inside.
grpc::Status to_status(const v1::ErrorDetail& detail);

}  // namespace lockstep::api
