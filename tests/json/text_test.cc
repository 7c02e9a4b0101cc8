// Stories about the JSON reader: positions, exact numbers, and texts that mean harm.
#include "json/text.h"

#include <gtest/gtest.h>

#include "base/text.h"
namespace lockstep::json {
namespace {

Problem only_problem_of(std::string_view text) {
  const auto parsed = parse(text);
  EXPECT_FALSE(parsed);
  if (parsed) return {};
  EXPECT_EQ(parsed.error().size(), 1u);
  return parsed.error().front();
}

TEST(JsonText, EveryValueAndKeyKnowsItsLineAndColumn) {
  const auto root = parse("{ \"a\": [1, -2.50e1,\n  \"x\\n\" , true],\r\n\"b\":{\"c\":null}}");
  ASSERT_TRUE(root);
  const Node& a = *root->find("a");
  EXPECT_EQ(root->where, (Position{1, 1}));
  EXPECT_EQ(root->members[0].where, (Position{1, 3}));
  EXPECT_EQ(a.where, (Position{1, 8}));
  EXPECT_EQ(a.items[0].where, (Position{1, 9}));
  EXPECT_EQ(a.items[1].where, (Position{1, 12}));
  EXPECT_EQ(a.items[1].text, "-2.50e1");
  EXPECT_EQ(a.items[2].where, (Position{2, 3}));
  EXPECT_EQ(a.items[2].text, "x\n");
  EXPECT_EQ(a.items[3].where, (Position{2, 11}));
  EXPECT_EQ(root->members[1].where, (Position{3, 1}));
  EXPECT_EQ(root->find("b")->find("c")->where, (Position{3, 10}));
}

TEST(JsonText, ColumnsCountCharactersNotBytes) {
  const auto root = parse("[\"\xC3\xA4\xE2\x82\xAC\", 7]");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->items[1].where, (Position{1, 8}));
}

TEST(JsonText, AByteOrderMarkIsSkipped) {
  const auto root = parse("\xEF\xBB\xBF[1]");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->items[0].text, "1");
}

TEST(JsonText, TwoHundredThousandOpenBracketsAreOneProblem) {
  const Problem problem = only_problem_of(std::string(200'000, '['));
  EXPECT_EQ(to_text(problem, "x"),
            "x:1:33: the document: expected at most 32 levels of arrays and objects, found one more");
}

TEST(JsonText, TenMegabytesOfGarbageAreOneShortProblem) {
  const std::string open_string = "[\"" + std::string(10'000'000, 'x');
  for (const std::string& text : {std::string(10'000'000, 'x'), open_string, std::string(10'000'000, '7')}) {
    const auto parsed = parse(text);
    if (parsed) {  // a number of ten million digits is a number
      EXPECT_EQ(describe(*parsed).size(), 43u);
      continue;
    }
    EXPECT_LT(to_text(parsed.error().front(), "x").size(), 400u);
    EXPECT_EQ(parsed.error().front().where.line, 1u);
  }
}

TEST(JsonText, TooManyValuesAreRefusedWhereTheyBegin) {
  std::string text = "[0";
  for (std::size_t i = 0; i < kMaxValues; ++i) text += ",0";
  const Problem problem = only_problem_of(text + "]");
  EXPECT_EQ(problem.where, (Position{1, static_cast<std::uint32_t>(2 * kMaxValues + 2)}));
}

// Keys are searched one by one: an object of a million would cost a trillion comparisons.
TEST(JsonText, TooManyMembersAreRefused) {
  std::string text = "{";
  for (std::size_t i = 0; i <= kMaxMembers; ++i) text += cat(i == 0 ? "" : ",", "\"", i, "\":0");
  const Problem problem = only_problem_of(text + "}");
  EXPECT_EQ(problem.expected, "an object of at most 1000 members");
}

TEST(JsonText, ANulByteDoesNotHideWhatFollowsIt) {
  const Problem problem = only_problem_of(std::string_view("{}\0garbage", 10));
  EXPECT_EQ(problem.found, "a NUL byte");
  EXPECT_EQ(problem.where, (Position{1, 3}));
}

TEST(JsonText, SyntaxErrorsStandWhereTheTokenStands) {
  struct Case {
    std::string_view text;
    Position where;
  };
  for (const auto& [text, where] :
       {Case{"", {1, 1}}, Case{"   ", {1, 4}}, Case{"{\"a\" 1}", {1, 6}}, Case{"[1,\n ]", {2, 2}},
        Case{"[1,,2]", {1, 4}}, Case{"{\"a\":1} x", {1, 9}}, Case{"[\"abc", {1, 2}}, Case{"[tru]", {1, 2}},
        Case{"[1e999]", {1, 2}}, Case{"[\"\xff\"]", {1, 2}}, Case{"[01]", {1, 3}}, Case{"{'a':1}", {1, 2}},
        Case{"[\"a\tb\"]", {1, 2}}, Case{"[\n\n", {3, 1}}}) {
    EXPECT_EQ(only_problem_of(text).where, where) << text << "\n" << to_text(only_problem_of(text), "x");
  }
}

TEST(JsonText, AKeyThatStandsTwiceIsRefusedAtItsSecondPlace) {
  const Problem problem = only_problem_of("{\"a\": {\"b\": 1,\n \"b\": 2}}");
  EXPECT_EQ(to_text(problem, "x"),
            "x:2:2: /a/b: expected every key only once, found \"b\": this object has the key already");
}

TEST(JsonText, NumbersAreScaledExactly) {
  EXPECT_EQ(static_cast<long>(scaled("0.001", 6).whole), 1000);
  EXPECT_TRUE(scaled("0.001", 6).exact);
  EXPECT_EQ(static_cast<long>(scaled("1e-6", 6).whole), 1);
  EXPECT_FALSE(scaled("0.0000001", 6).exact);
  EXPECT_EQ(static_cast<long>(scaled("-0.5", 0).whole), -1);
  EXPECT_FALSE(scaled("-0.5", 0).exact);
  EXPECT_EQ(static_cast<long>(scaled("3.0", 0).whole), 3);
  EXPECT_TRUE(scaled("3.0", 0).exact);
  EXPECT_EQ(static_cast<std::uint64_t>(scaled("18446744073709551615", 0).whole), ~0ull);
  EXPECT_TRUE(scaled("1e300", 6).whole > scaled("1e20", 6).whole);
  EXPECT_EQ(static_cast<long>(scaled("0e99999999999999999999", 6).whole), 0);
  EXPECT_EQ(static_cast<long>(scaled("1e-99999999999999999999", 6).whole), 0);
}

TEST(JsonProblem, ANameWithASlipOfTheFingerIsSuggested) {
  const std::vector<std::string_view> names{"nodes", "election_timeout", "batch"};
  EXPECT_EQ(suggestion("nodez", names), "did you mean \"nodes\"?");
  EXPECT_EQ(suggestion("election_timout", names), "did you mean \"election_timeout\"?");
  EXPECT_EQ(suggestion("elephant", names), "");
}

TEST(JsonProblem, WhatIsQuotedCannotUpsetATerminal) {
  EXPECT_EQ(in_quotes("a\x1b[2J\"\n"), "\"a\\x1b[2J\\\"\\x0a\"");
  EXPECT_EQ(in_quotes(std::string(100, 'a')), "\"" + std::string(40, 'a') + "...\"");
}

}  // namespace
}  // namespace lockstep::json
