// HTTP/JSON for the suite: the core's messages as JSON and back, written against docs/api.md, not against the
// server's own code.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "net/api/json_values.h"
#include "tests/api/http_doors.h"
#include "tests/api/protocol.h"

namespace lockstep::tests {
namespace {

using Json = nlohmann::json;

Json json_of(const wire::Value& value) {
  switch (value.kind_case()) {
    case wire::Value::kInteger: return value.integer();
    case wire::Value::kReal: return value.real();
    case wire::Value::kBlob: return {{"blob", api::to_base64(value.blob())}};
    case wire::Value::kText:
      if (!api::is_utf8(value.text())) return {{"text_base64", api::to_base64(value.text())}};
      return value.text();
    default: return nullptr;
  }
}

wire::Value value_of(const Json& json) {
  wire::Value value;
  if (json.is_number_integer()) value.set_integer(json.get<std::int64_t>());
  if (json.is_number_float()) value.set_real(json.get<double>());
  if (json.is_string()) value.set_text(json.get<std::string>());
  if (json.is_object() && json.contains("blob"))
    value.set_blob(*api::from_base64(json["blob"].get<std::string>()));
  if (json.is_object() && json.contains("text_base64"))
    value.set_text(*api::from_base64(json["text_base64"].get<std::string>()));
  return value;
}

Json json_of(const wire::Statement& statement) {
  Json parameters = Json::array();
  for (const wire::Value& value : statement.parameters()) parameters.push_back(json_of(value));
  return {{"sql", statement.sql()}, {"parameters", parameters}};
}

Json json_of(const wire::WriteRequest& request) {
  Json json{{"statements", Json::array()}};
  for (const wire::Statement& statement : request.write().statements())
    json["statements"].push_back(json_of(statement));
  if (request.mode() == wire::STRONG) json["mode"] = "strong";
  if (request.has_pause_before_commit_ms()) json["pause_before_commit_ms"] = request.pause_before_commit_ms();
  if (request.write().session() > 0) json["session"] = request.write().session();
  if (request.write().sequence() > 0) json["sequence"] = request.write().sequence();
  if (request.write().first_incomplete() > 0) json["first_incomplete"] = request.write().first_incomplete();
  for (const wire::TableVersion& expected : request.write().expected())
    json["expected"][expected.table()] = expected.version();
  return json;
}

void read_rows(const Json& json, wire::Rows& rows) {
  for (const Json& column : json.value("columns", Json::array())) rows.add_columns(column.get<std::string>());
  for (const Json& row : json.value("rows", Json::array())) {
    wire::Row& out = *rows.add_rows();
    for (const Json& value : row) *out.add_values() = value_of(value);
  }
}

void read_write(const Json& json, wire::WriteOutcome& outcome) {
  outcome.set_kind(wire::WriteOutcome::EXECUTED);
  outcome.set_index(json["index"]);
  outcome.set_deduplicated(json["deduplicated"]);
  outcome.mutable_result()->set_outcome(1);
  for (const Json& result : json["results"]) {
    wire::StatementResult& out = *outcome.mutable_result()->add_statements();
    out.set_changes(result["changes"]);
    out.set_last_insert_rowid(result["last_insert_rowid"]);
    read_rows(result, *out.mutable_rows());
  }
  for (const auto& [table, version] : json["versions"].items()) {
    wire::TableVersion& out = *outcome.mutable_result()->add_versions();
    out.set_table(table);
    out.set_version(version);
  }
}

// What is decided has an outcome; everything else is a status.
void read_error(const Json& error, bool is_write, wire::Reply& reply) {
  static const std::map<std::string, std::uint32_t> kOutcomes = {
      {"constraint", 2}, {"sql_error", 3}, {"refused", 4}, {"limit", 5}, {"version_conflict", 6}};
  static const std::map<std::string, wire::WriteOutcome::Kind> kKinds = {
      {"aborted", wire::WriteOutcome::ABORTED},
      {"sequence_expired", wire::WriteOutcome::SEQUENCE_EXPIRED},
      {"session_unknown", wire::WriteOutcome::SESSION_UNKNOWN}};
  static const std::map<std::string, wire::ReplyStatus> kStatuses = {
      {"not_leader", wire::NOT_LEADER}, {"no_leader", wire::NO_LEADER},
      {"overloaded", wire::OVERLOADED}, {"not_ready", wire::NOT_READY},
      {"stopped", wire::STOPPED},       {"leadership_lost", wire::LEADERSHIP_LOST},
      {"timeout", wire::TIMED_OUT},     {"bad_request", wire::BAD_REQUEST},
      {"too_large", wire::BAD_REQUEST}, {"forbidden", wire::FORBIDDEN}};
  const std::string code = error["code"];
  reply.set_message(error["message"].get<std::string>());
  if (error.contains("leader")) reply.set_leader(error["leader"]["id"]);
  if (const auto outcome = kOutcomes.find(code); outcome != kOutcomes.end()) {
    reply.set_status(wire::DONE);
    if (!is_write) {
      reply.mutable_query()->set_outcome(outcome->second);
      return;
    }
    reply.mutable_write()->set_kind(wire::WriteOutcome::EXECUTED);
    reply.mutable_write()->mutable_result()->set_outcome(outcome->second);
    reply.mutable_write()->mutable_result()->set_message(reply.message());
    reply.mutable_write()->mutable_result()->set_failed_statement(error.value("statement", 0u));
  } else if (const auto kind = kKinds.find(code); kind != kKinds.end()) {
    reply.set_status(wire::DONE);
    reply.mutable_write()->set_kind(kind->second);
  } else {
    CHECK(kStatuses.contains(code), "the code ", code);
    reply.set_status(kStatuses.at(code));
  }
}

void read_status(const Json& json, wire::StatusReply& status) {
  const std::vector<std::string> roles = {"unknown", "follower", "pre_candidate", "candidate", "leader"};
  status.set_node(json["node"]);
  if (!json["leader"].is_null()) status.set_leader(json["leader"]["id"]);
  for (std::uint32_t role = 0; role < roles.size(); ++role)
    if (json["role"].get<std::string>() == roles[role]) status.set_role(role);
  status.set_term(json["term"]);
  status.set_commit_index(json["commit_index"]);
}

class HttpCaller final : public Caller {
 public:
  HttpCaller(HttpDoors& doors, NodeId node, const std::string& token)
      : doors_(doors), node_(node), headers_("Content-Type: application/json\r\n") {
    if (!token.empty()) headers_ += cat("Authorization: Bearer ", token, "\r\n");
  }

  Answer ask(const wire::Request& request) override {
    const HttpAnswer answer = send(request);
    if (answer.status == 401) return {.let_in = false, .reply = {}};
    const Json json = Json::parse(answer.body, nullptr, false);
    CHECK(!json.is_discarded(), "a body that is no JSON: ", answer.body);
    wire::Reply reply;
    if (json.contains("error")) {
      read_error(json["error"], request.has_write(), reply);
      return {.let_in = true, .reply = reply};
    }
    reply.set_status(wire::DONE);
    switch (request.what_case()) {
      case wire::Request::kWrite: read_write(json, *reply.mutable_write()); break;
      case wire::Request::kOpenSession: reply.set_session(json["session"]); break;
      case wire::Request::kGetVersion: reply.set_version(json["version"]); break;
      case wire::Request::kStatus: read_status(json, *reply.mutable_node_status()); break;
      case wire::Request::kQuery:
        reply.mutable_query()->set_outcome(1);
        reply.mutable_query()->set_applied(json["applied"]);
        reply.mutable_query()->set_staleness_ns(
            static_cast<std::uint64_t>(std::ceil(json["staleness_ms"].get<double>() * 1e6)));
        read_rows(json, *reply.mutable_query()->mutable_rows());
        break;
      default: break;
    }
    return {.let_in = true, .reply = reply};
  }

 private:
  HttpAnswer send(const wire::Request& request) {
    switch (request.what_case()) {
      case wire::Request::kOpenSession: return doors_.ask(node_, "POST", "/v1/session", headers_);
      case wire::Request::kCloseSession:
        return doors_.ask(node_, "DELETE", cat("/v1/session/", request.close_session().session()), headers_);
      case wire::Request::kWrite:
        return doors_.ask(node_, "POST", "/v1/execute", headers_, json_of(request.write()).dump());
      case wire::Request::kGetVersion:
        return doors_.ask(node_, "GET", cat("/v1/version/", escaped(request.get_version().table())),
                          headers_);
      case wire::Request::kStatus: return doors_.ask(node_, "GET", "/status", headers_);
      case wire::Request::kQuery: {
        Json json = json_of(request.query().statement());
        if (request.query().level() == wire::LOCAL) json["level"] = "local";
        return doors_.ask(node_, "POST", "/v1/query", headers_, json.dump());
      }
      default: CHECK(false, "HTTP has no request of kind ", static_cast<int>(request.what_case()));
    }
    return {};
  }

  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char letter : text) out += letter == ' ' ? std::string("%20") : std::string(1, letter);
    return out;
  }

  HttpDoors& doors_;
  NodeId node_;
  std::string headers_;
};

class HttpProtocol final : public Protocol {
 public:
  void open(RealCluster& cluster) override { doors_.emplace(cluster); }
  std::unique_ptr<Caller> connect(RealCluster&, NodeId node, const std::string& token) override {
    return std::make_unique<HttpCaller>(*doors_, node, token);
  }

 private:
  std::optional<HttpDoors> doors_;
};

}  // namespace

ProtocolKind http_protocol() {
  return {"Http", [] { return std::make_unique<HttpProtocol>(); }};
}

}  // namespace lockstep::tests
