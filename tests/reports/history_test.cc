// Stories about reading and writing histories.
#include <gtest/gtest.h>

#include "base/text.h"
#include "reports/history.h"

namespace lockstep::reports {
namespace {

constexpr std::string_view kInvoke = R"({"process":3,"type":"invoke","f":"read","value":null})";
constexpr std::string_view kOk = R"({"process":3,"type":"ok","f":"read","value":4})";

std::string complaint(std::string_view text) {
  const auto history = parse_history("h.jsonl", text);
  return history ? std::string("accepted") : history.error().message;
}

TEST(History, WhatIsWrittenReadsBackTheSame) {
  History history;
  const auto write = history.invoke(1, "cas", "k\n\"", Value::Array{Value(), -7}, 5);
  const auto read = history.invoke(2, "read", {}, {}, 6);
  history.complete(write, Completion::kFail, Value::Array{Value(), -7}, 8, "cas-mismatch");
  history.complete(read, Completion::kOk, Value::real(2), 9);
  history.invoke(3, "txn", {}, Value::Array{Value::object({{"a", Value::boolean(true)}})});
  const std::string text = to_json_lines(history);
  const auto again = parse_history("h.jsonl", text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json_lines(*again), text);
  EXPECT_EQ((*again)[0].error, "cas-mismatch");
  EXPECT_EQ((*again)[0].key, Value("k\n\""));
  EXPECT_EQ((*again)[1].result, Value::real(2));
  EXPECT_EQ((*again)[2].completion, Completion::kInfo);
  EXPECT_EQ((*again)[2].returned.position, Moment::kNever);
}

TEST(History, AnArrayIsReadLikeLines) {
  const std::string lines = cat(kInvoke, "\n\n", kOk, "\r\n");
  const std::string array = cat("\xef\xbb\xbf[", kInvoke, ",\n ", kOk, "]\n");
  EXPECT_EQ(to_json_lines(*parse_history("a", lines)), to_json_lines(*parse_history("b", array)));
  EXPECT_EQ(parse_history("c", "")->size(), 0u);
  EXPECT_EQ(parse_history("d", "[]")->size(), 0u);
}

TEST(History, EventsOfTheNemesisAreNoOperations) {
  const auto history =
      parse_history("h", cat(R"({"process":"nemesis","type":"info","f":"kill","value":{"n":1}})", "\n", kInvoke, "\n", kOk));
  ASSERT_TRUE(history) << history.error().message;
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ((*history)[0].result, Value(4));
}

TEST(History, TheIndexOfTheFileIsKeptAsALabel) {
  const auto history = parse_history("h", R"({"index":41,"process":3,"type":"invoke","f":"read","value":null})");
  EXPECT_EQ((*history)[0].invoked.index, 41u);
  EXPECT_EQ((*history)[0].invoked.position, 0u);
}

TEST(History, EscapesAreDecoded) {
  const auto history = parse_history("h", R"({"process":1,"type":"invoke","f":"w","value":"\u00e9\ud83d\ude00\t\/"})");
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ((*history)[0].argument, Value("\xc3\xa9\xf0\x9f\x98\x80\t/"));
}

TEST(History, AComplaintNamesFileLineColumnAndWhatWasExpected) {
  EXPECT_EQ(complaint("{\"process\":1,\n \"type\":\"done\"}"),
            "h.jsonl:2:9: expected \"type\" to be one of invoke, ok, fail, info, found \"done\"");
  EXPECT_EQ(complaint("nonsense"), "h.jsonl:1:1: expected an event, that is an object, found 'n'");
  EXPECT_EQ(complaint("{\"process\":1"), "h.jsonl:1:13: expected ',' or '}' after a member of the event, found the end of the file");
  EXPECT_EQ(complaint(R"({"process":1,"type":"ok"})"), "h.jsonl:1:1: expected the event to have \"f\"");
  EXPECT_EQ(complaint(R"({"process":1,"process":2})"), "h.jsonl:1:14: expected \"process\" once, found it twice");
  EXPECT_EQ(complaint(R"({"process":1.5})"), "h.jsonl:1:12: expected \"process\" to be an integer or a name, found 1.5");
  EXPECT_EQ(complaint(R"({"index":-1})"), "h.jsonl:1:10: expected \"index\" to be an integer that is not negative, found -1");
  EXPECT_EQ(complaint(R"({"time":99999999999999999999})"), "h.jsonl:1:9: expected an integer of 64 bits");
  EXPECT_EQ(complaint(R"({"value":01})"), "h.jsonl:1:11: expected no digit after a leading zero, found '1'");
  EXPECT_EQ(complaint(R"({"value":"\q"})"), "h.jsonl:1:12: expected one of \" \\ / b f n r t u after a backslash, found 'q'");
  EXPECT_EQ(complaint(cat(kInvoke, kOk)), cat("h.jsonl:1:", kInvoke.size() + 1, ": expected one event a line, found '{'"));
}

TEST(History, ProcessesDoOneThingAtATime) {
  EXPECT_EQ(complaint(cat(kInvoke, "\n", kInvoke)),
            "h.jsonl:2:1: expected a completion of process 3, whose invocation of line 1 is still open");
  EXPECT_EQ(complaint(kOk), "h.jsonl:1:1: expected an invocation of process 3 before this completion");
  EXPECT_EQ(complaint(cat(kInvoke, "\n", R"({"process":3,"type":"ok","f":"write","value":4})")),
            "h.jsonl:2:1: expected the completion of read null of line 1, found write null");
  EXPECT_EQ(complaint(cat(kInvoke, "\n", R"({"process":3,"type":"info","f":"read"})", "\n", kInvoke)),
            "h.jsonl:3:1: expected nothing more of process 3 after its info of line 2");
}

TEST(History, HostileInputIsRefusedWithoutHarm) {
  const std::string deep = cat(R"({"value":)", std::string(200'000, '['));
  EXPECT_EQ(complaint(deep), "h.jsonl:1:75: expected at most 64 nested arrays and objects");
  EXPECT_EQ(complaint(std::string(200'000, '[')), "h.jsonl:1:2: expected an event, that is an object, found '['");
  EXPECT_EQ(complaint(std::string(10'000'000, '\xff')), "h.jsonl:1:1: expected an event, that is an object, found byte 0xff");
  EXPECT_EQ(complaint(std::string_view("{\0}", 3)), "h.jsonl:1:2: expected a string, found byte 0x00");
  const std::string nul = cat(R"({"f":"a)", '\0', R"("})");
  EXPECT_EQ(complaint(nul), "h.jsonl:1:8: expected the '\"' that ends the string begun 2 bytes before, found byte 0x00");
  const std::string long_value = cat(R"({"process":1,"type":"invoke","f":"write","value":")", std::string(5'000'000, 'x'), "\"}");
  EXPECT_EQ(complaint(long_value), "h.jsonl:1:1: expected an event of at most 4194304 bytes");
  EXPECT_EQ(complaint(cat("\n\n", std::string(5'000'000, ' '), "x")), "h.jsonl:3:5000001: expected an event, that is an object, found 'x'");
}

}  // namespace
}  // namespace lockstep::reports
