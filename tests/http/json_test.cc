// Values without loss, requests with sentences, replies with statuses.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "json/text.h"
#include "net/api/json_replies.h"
#include "net/api/json_requests.h"
#include "net/api/json_values.h"

namespace lockstep::api {
namespace {

using namespace std::chrono_literals;

std::string written(const wire::Value& value) {
  std::string text;
  JsonWriter json(text);
  write_value(json, value);
  return text;
}

// The value, or the sentence.
std::string read_back(std::string_view text) {
  const auto parsed = parse_query(cat("{\"sql\":\"?\",\"parameters\":[", text, "]}"));
  return parsed ? written(parsed->request.query().statement().parameters(0)) : parsed.error().message;
}

TEST(JsonValues, SurviveBothWays) {
  for (const std::string_view text :
       {"null", "0", "-1", "9223372036854775807", "-9223372036854775808", "3.0", "-0.0", "0.1", "1e+300",
        "5e-324", "\"\"", "\"a \\\"quoted\\\" \\\\ \\n \\u0000 text\"",
        "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"", "{\"blob\":\"\"}", "{\"blob\":\"AA==\"}",
        "{\"blob\":\"/+8=\"}", "{\"text_base64\":\"gIE=\"}", "{\"real\":\"Infinity\"}",
        "{\"real\":\"-Infinity\"}"}) {
    EXPECT_EQ(read_back(text), text);
  }
}

TEST(JsonValues, OtherWaysToWriteThem) {
  EXPECT_EQ(read_back("{\"integer\":\"9223372036854775807\"}"), "9223372036854775807");
  EXPECT_EQ(read_back("true"), "1");
  EXPECT_EQ(read_back("1.50"), "1.5");
  EXPECT_EQ(read_back("{\"text_base64\":\"YWI=\"}"), "\"ab\"");
  EXPECT_EQ(read_back("\"\\u00fc\\ud83d\\ude00\""), "\"\xC3\xBC\xF0\x9F\x98\x80\"");
}

TEST(JsonValues, WhatIsNoValueIsRefusedWithItsPlace) {
  EXPECT_EQ(read_back("9223372036854775808"),
            "body:1:26: /parameters/0: expected an integer of 64 bits, from -9223372036854775808 to "
            "9223372036854775807, found 9223372036854775808");
  for (const std::string_view text :
       {"[1]", "{}", "{\"blob\":1}", "{\"blob\":\"A\"}", "{\"blob\":\"A===\"}", "{\"blob\":\"AB==\"}",
        "{\"blob\":\"AA=A\"}", "{\"blob\":\"A A=\"}", "{\"real\":\"1\"}", "{\"integer\":\"1x\"}",
        "{\"blob\":\"\",\"real\":\"\"}"}) {
    EXPECT_NE(read_back(text).find("expected"), std::string::npos) << text;
  }
}

TEST(JsonValues, EveryDoubleComesBack) {
  std::uint64_t bits = 1;
  for (int i = 0; i < 20'000; ++i) {
    bits = bits * 6364136223846793005 + 1442695040888963407;
    double real = 0;
    std::memcpy(&real, &bits, sizeof real);
    if (std::isnan(real)) continue;
    wire::Value value;
    value.set_real(real);
    const auto parsed = parse_query(cat("{\"sql\":\"?\",\"parameters\":[", written(value), "]}"));
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_EQ(parsed->request.query().statement().parameters(0).real(), real);
  }
}

TEST(JsonValues, EveryByteStringComesBack) {
  Bytes bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");  // RFC 4648 §10
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
}

TEST(JsonWriter, WritesUtf8OrReplacesIt) {
  const auto written_text = [](std::string_view bytes) {
    std::string out;
    append_json_string(out, bytes);
    return out;
  };
  EXPECT_EQ(written_text("a\x80z"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(written_text("\x01\x7F"), "\"\\u0001\\u007f\"");
  // Over-long, a surrogate, too high, cut short.
  for (const std::string_view bad :
       {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\xFF"})
    EXPECT_FALSE(is_utf8(bad));
  for (const std::string_view good : {"", "a", "\xC3\xBC", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good));
}

// ---- requests ----------------------------------------------------------------------------------------

TEST(ExecuteRequest, TheWholeForm) {
  const auto call = parse_execute(
      R"json({"statements": ["DELETE FROM t", {"sql": "INSERT INTO t VALUES(?1)", "parameters": [5]}],
    "mode": "strong", "session": 7, "sequence": 3, "first_incomplete": 2, "expected": {"t": 4}, "timeout_ms": 1500
})json");
  ASSERT_TRUE(call) << call.error().message;
  const wire::WriteRequest& request = call->request.write();
  EXPECT_EQ(request.mode(), wire::STRONG);
  EXPECT_EQ(request.write().statements(0).sql(), "DELETE FROM t");
  EXPECT_EQ(request.write().statements(1).parameters(0).integer(), 5);
  EXPECT_EQ(request.write().session(), 7u);
  EXPECT_EQ(request.write().sequence(), 3u);
  EXPECT_EQ(request.write().first_incomplete(), 2u);
  EXPECT_EQ(request.write().expected(0).table(), "t");
  EXPECT_EQ(request.write().expected(0).version(), 4u);
  EXPECT_EQ(call->timeout, 1500ms);
}

TEST(ExecuteRequest, TheShortForm) {
  const auto call = parse_execute(R"json({"sql": "INSERT INTO t VALUES(?1)", "parameters": ["x"]})json");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->request.write().write().statements_size(), 1);
  EXPECT_EQ(call->request.write().write().session(), 0u);
  EXPECT_EQ(call->request.write().mode(), wire::DEFAULT_MODE);
}

TEST(ExecuteRequest, APauseIsWaitedForUnlessATimeIsGiven) {
  EXPECT_FALSE(parse_execute(R"({"sql": "a"})")->request.write().has_pause_before_commit_ms());
  const auto paused = parse_execute(R"({"sql": "a", "pause_before_commit_ms": 4000})");
  ASSERT_TRUE(paused) << paused.error().message;
  EXPECT_EQ(paused->request.write().pause_before_commit_ms(), 4000u);
  EXPECT_EQ(paused->timeout, 34s);
  const auto none = parse_execute(R"({"sql": "a", "pause_before_commit_ms": 0, "timeout_ms": 1500})");
  EXPECT_TRUE(none->request.write().has_pause_before_commit_ms());
  EXPECT_EQ(none->timeout, 1500ms);
}

TEST(ExecuteRequest, SaysWhatIsWrongAndWhere) {
  const auto sentence = [](std::string_view body) {
    const auto call = parse_execute(body);
    return call ? std::string("taken") : call.error().message;
  };
  EXPECT_EQ(
      sentence(R"({"sql": "x", "sesion": 5})"),
      "body:1:24: /sesion: expected one of the members statements, sql, parameters, mode, "
      "pause_before_commit_ms, session, sequence, first_incomplete, expected, timeout_ms, found 5: did you mean \"session\"?");
  EXPECT_EQ(
      sentence(R"({"sql": "x", "session": 5})"),
      "body:1:1: the document: expected \"session\" and \"sequence\" together, or neither, found an object");
  EXPECT_EQ(sentence(R"({"statements": []})"),
            "body:1:16: /statements: expected an array of at least one statement, found an array");
  EXPECT_EQ(
      sentence(R"({"sql": 5, "mode": "weak"})"),
      "body:1:9: /sql: expected a string, found 5; body:1:20: /mode: expected \"default\" or \"quorum\" or "
      "\"strong\", found \"weak\"");
  EXPECT_NE(sentence("").find("expected"), std::string::npos);
  EXPECT_NE(sentence("{").find("body:1:2"), std::string::npos);
  for (const std::string_view body :
       {"null", "[]", "5", "{}", R"({"sql":"a","statements":["b"]})", R"({"statements":[{}]})",
        R"({"statements":[5]})", R"({"statements":["a"],"parameters":[]})", R"({"sql":"a","parameters":{}})",
        R"({"sql":"a","expected":[]})", R"({"sql":"a","expected":{"t":-1}})",
        R"({"sql":"a","expected":{"t":1.5}})", R"({"sql":"a","timeout_ms":"1"})",
        R"({"sql":"a","timeout_ms":600001})", R"({"sql":"a","pause_before_commit_ms":-1})",
        R"({"sql":"a","pause_before_commit_ms":4294967296})", R"({"sql":"a","session":0,"sequence":1})", R"({"sql":"a"} x)",
        "{\"sql\":\"\xFF\"}"}) {
    EXPECT_NE(sentence(body), "taken") << body;
  }
}

TEST(QueryRequest, LevelsAndStaleness) {
  EXPECT_EQ(parse_query(R"({"sql":"SELECT 1"})")->request.query().level(), wire::LINEARIZABLE);
  const auto local = parse_query(R"({"sql":"SELECT 1","level":"local","max_staleness_ms":250})");
  ASSERT_TRUE(local) << local.error().message;
  EXPECT_EQ(local->request.query().level(), wire::LOCAL);
  EXPECT_EQ(local->max_staleness, Duration(250ms));
  EXPECT_FALSE(parse_query(R"({"sql":"SELECT 1","max_staleness_ms":250})"));
  EXPECT_FALSE(parse_query(R"({"sql":"SELECT 1","mode":"strong"})"));
}

// Deep or wide texts are problems, not a stack or a memory full.
TEST(Requests, HostileShapesAreRefused) {
  EXPECT_FALSE(parse_execute(std::string(1 << 20, '[')));
  std::string wide = R"({"sql":"x","parameters":[0)";
  for (int i = 0; i < 200'000; ++i) wide += ",0";
  EXPECT_FALSE(parse_execute(wide + "]}"));
}

// ---- replies -----------------------------------------------------------------------------------------

HttpResponse refused_with(wire::ReplyStatus status, wire::Request::WhatCase what = wire::Request::kWrite) {
  wire::Reply reply;
  reply.set_status(status);
  reply.set_leader(2);
  return respond_to(what, reply, {{NodeId(2), "http://127.0.0.1:8002"}});
}

TEST(Replies, AMisroutedWriteLearnsWhoLeads) {
  const HttpResponse response = refused_with(wire::NOT_LEADER);
  EXPECT_EQ(response.status, 421);
  EXPECT_EQ(response.body,
            "{\"error\":{\"code\":\"not_leader\",\"message\":\"this node does not lead: ask the leader\","
            "\"retryable\":true,\"leader\":{\"id\":2,\"url\":\"http://127.0.0.1:8002\"}}}\n");
}

TEST(Replies, AnUnknownOutcomeIsSaidToBeUnknownOfWritesOnly) {
  for (const auto status : {wire::LEADERSHIP_LOST, wire::TIMED_OUT}) {
    EXPECT_EQ(refused_with(status).status, 504);
    EXPECT_NE(refused_with(status).body.find("\"outcome\":\"unknown\""), std::string::npos);
    EXPECT_EQ(refused_with(status, wire::Request::kQuery).body.find("\"outcome\""), std::string::npos);
  }
}

TEST(Replies, EveryStatusHasItsOwn) {
  EXPECT_EQ(refused_with(wire::NO_LEADER).status, 503);
  EXPECT_EQ(refused_with(wire::OVERLOADED).status, 503);
  EXPECT_EQ(refused_with(wire::NOT_READY).status, 503);
  EXPECT_EQ(refused_with(wire::STOPPED).status, 503);
  EXPECT_EQ(refused_with(wire::BAD_REQUEST).status, 400);
  EXPECT_EQ(refused_with(wire::FORBIDDEN).status, 403);
  for (int status = wire::ReplyStatus_MIN; status <= wire::ReplyStatus_MAX; ++status) {
    if (!wire::ReplyStatus_IsValid(status) || status == wire::DONE || status == wire::STATUS_NONE) continue;
    EXPECT_NE(refused_with(static_cast<wire::ReplyStatus>(status)).status, 500) << status;
  }
}

TEST(Replies, AWriteThatWasExecuted) {
  wire::Reply reply;
  reply.set_status(wire::DONE);
  wire::WriteOutcome& outcome = *reply.mutable_write();
  outcome.set_kind(wire::WriteOutcome::EXECUTED);
  outcome.set_index(12);
  outcome.mutable_result()->set_outcome(1);
  wire::StatementResult& statement = *outcome.mutable_result()->add_statements();
  statement.set_changes(1);
  statement.set_last_insert_rowid(9);
  statement.mutable_rows()->add_columns("a");
  statement.mutable_rows()->add_rows()->add_values()->set_integer(5);
  wire::TableVersion& version = *outcome.mutable_result()->add_versions();
  version.set_table("t");
  version.set_version(3);
  EXPECT_EQ(respond_to(wire::Request::kWrite, reply, {}).body,
            "{\"index\":12,\"deduplicated\":false,\"results\":[{\"changes\":1,\"last_insert_rowid\":9,"
            "\"columns\":[\"a\"],\"rows\":[[5]]}],\"versions\":{\"t\":3}}\n");
}

TEST(Replies, AFailureOfTheSqlNamesTheStatement) {
  wire::Reply reply;
  reply.set_status(wire::DONE);
  wire::WriteOutcome& outcome = *reply.mutable_write();
  outcome.set_kind(wire::WriteOutcome::EXECUTED);
  outcome.mutable_result()->set_outcome(2);
  outcome.mutable_result()->set_message("UNIQUE constraint failed: t.a");
  outcome.mutable_result()->set_failed_statement(1);
  const HttpResponse response = respond_to(wire::Request::kWrite, reply, {});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(
      response.body,
      "{\"error\":{\"code\":\"constraint\",\"message\":\"UNIQUE constraint failed: t.a\",\"retryable\":false,"
      "\"statement\":1}}\n");
}

TEST(Replies, AReadThatIsTooStaleIsNotGiven) {
  wire::Reply reply;
  reply.set_status(wire::DONE);
  reply.mutable_query()->set_outcome(1);
  reply.mutable_query()->set_staleness_ns(30'000'000);
  reply.mutable_query()->set_applied(4);
  EXPECT_EQ(respond_to(wire::Request::kQuery, reply, {}, 30ms).body,
            "{\"columns\":[],\"rows\":[],\"applied\":4,\"staleness_ms\":30}\n");
  EXPECT_EQ(respond_to(wire::Request::kQuery, reply, {}, 29ms).status, 503);
}

}  // namespace
}  // namespace lockstep::api
