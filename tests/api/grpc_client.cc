// To the public messages and back.
#include "tests/api/grpc_client.h"

#include "base/check.h"
#include "lockstep/v1/rpc_status.pb.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

void to_public(const wire::Statement& statement, v1::Statement& out) {
  out.set_sql(statement.sql());
  for (const wire::Value& value : statement.parameters()) {
    v1::Value& parameter = *out.add_parameters();
    switch (value.kind_case()) {
      case wire::Value::kInteger: parameter.set_integer(value.integer()); break;
      case wire::Value::kReal: parameter.set_real(value.real()); break;
      case wire::Value::kText: parameter.set_text(value.text()); break;
      case wire::Value::kBlob: parameter.set_blob(value.blob()); break;
      case wire::Value::KIND_NOT_SET: parameter.mutable_null(); break;
    }
  }
}

void to_core(const v1::Row& row, wire::Row& out) {
  for (const v1::Value& value : row.values()) {
    wire::Value& cell = *out.add_values();
    switch (value.kind_case()) {
      case v1::Value::kInteger: cell.set_integer(value.integer()); break;
      case v1::Value::kReal: cell.set_real(value.real()); break;
      case v1::Value::kText: cell.set_text(value.text()); break;
      case v1::Value::kBlob: cell.set_blob(value.blob()); break;
      case v1::Value::kNull: break;
      case v1::Value::KIND_NOT_SET: ADD_FAILURE() << "a value of no kind"; break;
    }
  }
}

void to_core(const v1::WriteResult& result, wire::WriteOutcome& out) {
  out.set_index(result.index());
  out.set_deduplicated(result.deduplicated());
  out.set_kind(wire::WriteOutcome::EXECUTED);
  if (result.outcome() == v1::OUTCOME_ABORTED) out.set_kind(wire::WriteOutcome::ABORTED);
  if (result.outcome() == v1::OUTCOME_SEQUENCE_EXPIRED) out.set_kind(wire::WriteOutcome::SEQUENCE_EXPIRED);
  if (result.outcome() == v1::OUTCOME_SESSION_UNKNOWN) out.set_kind(wire::WriteOutcome::SESSION_UNKNOWN);
  if (out.kind() != wire::WriteOutcome::EXECUTED) return;
  wire::BatchResult& batch = *out.mutable_result();
  batch.set_outcome(static_cast<std::uint32_t>(result.outcome()));
  batch.set_message(result.message());
  batch.set_failed_statement(result.failed_statement());
  for (const v1::StatementResult& statement : result.statements()) {
    wire::StatementResult& to = *batch.add_statements();
    to.set_changes(statement.changes());
    to.set_last_insert_rowid(statement.last_insert_rowid());
    for (const std::string& column : statement.columns()) to.mutable_rows()->add_columns(column);
    for (const v1::Row& row : statement.rows()) to_core(row, *to.mutable_rows()->add_rows());
  }
  for (const v1::TableVersion& version : result.versions()) {
    wire::TableVersion& to = *batch.add_versions();
    to.set_table(version.table());
    to.set_version(version.version());
  }
}

struct Meaning {
  grpc::StatusCode code;
  wire::ReplyStatus status;
};

// What docs/api.md says; the code of a STOPPED answer depends on the question.
Meaning meaning_of(v1::Reason reason) {
  using grpc::StatusCode;
  switch (reason) {
    case v1::REASON_NOT_LEADER: return {StatusCode::UNAVAILABLE, wire::NOT_LEADER};
    case v1::REASON_NO_LEADER: return {StatusCode::UNAVAILABLE, wire::NO_LEADER};
    case v1::REASON_NOT_READY: return {StatusCode::UNAVAILABLE, wire::NOT_READY};
    case v1::REASON_OVERLOADED: return {StatusCode::RESOURCE_EXHAUSTED, wire::OVERLOADED};
    case v1::REASON_LEADERSHIP_LOST: return {StatusCode::UNKNOWN, wire::LEADERSHIP_LOST};
    case v1::REASON_TIMED_OUT: return {StatusCode::DEADLINE_EXCEEDED, wire::TIMED_OUT};
    case v1::REASON_BAD_REQUEST: return {StatusCode::INVALID_ARGUMENT, wire::BAD_REQUEST};
    case v1::REASON_FORBIDDEN: return {StatusCode::PERMISSION_DENIED, wire::FORBIDDEN};
    default: return {StatusCode::OK, wire::STATUS_NONE};
  }
}

Answer failure(const grpc::Status& status) {
  const auto detail = detail_of(status);
  if (detail && detail->reason() == v1::REASON_TOKEN) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    return {.let_in = false, .reply = {}};
  }
  Answer answer;
  if (!detail) {  // gRPC's own: a message that is too long
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
    answer.reply.set_status(wire::BAD_REQUEST);
  } else {
    const Meaning meaning = meaning_of(detail->reason());
    EXPECT_EQ(status.error_code(), meaning.code) << detail->ShortDebugString();
    answer.reply.set_status(meaning.status);
    answer.reply.set_leader(detail->leader());
  }
  answer.reply.set_message(status.error_message());
  return answer;
}

Answer done() {
  Answer answer;
  answer.reply.set_status(wire::DONE);
  return answer;
}

}  // namespace

std::optional<v1::ErrorDetail> detail_of(const grpc::Status& status) {
  v1::RpcStatus details;
  v1::ErrorDetail detail;
  if (!details.ParseFromString(status.error_details()) || details.details_size() != 1) return std::nullopt;
  if (!details.details(0).UnpackTo(&detail)) return std::nullopt;
  EXPECT_EQ(details.code(), status.error_code());
  return detail;
}

GrpcCaller::GrpcCaller(const std::string& address, std::string token,
                       std::shared_ptr<grpc::ChannelCredentials> credentials)
    : token_(std::move(token)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(address, credentials, arguments);
  stub_ = v1::Database::NewStub(channel_);
}

std::unique_ptr<grpc::ClientContext> GrpcCaller::context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + 60s);
  context->set_wait_for_ready(true);
  if (!token_.empty()) context->AddMetadata("authorization", "Bearer " + token_);
  return context;
}

Answer GrpcCaller::ask(const wire::Request& request) {
  const auto context_ = context();
  Answer answer = done();
  switch (request.what_case()) {
    case wire::Request::kWrite: return write(request.write());
    case wire::Request::kQuery: return query(request.query());
    case wire::Request::kStatus: return status();
    case wire::Request::kGetVersion: {
      v1::GetVersionRequest ask;
      ask.set_table(request.get_version().table());
      v1::GetVersionResponse told;
      const grpc::Status ended = stub_->GetVersion(context_.get(), ask, &told);
      answer.reply.set_version(told.version());
      return ended.ok() ? answer : failure(ended);
    }
    case wire::Request::kOpenSession: {
      v1::OpenSessionResponse told;
      const grpc::Status ended = stub_->OpenSession(context_.get(), {}, &told);
      answer.reply.set_session(told.session());
      return ended.ok() ? answer : failure(ended);
    }
    case wire::Request::kCloseSession: {
      v1::CloseSessionRequest ask;
      ask.set_session(request.close_session().session());
      v1::CloseSessionResponse told;
      const grpc::Status ended = stub_->CloseSession(context_.get(), ask, &told);
      return ended.ok() ? answer : failure(ended);
    }
    default: CHECK(false, "not a call of this protocol: ", int{request.what_case()});
  }
  return answer;
}

Answer GrpcCaller::write(const wire::WriteRequest& request) {
  v1::WriteOptions options;
  options.set_mode(static_cast<v1::WriteMode>(request.mode()));
  if (request.has_pause_before_commit_ms())
    options.set_pause_before_commit_ms(request.pause_before_commit_ms());
  options.set_session(request.write().session());
  options.set_sequence(request.write().sequence());
  options.set_first_incomplete(request.write().first_incomplete());
  for (const wire::TableVersion& expected : request.write().expected()) {
    v1::TableVersion& version = *options.add_expected_versions();
    version.set_table(expected.table());
    version.set_version(expected.version());
  }
  const auto context_ = context();
  v1::ExecuteResponse told;
  grpc::Status ended;
  if (request.write().statements_size() == 1) {
    v1::ExecuteRequest ask;
    to_public(request.write().statements(0), *ask.mutable_statement());
    *ask.mutable_options() = options;
    ended = stub_->Execute(context_.get(), ask, &told);
  } else {
    v1::ExecuteBatchRequest ask;
    for (const wire::Statement& statement : request.write().statements())
      to_public(statement, *ask.add_statements());
    *ask.mutable_options() = options;
    ended = stub_->ExecuteBatch(context_.get(), ask, &told);
  }
  if (!ended.ok()) return failure(ended);
  Answer answer = done();
  to_core(told.result(), *answer.reply.mutable_write());
  return answer;
}

Answer GrpcCaller::query(const wire::QueryRequest& request) {
  v1::QueryRequest ask;
  to_public(request.statement(), *ask.mutable_statement());
  ask.set_consistency(request.level() == wire::LOCAL ? v1::CONSISTENCY_LOCAL : v1::CONSISTENCY_LINEARIZABLE);
  const auto context_ = context();
  const auto reader = stub_->Query(context_.get(), ask);
  Answer answer = done();
  wire::QueryReply& reply = *answer.reply.mutable_query();
  bool first = true;
  for (v1::QueryResponse chunk; reader->Read(&chunk); first = false) {
    if (first) {
      reply.set_outcome(static_cast<std::uint32_t>(chunk.outcome()));
      reply.set_message(chunk.message());
      for (const std::string& column : chunk.columns()) reply.mutable_rows()->add_columns(column);
      reply.set_applied(chunk.applied_index());
      reply.set_staleness_ns(chunk.staleness_ns());
    }
    for (const v1::Row& row : chunk.rows()) to_core(row, *reply.mutable_rows()->add_rows());
  }
  const grpc::Status ended = reader->Finish();
  return ended.ok() ? answer : failure(ended);
}

Answer GrpcCaller::status() {
  const auto context_ = context();
  v1::StatusResponse told;
  const grpc::Status ended = stub_->Status(context_.get(), {}, &told);
  if (!ended.ok()) return failure(ended);
  Answer answer = done();
  wire::StatusReply& reply = *answer.reply.mutable_node_status();
  reply.set_node(told.node());
  reply.set_role(static_cast<std::uint32_t>(told.role()));
  reply.set_term(told.term());
  reply.set_leader(told.leader());
  reply.set_first_index(told.first_index());
  reply.set_last_index(told.last_index());
  reply.set_commit_index(told.commit_index());
  reply.set_applied_index(told.applied_index());
  reply.set_digest(told.digest());
  return answer;
}

}  // namespace lockstep::tests
