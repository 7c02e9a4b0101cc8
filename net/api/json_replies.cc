// Each end of a call has its status, its code, and whether trying again may help.
#include "net/api/json_replies.h"

#include "net/api/json_values.h"
#include "net/api/serving.h"

namespace lockstep::api {
namespace {

struct Refusal {
  int status = 500;
  std::string_view code = "internal";
  std::string_view sentence = "an answer of a kind that this program does not know";
  bool retryable = false;
};

Refusal refusal_of(wire::ReplyStatus status) {
  switch (status) {
    case wire::NOT_LEADER: return {421, "not_leader", "this node does not lead: ask the leader", true};
    case wire::NO_LEADER: return {503, "no_leader", "no leader is known: try again after a pause", true};
    case wire::OVERLOADED: return {503, "overloaded", "too much is waiting: try again after a pause", true};
    case wire::NOT_READY: return {503, "not_ready", "this node is recovering", true};
    case wire::LEADERSHIP_LOST:
      return {504, "leadership_lost", "the leader was deposed before the outcome was known", true};
    case wire::TIMED_OUT: return {504, "timeout", "there was no answer in time", true};
    case wire::BAD_REQUEST: return {400, "bad_request", "the node does not take such a request"};
    case wire::STOPPED: return {503, "stopped", "this node has stopped: ask another", true};
    case wire::FORBIDDEN: return {403, "forbidden", "the token's role does not allow this"};
    default: return {};
  }
}

// storage/sql/value.h, Outcome: 1 is ok.
Refusal refusal_of_sql(std::uint32_t outcome) {
  switch (outcome) {
    case 2: return {409, "constraint", "a constraint of the schema was violated"};
    case 3: return {400, "sql_error", "the statement is not valid here"};
    case 4: return {422, "refused", "the statement is not allowed"};
    case 5: return {422, "limit", "a limit of the database was exceeded"};
    case 6: return {409, "version_conflict", "a table has not the expected version"};
    default: return {};
  }
}

Refusal refusal_of_write(wire::WriteOutcome::Kind kind) {
  switch (kind) {
    case wire::WriteOutcome::ABORTED:
      return {409, "aborted", "the two-phase write was given up and has had no effect", true};
    case wire::WriteOutcome::SEQUENCE_EXPIRED:
      return {410, "sequence_expired", "the client had said that it has the answer to this sequence"};
    case wire::WriteOutcome::SESSION_UNKNOWN:
      return {410, "session_unknown", "the session was never opened, was closed or has expired"};
    default: return {};
  }
}

constexpr Refusal kNoSuchSession{404, "session_unknown",
                                 "there is no such session: it was never opened, was closed or has expired"};

struct Answer {
  wire::Request::WhatCase what;
  const wire::Reply& reply;
  const HttpOrigins& origins;

  bool is_write() const {
    return what != wire::Request::kQuery && what != wire::Request::kGetVersion &&
           what != wire::Request::kStatus;
  }
  void name_leader(JsonWriter& json) const {
    const NodeId leader(reply.leader());
    if (leader.is_none()) return;
    json.key("leader").open_object().member("id", leader.value());
    if (const auto origin = origins.find(leader); origin != origins.end()) json.member("url", origin->second);
    json.close_object();
  }
  HttpResponse refused(const Refusal& why, const std::string& message,
                       std::optional<std::uint32_t> statement = {}) const {
    HttpResponse response{.status = why.status};
    if (why.status == 503) response.headers.emplace_back("Retry-After", "1");
    JsonWriter json(response.body);
    json.open_object().key("error").open_object();
    json.member("code", why.code)
        .member("message", message.empty() ? why.sentence : std::string_view(message));
    json.member("retryable", why.retryable);
    if (is_write() && leaves_a_write_open(reply.status())) json.member("outcome", "unknown");
    if (statement) json.member("statement", *statement);
    name_leader(json);
    json.close_object().close_object();
    response.body += '\n';
    return response;
  }
};

HttpResponse respond_to_write(const Answer& answer) {
  const wire::WriteOutcome& outcome = answer.reply.write();
  if (outcome.kind() != wire::WriteOutcome::EXECUTED)
    return answer.refused(refusal_of_write(outcome.kind()), "");
  const wire::BatchResult& result = outcome.result();
  if (result.outcome() != 1) {
    return answer.refused(refusal_of_sql(result.outcome()), result.message(), result.failed_statement());
  }
  HttpResponse response;
  JsonWriter json(response.body);
  json.open_object().member("index", outcome.index()).member("deduplicated", outcome.deduplicated());
  json.key("results").open_array();
  for (const wire::StatementResult& statement : result.statements()) {
    json.open_object().member("changes", statement.changes());
    json.member("last_insert_rowid", statement.last_insert_rowid());
    if (statement.rows().columns_size() > 0) write_rows(json, statement.rows());
    json.close_object();
  }
  json.close_array().key("versions").open_object();
  for (const wire::TableVersion& version : result.versions()) json.member(version.table(), version.version());
  json.close_object().close_object();
  response.body += '\n';
  return response;
}

HttpResponse respond_to_query(const Answer& answer, std::optional<Duration> max_staleness) {
  const wire::QueryReply& query = answer.reply.query();
  if (query.outcome() != 1) return answer.refused(refusal_of_sql(query.outcome()), query.message());
  const double staleness_ms = static_cast<double>(query.staleness_ns()) / 1e6;
  if (max_staleness && query.staleness_ns() > static_cast<std::uint64_t>(max_staleness->count())) {
    return answer.refused({503, "too_stale", "", true},
                          cat("this node last heard its leader ", staleness_ms, " ms ago"));
  }
  HttpResponse response;
  JsonWriter json(response.body);
  json.open_object();
  write_rows(json, query.rows());
  json.member("applied", query.applied()).member("staleness_ms", staleness_ms).close_object();
  response.body += '\n';
  return response;
}

}  // namespace

HttpResponse respond_to(wire::Request::WhatCase what, const wire::Reply& reply, const HttpOrigins& origins,
                        std::optional<Duration> max_staleness) {
  const Answer answer{what, reply, origins};
  if (reply.status() != wire::DONE) return answer.refused(refusal_of(reply.status()), reply.message());
  HttpResponse response;
  JsonWriter json(response.body);
  switch (what) {
    case wire::Request::kWrite: return respond_to_write(answer);
    case wire::Request::kQuery: return respond_to_query(answer, max_staleness);
    case wire::Request::kOpenSession:
      json.open_object().member("session", reply.session()).close_object();
      break;
    case wire::Request::kCloseSession:
      if (reply.session() == 0) return answer.refused(kNoSuchSession, "");
      json.open_object().close_object();
      break;
    case wire::Request::kGetVersion:
      json.open_object().member("version", reply.version()).close_object();
      break;
    default: json.open_object().close_object(); break;
  }
  response.body += '\n';
  return response;
}

}  // namespace lockstep::api
