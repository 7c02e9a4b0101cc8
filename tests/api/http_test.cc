// HTTP/JSON in front of real members: routes, roles, origins, and what becomes of requests.
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/api/http_doors.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

struct Answer : HttpAnswer {
  Json json() const { return Json::parse(body, nullptr, false); }
  std::string code() const { return json()["error"].value("code", ""); }
};

class HttpCluster {
 public:
  explicit HttpCluster(ClusterOptions options, const api::HubLook& hub = {})
      : cluster_(std::move(options)), doors_(cluster_, nullptr, hub) {}

  RealCluster& cluster() { return cluster_; }
  const net::Tcp::endpoint& address(NodeId node) const { return doors_.address(node); }
  std::string origin(NodeId node) const { return doors_.origin(node); }

  Answer ask(NodeId node, std::string_view method, std::string_view path, std::string_view headers = "",
             std::string_view body = "") {
    return {doors_.ask(node, method, path, headers, body)};
  }
  Answer get(NodeId node, std::string_view path, std::string_view headers = "") {
    return ask(node, "GET", path, headers);
  }
  Answer post(NodeId node, std::string_view path, const Json& body, std::string_view headers = "") {
    return ask(node, "POST", path, cat("Content-Type: application/json\r\n", headers), body.dump());
  }

 private:
  RealCluster cluster_;
  HttpDoors doors_;
};

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

TEST(Http, WritesAndReads) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  EXPECT_EQ(http.post(node, "/v1/execute", {{"sql", "CREATE TABLE t(a, b)"}}).status, 200);
  const Answer written = http.post(
      node, "/v1/execute",
      {{"statements",
        {{{"sql", "INSERT INTO t VALUES(?1, ?2)"}, {"parameters", {9007199254740993, {{"blob", "AAE="}}}}},
         "INSERT INTO t VALUES(2.0, NULL) RETURNING a, b"}}});
  ASSERT_EQ(written.status, 200) << written.body;
  EXPECT_EQ(written.json()["results"][1]["rows"], Json::parse("[[2.0,null]]"));
  EXPECT_EQ(written.json()["versions"]["t"], 3);
  const Answer read = http.post(node, "/v1/query", {{"sql", "SELECT a, b FROM t"}});
  ASSERT_EQ(read.status, 200) << read.body;
  EXPECT_EQ(read.json()["columns"], Json({"a", "b"}));
  EXPECT_NE(read.body.find("[[9007199254740993,{\"blob\":\"AAE=\"}],[2.0,null]]"), std::string::npos)
      << read.body;
  EXPECT_GE(read.json()["applied"], written.json()["index"]);
  EXPECT_EQ(http.get(node, "/v1/version/t").json()["version"], 3);
  EXPECT_EQ(http.get(node, "/v1/version/no%20table").json()["version"], 0);
}

TEST(Http, TellsWhatIsWrongWithTheSql) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  http.post(node, "/v1/execute", {{"sql", "CREATE TABLE t(a UNIQUE)"}});
  http.post(node, "/v1/execute", {{"sql", "INSERT INTO t VALUES(1)"}});
  const Answer twice =
      http.post(node, "/v1/execute", {{"statements", {"DELETE FROM t WHERE 0", "INSERT INTO t VALUES(1)"}}});
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.code(), "constraint");
  EXPECT_EQ(twice.json()["error"]["statement"], 1);
  EXPECT_EQ(http.post(node, "/v1/execute", {{"sql", "INSERT INTO nothing VALUES(1)"}}).code(), "sql_error");
  EXPECT_EQ(http.post(node, "/v1/execute", {{"sql", "ATTACH 'x' AS y"}}).code(), "refused");
  EXPECT_EQ(http.post(node, "/v1/query", {{"sql", "SELEC"}}).status, 400);
  const Answer conflict =
      http.post(node, "/v1/execute", {{"sql", "DELETE FROM t"}, {"expected", {{"t", 7}}}});
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.code(), "version_conflict");
  const Answer unread =
      http.ask(node, "POST", "/v1/query", "Content-Type: application/json\r\n", "{\"sql\":5}");
  EXPECT_EQ(unread.status, 400);
  EXPECT_EQ(unread.json()["error"]["message"], "body:1:8: /sql: expected a string, found 5");
}

TEST(Http, ASessionMakesARetryHarmless) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  http.post(node, "/v1/execute", {{"sql", "CREATE TABLE t(a)"}});
  const Json session = http.ask(node, "POST", "/v1/session").json()["session"];
  const Json write = {{"sql", "INSERT INTO t VALUES(1)"}, {"session", session}, {"sequence", 1}};
  EXPECT_EQ(http.post(node, "/v1/execute", write).json()["deduplicated"], false);
  EXPECT_EQ(http.post(node, "/v1/execute", write).json()["deduplicated"], true);
  EXPECT_EQ(http.post(node, "/v1/query", {{"sql", "SELECT count(*) FROM t"}}).json()["rows"][0][0], 1);
  const std::string path = cat("/v1/session/", session.get<std::uint64_t>());
  EXPECT_EQ(http.ask(node, "DELETE", path).status, 200);
  const Answer late = http.post(node, "/v1/execute", write);
  EXPECT_EQ(late.status, 410);
  EXPECT_EQ(late.code(), "session_unknown");
  const Answer again = http.ask(node, "DELETE", path);
  EXPECT_EQ(again.status, 404);
  EXPECT_EQ(again.code(), "session_unknown");
  EXPECT_EQ(http.ask(node, "DELETE", "/v1/session/x").status, 400);
}

TEST(Http, AFollowerPointsToTheLeader) {
  HttpCluster http({.nodes = 3});
  const NodeId leader = http.cluster().leader();
  const NodeId follower = http.cluster().follower();
  const Answer answer = http.post(follower, "/v1/execute", {{"sql", "CREATE TABLE t(a)"}});
  EXPECT_EQ(answer.status, 421);
  EXPECT_EQ(answer.code(), "not_leader");
  EXPECT_EQ(answer.json()["error"]["retryable"], true);
  EXPECT_EQ(answer.json()["error"]["leader"]["id"], leader.value());
  EXPECT_EQ(answer.json()["error"]["leader"]["url"], http.origin(leader));
  EXPECT_EQ(http.post(leader, "/v1/execute", {{"sql", "CREATE TABLE t(a)"}}).status, 200);
  EXPECT_EQ(http.post(follower, "/v1/query", {{"sql", "SELECT count(*) FROM t"}}).json()["rows"][0][0], 0);
  const Answer local = http.post(follower, "/v1/query",
                                 {{"sql", "SELECT 1"}, {"level", "local"}, {"max_staleness_ms", 600000}});
  EXPECT_EQ(local.status, 200) << local.body;
}

TEST(Http, WithoutAMajorityNothingIsPromised) {
  HttpCluster http({.nodes = 3});
  const NodeId leader = http.cluster().leader();
  for (const NodeId node : http.cluster().members())
    if (node != leader) http.cluster().kill(node);
  const Answer answer = http.post(leader, "/v1/execute", {{"sql", "CREATE TABLE t(a)"}, {"timeout_ms", 50}});
  EXPECT_TRUE(answer.status == 503 || answer.status == 504) << answer.body;
  EXPECT_EQ(answer.status == 504, answer.json()["error"].value("outcome", "") == "unknown") << answer.body;
  EXPECT_EQ(answer.json()["error"]["retryable"], true);
  EXPECT_EQ(http.get(leader, "/healthz").status, 200);
  EXPECT_EQ(http.get(leader, "/status").status, 200);
}

TEST(Http, RaftHasExactlyItsKeys) {
  HttpCluster http({.nodes = 3});
  const NodeId leader = http.cluster().leader();
  http.post(leader, "/v1/execute", {{"sql", "CREATE TABLE t(a)"}});
  const Json raft = http.get(leader, "/raft").json();
  EXPECT_EQ(keys_of(raft),
            (std::set<std::string>{"node_id", "state", "current_term", "log_length", "commit_index",
                                   "last_applied", "cluster_size", "leader_id"}));
  EXPECT_EQ(raft["node_id"], leader.value());
  EXPECT_EQ(raft["leader_id"], leader.value());
  EXPECT_EQ(raft["state"], "leader");
  EXPECT_EQ(raft["cluster_size"], 3);
  EXPECT_GE(raft["commit_index"], 2);
  EXPECT_GE(raft["last_applied"], 2);
  EXPECT_EQ(http.get(http.cluster().follower(), "/raft").json()["state"], "follower");
}

TEST(Http, StatusKnowsTheSurroundings) {
  HttpCluster http({.nodes = 3});
  const NodeId leader = http.cluster().leader();
  const Json status = http.get(leader, "/status").json();
  EXPECT_EQ(status["state"], "serving");
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(status["role"], "leader");
  EXPECT_EQ(status["leader"]["url"], http.origin(leader));
  EXPECT_EQ(status["members"].size(), 3u);
  EXPECT_EQ(status["matches"].size(), 3u);
  EXPECT_EQ(status["digest"].get<std::string>().size(), 16u);
  EXPECT_GT(status["resident_bytes"], 1'000'000);
  for (const Json& member : status["members"]) {
    EXPECT_EQ(member.contains("connected"), member["id"] != leader.value());
    EXPECT_EQ(member["url"], http.origin(NodeId(member["id"].get<std::uint64_t>())));
  }
}

TEST(Http, AnswersWhatIsNotThere) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  EXPECT_EQ(http.get(node, "/nothing").code(), "not_found");
  const Answer wrong = http.get(node, "/v1/execute");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_TRUE(wrong.says("Allow: POST, OPTIONS\r\n")) << wrong.head;
  EXPECT_EQ(http.ask(node, "PUT", "/status").status, 405);
  EXPECT_EQ(
      http.ask(node, "POST", "/v1/query", "Content-Type: text/plain\r\n", "{\"sql\":\"SELECT 1\"}").status,
      415);
  EXPECT_EQ(http.ask(node, "POST", "/v1/query", "", "{\"sql\":\"SELECT 1\"}").code(), "unsupported_type");
  EXPECT_EQ(http.get(node, "/v1/version/%zz").status, 404);
  EXPECT_EQ(http.get(node, "/v1/version/%ff").status, 400);
}

TEST(Http, HeadAndOptions) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  const Answer head = http.ask(node, "HEAD", "/status");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  const Answer options = http.ask(node, "OPTIONS", "/v1/execute");
  EXPECT_EQ(options.status, 204);
  EXPECT_TRUE(options.says("Allow: OPTIONS, POST\r\n")) << options.head;
}

TEST(Http, PagesOfOtherSitesLearnNothing) {
  HttpCluster http({.nodes = 3});
  const NodeId node = http.cluster().leader();
  const std::string member = http.origin(http.cluster().follower());
  EXPECT_TRUE(http.get(node, "/status", cat("Origin: ", member, "\r\n"))
                  .says(cat("Access-Control-Allow-Origin: ", member, "\r\n")));
  EXPECT_FALSE(http.get(node, "/status", "Origin: http://evil.example\r\n").says("Access-Control"));
  EXPECT_FALSE(
      http.ask(node, "OPTIONS", "/v1/execute", cat("Origin: ", member, "\r\n")).says("Access-Control"));
  EXPECT_FALSE(http.post(node, "/v1/query", {{"sql", "SELECT 1"}}, cat("Origin: ", member, "\r\n"))
                   .says("Access-Control"));
  const Answer rebound = http.get(node, "/status", "Host: evil.example:80\r\n");
  EXPECT_EQ(rebound.status, 421);
  EXPECT_EQ(rebound.code(), "wrong_host");
  EXPECT_EQ(http.get(node, "/status", "Host: 127.0.0.1:1\r\n").status, 200);
  EXPECT_EQ(http.get(node, "/status", "Host: [::1]:1\r\n").status, 200);
}

TEST(Http, TokensAndRoles) {
  auto tokens = std::make_shared<api::TokenTable>();
  tokens->add_token("reader", api::Access::kRead, "r");
  tokens->add_token("writer", api::Access::kWrite, "w");
  HttpCluster http({.nodes = 1, .tokens = tokens});
  const NodeId node = http.cluster().leader();
  const Json write = {{"sql", "CREATE TABLE t(a)"}};
  const Answer nobody = http.post(node, "/v1/execute", write);
  EXPECT_EQ(nobody.status, 401);
  EXPECT_TRUE(nobody.says("WWW-Authenticate: Bearer\r\n"));
  EXPECT_EQ(http.post(node, "/v1/execute", write, "Authorization: Bearer x\r\n").status, 401);
  EXPECT_EQ(http.post(node, "/v1/execute", write, "Authorization: Basic w\r\n").status, 401);
  const Answer reader = http.post(node, "/v1/execute", write, "Authorization: Bearer r\r\n");
  EXPECT_EQ(reader.status, 403);
  EXPECT_EQ(reader.code(), "forbidden");
  EXPECT_EQ(http.post(node, "/v1/execute", write, "authorization: bearer w\r\n").status, 200);
  EXPECT_EQ(http.get(node, "/status").status, 401);
  EXPECT_EQ(http.get(node, "/metrics").status, 401);
  EXPECT_EQ(http.get(node, "/status", "Authorization: Bearer r\r\n").status, 200);
  for (const std::string_view open : {"/", "/healthz", "/readyz"})
    EXPECT_EQ(http.get(node, open).status, 200) << open;
}

// Large JSON takes another way, on another thread.
TEST(Http, LargeRequestsAndAnswers) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  http.post(node, "/v1/execute", {{"sql", "CREATE TABLE t(a, b)"}});
  Json statements = Json::array();
  for (int i = 0; i < 2000; ++i)
    statements.push_back(
        {{"sql", "INSERT INTO t VALUES(?1, ?2)"}, {"parameters", {i, std::string(100, 'x')}}});
  EXPECT_EQ(http.post(node, "/v1/execute", {{"statements", statements}}).status, 200);
  const Answer all = http.post(node, "/v1/query", {{"sql", "SELECT a, b FROM t ORDER BY a"}});
  ASSERT_EQ(all.json()["rows"].size(), 2000u);
  EXPECT_EQ(all.json()["rows"][1999], Json({1999, std::string(100, 'x')}));
}

// Prometheus' own tool says whether metrics are well named.
bool passes_promtool(const std::string& metrics) {
  std::FILE* promtool = popen("promtool check metrics 2>&1", "w");
  if (promtool == nullptr) return false;
  std::fwrite(metrics.data(), 1, metrics.size(), promtool);
  return pclose(promtool) == 0;
}

// docs/metrics.md says what they mean.
// Then no large answer is begun; what was executed is never told as if it had not been.
TEST(Http, WhileTooManyLargeAnswersAreMadeAWriteIsNotOverloaded) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  cluster.execute(node, "CREATE TABLE t(a)");
  HttpDoors doors(cluster, nullptr, {}, 0);
  const auto post = [&](std::string_view path, const Json& body) {
    return Answer{doors.ask(node, "POST", path, "Content-Type: application/json\r\n", body.dump())};
  };
  EXPECT_EQ(post("/v1/execute", {{"sql", "INSERT INTO t VALUES(1)"}}).status, 200);
  EXPECT_GT(Answer{doors.ask(node, "POST", "/v1/session")}.json()["session"], 0);
  const std::string large = "hex(zeroblob(20000))";
  const Answer written = post("/v1/execute", {{"sql", cat("INSERT INTO t VALUES(2) RETURNING ", large)}});
  EXPECT_EQ(written.status, 504) << written.body;
  EXPECT_EQ(written.json()["error"].value("outcome", ""), "unknown") << written.body;
  const Answer read = post("/v1/query", {{"sql", cat("SELECT ", large)}});
  EXPECT_EQ(read.status, 503) << read.body;
  EXPECT_EQ(read.code(), "overloaded");
  EXPECT_EQ(post("/v1/query", {{"sql", "SELECT sum(a) FROM t"}}).json()["rows"][0][0], 3);
}

TEST(Http, MetricsPassPromtool) {
  HttpCluster http({.nodes = 3});
  const NodeId leader = http.cluster().leader();
  http.post(leader, "/v1/execute", {{"sql", "CREATE TABLE t(a)"}});
  http.post(leader, "/v1/query", {{"sql", "SELECT 1"}});
  const Answer answer = http.get(leader, "/metrics");
  EXPECT_TRUE(answer.says("Content-Type: text/plain; version=0.0.4")) << answer.head;
  for (const std::string_view line :
       {"lockstep_requests_total{kind=\"write\",status=\"done\"} 1", "lockstep_raft_role{role=\"leader\"} 1",
        "lockstep_request_duration_seconds_count{kind=\"query\"} 1", "lockstep_peer_connected{node=\""}) {
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << "\n" << answer.body;
  }
  EXPECT_TRUE(passes_promtool(answer.body));
  EXPECT_EQ(answer.body.find("lockstep_hub"), std::string::npos) << "there is no hub";
}

wire::StatusReport report_of_a_hub() {
  wire::StatusReport report;
  const auto add_edge = [&](bool connected, bool not_heard_yet, std::uint64_t readings) {
    wire::StatusReport::Edge& edge = *report.add_edges();
    edge.set_connected(connected);
    edge.set_not_heard_yet(not_heard_yet);
    edge.set_readings(readings);
    edge.set_dropped(readings / 100);
    return &edge;
  };
  add_edge(true, false, 1000);
  add_edge(true, false, 200)->set_refused_settings(3);
  add_edge(false, false, 30);
  report.set_instructions(40);
  report.mutable_outcomes()->set_open(6);
  report.set_done(35);
  report.set_missed(1);
  wire::PackageStatus& model = *report.add_active();
  model.set_kind(wire::MODEL);
  model.set_active(7);
  return report;
}

TEST(Http, MetricsOfTheHubThatLeads) {
  std::optional<wire::StatusReport> told;
  HttpCluster http({.nodes = 1}, [&told] { return told; });
  const NodeId node = http.cluster().leader();
  EXPECT_EQ(http.get(node, "/metrics").body.find("lockstep_hub"), std::string::npos) << "it does not lead";
  http.cluster().on_loop([&] { told = report_of_a_hub(); });
  const Answer answer = http.get(node, "/metrics");
  for (const std::string_view line :
       {"lockstep_hub_edges{state=\"connected\"} 2\n", "lockstep_hub_edges{state=\"silent\"} 1\n",
        "lockstep_hub_edges{state=\"not_heard_yet\"} 0\n", "lockstep_hub_edges_refusing_settings 1\n",
        "lockstep_hub_readings_total 1230\n", "lockstep_hub_readings_dropped_total 12\n",
        "lockstep_hub_instructions_open 6\n", "lockstep_hub_instructions_decided_total 40\n",
        "lockstep_hub_instructions_done_total 35\n", "lockstep_hub_instructions_missed_total 1\n",
        "lockstep_hub_active_version{kind=\"model\"} 7\n"})
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << "\n" << answer.body;
  EXPECT_TRUE(passes_promtool(answer.body));
}

TEST(Http, TheDashboardMayOnlyReachMembers) {
  HttpCluster http({.nodes = 3});
  const NodeId node = http.cluster().leader();
  const Answer page = http.get(node, "/");
  EXPECT_TRUE(page.says("Content-Type: text/html"));
  EXPECT_TRUE(page.says("default-src 'none'; script-src 'sha256-"));
  for (const NodeId member : http.cluster().members()) EXPECT_TRUE(page.says(http.origin(member)));
  EXPECT_EQ(page.body.find("src=\"http"), std::string::npos);
}

std::string post_request(std::string_view path, const Json& body) {
  const std::string text = body.dump();
  return cat("POST ", path,
             " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ",
             text.size(), "\r\n\r\n", text);
}

// A node has two readers: were they not free again, what follows would wait for them.
TEST(Http, TheQueryOfAClientThatHangsUpIsEnded) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  const Json endless = {
      {"sql", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"},
      {"timeout_ms", 60'000}};
  for (int i = 0; i < 6; ++i) {
    net::EventLoop loop;
    HttpClient client(loop, http.address(node));
    client.say(post_request("/v1/query", endless));
    const auto is_under_way = [&] {
      return http.get(node, "/metrics").body.contains("lockstep_requests_waiting{kind=\"query\"} 1");
    };
    for (int tries = 0; !is_under_way(); ++tries) ASSERT_LT(tries, 10'000);
  }
  EXPECT_EQ(http.post(node, "/v1/query", {{"sql", "SELECT 1"}}).status, 200);
}

TEST(Http, AQueryThatTakesTooLongSaysThatItWasEnded) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  const Answer late = http.post(
      node, "/v1/query",
      {{"sql", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"},
       {"timeout_ms", 50}});
  EXPECT_EQ(late.status, 504) << late.body;
  EXPECT_EQ(late.code(), "timeout");
  EXPECT_NE(late.body.find("the query was ended"), std::string::npos) << late.body;
}

// It has said all that it wants to say, and still listens.
TEST(Http, AWriteIsAnsweredToAClientThatSendsNothingMore) {
  HttpCluster http({.nodes = 1});
  const NodeId node = http.cluster().leader();
  net::EventLoop loop;
  HttpClient client(loop, http.address(node));
  client.say(post_request("/v1/execute", {{"sql", "CREATE TABLE t(a)"}}));
  client.finish();
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 200")) << client.heard();
  EXPECT_TRUE(client.is_left());
}

}  // namespace
}  // namespace lockstep::tests
