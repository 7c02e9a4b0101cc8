// Field by field; what the two sides number alike is asserted, not assumed.
#include "net/api/grpc_types.h"

#include <utility>

#include "base/utf8.h"
#include "lockstep/v1/rpc_status.pb.h"
#include "net/api/serving.h"

namespace lockstep::api {
namespace {

// ---- requests ----------------------------------------------------------------------------------------

void to_wire(v1::Value& value, wire::Value& out) {
  switch (value.kind_case()) {
    case v1::Value::kInteger: out.set_integer(value.integer()); break;
    case v1::Value::kReal: out.set_real(value.real()); break;
    case v1::Value::kText: out.set_text(std::move(*value.mutable_text())); break;
    case v1::Value::kBlob: out.set_blob(std::move(*value.mutable_blob())); break;
    case v1::Value::kNull:
    case v1::Value::KIND_NOT_SET: break;
  }
}

void to_wire(v1::Statement& statement, wire::Statement& out) {
  out.set_sql(std::move(*statement.mutable_sql()));
  for (v1::Value& value : *statement.mutable_parameters()) to_wire(value, *out.add_parameters());
}

static_assert(int{v1::WRITE_MODE_UNSPECIFIED} == int{wire::DEFAULT_MODE});
static_assert(int{v1::WRITE_MODE_QUORUM} == int{wire::QUORUM});
static_assert(int{v1::WRITE_MODE_STRONG} == int{wire::STRONG});

template <class Options>
Status options_to_wire(Options& options, wire::WriteRequest& out) {
  if (!v1::WriteMode_IsValid(options.mode()))
    return fail(ErrorCode::kInvalidArgument, cat("expected a known write mode, found ", int{options.mode()}));
  out.set_mode(static_cast<wire::WriteMode>(options.mode()));
  if (options.has_pause_before_commit_ms()) out.set_pause_before_commit_ms(options.pause_before_commit_ms());
  wire::Write& write = *out.mutable_write();
  write.set_sequence(options.sequence());
  write.set_first_incomplete(options.first_incomplete());
  for (v1::TableVersion& expected : *options.mutable_expected_versions()) {
    wire::TableVersion& version = *write.add_expected();
    version.set_table(std::move(*expected.mutable_table()));
    version.set_version(expected.version());
  }
  return {};
}

// ---- answers -----------------------------------------------------------------------------------------

void from_wire(wire::Value& value, v1::Value& out) {
  switch (value.kind_case()) {
    case wire::Value::kInteger: out.set_integer(value.integer()); break;
    case wire::Value::kReal: out.set_real(value.real()); break;
    case wire::Value::kText: out.set_text(std::move(*value.mutable_text())); break;
    case wire::Value::kBlob: out.set_blob(std::move(*value.mutable_blob())); break;
    case wire::Value::KIND_NOT_SET: out.mutable_null(); break;
  }
}

void from_wire(wire::StatementResult& result, v1::StatementResult& out) {
  out.set_changes(result.changes());
  out.set_last_insert_rowid(result.last_insert_rowid());
  for (std::string& column : *result.mutable_rows()->mutable_columns()) out.add_columns(std::move(column));
  for (wire::Row& row : *result.mutable_rows()->mutable_rows()) api::from_wire(row, *out.add_rows());
}

// storage/sql/value.h, Outcome, and v1::Outcome have the same numbers from 1 to 6.
v1::Outcome outcome_of(std::uint32_t sql) {
  return v1::Outcome_IsValid(static_cast<int>(sql)) ? static_cast<v1::Outcome>(sql) : v1::OUTCOME_UNSPECIFIED;
}

v1::Reason reason_of(wire::ReplyStatus status) {
  switch (status) {
    case wire::NOT_LEADER: return v1::REASON_NOT_LEADER;
    case wire::NO_LEADER: return v1::REASON_NO_LEADER;
    case wire::OVERLOADED: return v1::REASON_OVERLOADED;
    case wire::NOT_READY: return v1::REASON_NOT_READY;
    case wire::LEADERSHIP_LOST: return v1::REASON_LEADERSHIP_LOST;
    case wire::TIMED_OUT: return v1::REASON_TIMED_OUT;
    case wire::BAD_REQUEST: return v1::REASON_BAD_REQUEST;
    case wire::STOPPED: return v1::REASON_STOPPED;
    case wire::FORBIDDEN: return v1::REASON_FORBIDDEN;
    default: return v1::REASON_UNSPECIFIED;
  }
}

grpc::StatusCode code_of(const v1::ErrorDetail& detail) {
  switch (detail.reason()) {
    case v1::REASON_NOT_LEADER:
    case v1::REASON_NO_LEADER:
    case v1::REASON_NOT_READY:
    case v1::REASON_STALE: return grpc::StatusCode::UNAVAILABLE;
    case v1::REASON_OVERLOADED: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case v1::REASON_TIMED_OUT: return grpc::StatusCode::DEADLINE_EXCEEDED;
    case v1::REASON_BAD_REQUEST: return grpc::StatusCode::INVALID_ARGUMENT;
    case v1::REASON_FORBIDDEN: return grpc::StatusCode::PERMISSION_DENIED;
    case v1::REASON_TOKEN: return grpc::StatusCode::UNAUTHENTICATED;
    default: break;  // LEADERSHIP_LOST, STOPPED
  }
  return detail.maybe_executed() ? grpc::StatusCode::UNKNOWN : grpc::StatusCode::UNAVAILABLE;
}

}  // namespace

Result<wire::Request> to_wire(v1::ExecuteRequest& request) {
  wire::Request out;
  wire::Write& write = *out.mutable_write()->mutable_write();
  if (request.has_statement()) to_wire(*request.mutable_statement(), *write.add_statements());
  write.set_session(request.options().session());
  LOCKSTEP_TRY_STATUS(options_to_wire(*request.mutable_options(), *out.mutable_write()));
  return out;
}

Result<wire::Request> to_wire(v1::ExecuteBatchRequest& request) {
  wire::Request out;
  wire::Write& write = *out.mutable_write()->mutable_write();
  for (v1::Statement& statement : *request.mutable_statements()) to_wire(statement, *write.add_statements());
  write.set_session(request.options().session());
  LOCKSTEP_TRY_STATUS(options_to_wire(*request.mutable_options(), *out.mutable_write()));
  return out;
}

Result<wire::Request> to_wire(v1::SessionRequest::Write& request, std::uint64_t session) {
  wire::Request out;
  wire::Write& write = *out.mutable_write()->mutable_write();
  for (v1::Statement& statement : *request.mutable_statements()) to_wire(statement, *write.add_statements());
  write.set_session(session);
  LOCKSTEP_TRY_STATUS(options_to_wire(request, *out.mutable_write()));
  return out;
}

Result<wire::Request> to_wire(v1::QueryRequest& request) {
  wire::Request out;
  wire::QueryRequest& query = *out.mutable_query();
  to_wire(*request.mutable_statement(), *query.mutable_statement());
  switch (request.consistency()) {
    case v1::CONSISTENCY_LINEARIZABLE: query.set_level(wire::LINEARIZABLE); break;
    case v1::CONSISTENCY_LOCAL: query.set_level(wire::LOCAL); break;
    default:
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected a known consistency level, found ", int{request.consistency()}));
  }
  if (request.max_staleness_ms() > 0 && query.level() != wire::LOCAL)
    return fail(ErrorCode::kInvalidArgument, "expected max_staleness_ms with CONSISTENCY_LOCAL only");
  return out;
}

Result<wire::Request> to_wire(v1::GetVersionRequest& request) {
  wire::Request out;
  out.mutable_get_version()->set_table(std::move(*request.mutable_table()));
  return out;
}

Result<wire::Request> to_wire(v1::StatusRequest&) {
  wire::Request out;
  out.mutable_status();
  return out;
}

Result<wire::Request> to_wire(v1::OpenSessionRequest&) {
  wire::Request out;
  out.mutable_open_session();
  return out;
}

Result<wire::Request> to_wire(v1::CloseSessionRequest& request) {
  wire::Request out;
  out.mutable_close_session()->set_session(request.session());
  return out;
}

void from_wire(wire::Row& row, v1::Row& out) {
  for (wire::Value& value : *row.mutable_values()) from_wire(value, *out.add_values());
}

void from_wire(wire::WriteOutcome& outcome, v1::WriteResult& result) {
  result.set_index(outcome.index());
  result.set_deduplicated(outcome.deduplicated());
  wire::BatchResult& batch = *outcome.mutable_result();
  switch (outcome.kind()) {
    case wire::WriteOutcome::EXECUTED: result.set_outcome(outcome_of(batch.outcome())); break;
    case wire::WriteOutcome::ABORTED: result.set_outcome(v1::OUTCOME_ABORTED); break;
    case wire::WriteOutcome::SEQUENCE_EXPIRED: result.set_outcome(v1::OUTCOME_SEQUENCE_EXPIRED); break;
    case wire::WriteOutcome::SESSION_UNKNOWN: result.set_outcome(v1::OUTCOME_SESSION_UNKNOWN); break;
    default: break;
  }
  result.set_message(as_utf8(batch.message()));
  result.set_failed_statement(batch.failed_statement());
  for (wire::StatementResult& statement : *batch.mutable_statements())
    from_wire(statement, *result.add_statements());
  for (wire::TableVersion& written : *batch.mutable_versions()) {
    v1::TableVersion& version = *result.add_versions();
    version.set_table(std::move(*written.mutable_table()));
    version.set_version(written.version());
  }
}

void from_wire(wire::QueryReply& reply, v1::QueryResponse& response) {
  response.set_outcome(outcome_of(reply.outcome()));
  response.set_message(as_utf8(reply.message()));
  for (std::string& column : *reply.mutable_rows()->mutable_columns())
    response.add_columns(std::move(column));
  response.set_applied_index(reply.applied());
  response.set_staleness_ns(reply.staleness_ns());
}

void from_wire(const wire::StatusReply& status, const NodeFacts& facts, v1::StatusResponse& response) {
  response.set_node(status.node());
  const int role = static_cast<int>(status.role());
  response.set_role(v1::Role_IsValid(role) ? static_cast<v1::Role>(role) : v1::ROLE_UNSPECIFIED);
  response.set_term(status.term());
  response.set_leader(status.leader());
  response.set_first_index(status.first_index());
  response.set_last_index(status.last_index());
  response.set_commit_index(status.commit_index());
  response.set_applied_index(status.applied_index());
  response.set_digest(status.digest());
  for (const auto& [node, peer] : facts.peers) {
    v1::Peer& out = *response.add_peers();
    out.set_node(node.value());
    out.set_connected(peer.connected);
    out.set_trouble(as_utf8(peer.trouble));
  }
}

v1::ErrorDetail error_detail(const wire::Reply& reply, bool is_write, const Addresses& addresses) {
  v1::ErrorDetail detail;
  detail.set_reason(reason_of(reply.status()));
  detail.set_maybe_executed(is_write && leaves_a_write_open(reply.status()));
  detail.set_leader(reply.leader());
  const auto found = addresses.find(NodeId(reply.leader()));
  if (found != addresses.end()) detail.set_leader_address(found->second);
  detail.set_message(as_utf8(reply.message()));
  return detail;
}

grpc::Status to_status(const v1::ErrorDetail& detail) {
  v1::RpcStatus status;
  status.set_code(code_of(detail));
  status.set_message(detail.message());
  status.add_details()->PackFrom(detail);
  return {code_of(detail), detail.message(), status.SerializeAsString()};
}

}  // namespace lockstep::api
