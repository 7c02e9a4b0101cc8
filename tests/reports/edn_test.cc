// Stories about histories in EDN.
#include <gtest/gtest.h>

#include "base/text.h"
#include "reports/edn_cursor.h"
#include "reports/history.h"

namespace lockstep::reports {
namespace {

std::string read(std::string_view text) {
  EdnCursor cursor("h.edn", text);
  if (const auto space = cursor.skip(); !space) return space.error().message;
  const auto value = cursor.value();
  return value ? to_json(*value) : value.error().message;
}

std::string complaint(std::string_view text) {
  const auto history = parse_history("h.edn", text);
  return history ? std::string("accepted") : history.error().message;
}

constexpr std::string_view kInvoke =
    "{:type :invoke, :f :txn, :value [[:append 97 1] [:r 100 nil]], :process 2, :time 5, :index 0}";
constexpr std::string_view kOk =
    "{:type :ok, :f :txn, :value [[:append 97 1] [:r 100 [3 4]]], :process 2, :time 9, :index 1}";

TEST(Edn, ValuesAreThoseOfJson) {
  EXPECT_EQ(read("[nil true false 1 -2 +3 4N 1.5 2.0M 1e3]"), "[null,true,false,1,-2,3,4,1.5,2.0,1000.0]");
  EXPECT_EQ(read("{:a 1, \"b\" 2 3 (4 5) sym #{6}}"), "{\"a\":1,\"b\":2,\"3\":[4,5],\"sym\":[6]}");
  EXPECT_EQ(read("[:ns/name \\a \\newline \"t\\tu\\u00e9\"]"),
            "[\"ns/name\",\"a\",\"\\n\",\"t\\u0009u\xc3\xa9\"]");
  EXPECT_EQ(read("; a comment\n #_ [1 2] #inst \"2026\""), "\"2026\"");
  EXPECT_EQ(read("#jepsen.history.Op{:index 0}"), "{\"index\":0}");
}

TEST(Edn, AHistoryIsTheSameAsInJson) {
  const std::string json =
      R"({"index":0,"time":5,"process":2,"type":"invoke","f":"txn","value":[["append",97,1],["r",100,null]]}
{"index":1,"time":9,"process":2,"type":"ok","f":"txn","value":[["append",97,1],["r",100,[3,4]]]}
)";
  const auto lines = parse_history("h.edn", cat(kInvoke, "\n", kOk, "\n"));
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(to_json_lines(*lines), json);
  for (const std::string& text : {cat("[", kInvoke, "\n", kOk, "]"), cat("(", kInvoke, kOk, ")"),
                                  cat(";; jepsen\n#op", kInvoke, " #op ", kOk)}) {
    const auto other = parse_history("h.edn", text);
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_EQ(to_json_lines(*other), json);
  }
}

TEST(Edn, NamedProcessesAreNoClients) {
  const auto history =
      parse_history("h.edn", cat("{:type :info, :process :nemesis, :f :kill, :value {:a #{1}}}\n", kInvoke));
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ(history->size(), 1u);
}

TEST(Edn, AComplaintNamesFileLineColumnAndWhatWasExpected) {
  EXPECT_EQ(complaint("{:type :done :f :r :process 1}"),
            "h.edn:1:8: expected \"type\" to be one of invoke, ok, fail, info, found \"done\"");
  EXPECT_EQ(complaint("{:type :invoke\n :f"), "h.edn:2:4: expected an EDN value, found the end of the file");
  EXPECT_EQ(complaint("{:type :invoke :type :ok}"), "h.edn:1:16: expected \"type\" once, found it twice");
  EXPECT_EQ(complaint("[{:type :ok}"), "h.edn:1:2: expected the event to have \"f\"");
  EXPECT_EQ(complaint(cat("[", kInvoke)),
            cat("h.edn:1:", kInvoke.size() + 2,
                ": expected the end of the list of events, found the end of the file"));
  EXPECT_EQ(complaint(cat("(", kInvoke, ") 1")),
            cat("h.edn:1:", kInvoke.size() + 4, ": expected nothing after the list of events, found '1'"));
  EXPECT_EQ(read("[1 2"), "h.edn:1:5: expected ']', found the end of the file");
  EXPECT_EQ(read("{:a}"), "h.edn:1:4: expected a value for a, found '}'");
  EXPECT_EQ(read("\"a\\q\""), "h.edn:1:4: expected one of \" \\ b f n r t u after a backslash, found 'q'");
  EXPECT_EQ(read("1/2"), "h.edn:1:1: expected a number, found 1/2");
  EXPECT_EQ(read("007"), "h.edn:1:1: expected a number, found 007");
  EXPECT_EQ(read("99999999999999999999"), "h.edn:1:1: expected an integer of 64 bits");
  EXPECT_EQ(read("#\"a*\""),
            "h.edn:1:2: expected a set #{...}, a tag or a discarded form after '#', found '\"'");
  EXPECT_EQ(read("::a"), "h.edn:1:1: expected a keyword, found ::a");
  EXPECT_EQ(read("^{:a 1} x"), "h.edn:1:1: expected an EDN value, found '^'");
}

TEST(Edn, HostileInputIsRefusedWithoutHarm) {
  for (const std::string& piece : {std::string("["), std::string("{:a "), std::string("#_ "),
                                   std::string("#a #_ "), std::string("#{"), std::string("#a ")}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += piece;
    EXPECT_NE(read(deep).find("expected at most 64 nested forms"), std::string::npos)
        << piece << ": " << read(deep).substr(0, 100);
  }
  EXPECT_EQ(read(std::string("\0", 1)), "h.edn:1:1: expected an EDN value, found byte 0x00");
}

}  // namespace
}  // namespace lockstep::reports
