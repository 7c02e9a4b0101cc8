// What the verification client says about a table that is not as it should be.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/check_list.h"
#include "cli/table_state.h"

namespace lockstep::cli {
namespace {

const TableRows kExpected{{1, "'a', 1"}, {2, "'a', 2"}, {3, "'a', 3"}};
const TableRows kFound{{1, "'a', 1"}, {3, "'b', 3"}, {7, "'a', 7"}};

TEST(Verification, NamesTheRowsThatDiffer) {
  EXPECT_TRUE(differences(kExpected, kExpected).empty());
  std::string text;
  for (const RowDifference& one : differences(kExpected, kFound)) text += to_text(one) + "\n";
  EXPECT_EQ(text,
            "row 2: expected ('a', 2), found none\n"
            "row 3: expected ('a', 3), found ('b', 3)\n"
            "row 7: expected none, found ('a', 7)\n");
}

TEST(Verification, ARecordComesBackAsItWas) {
  const TableState state{.version = 41, .rows = {{1, "'it''s', 1"}, {-5, "NULL, 2"}}};
  const auto back = parse_record(record_of(state), "r.json");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->version, state.version);
  EXPECT_EQ(back->rows, state.rows);
  for (const char* wrong : {"", "[]", R"({"version": 1})", R"({"version": 1, "rows": {"x": "y"}})"}) {
    const auto refused = parse_record(wrong, "r.json");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_TRUE(refused.error().message.starts_with("r.json: expected")) << refused.error().message;
  }
}

TEST(Verification, AFailedCheckSaysWhatWasExpectedAndWhatWasFound) {
  std::ostringstream out;
  CheckList checks(out, {});
  checks.holds("one", "3 rows");
  checks.note({"two", Finding::kFails, "3 rows", "4 rows", differences(kExpected, kFound)});
  EXPECT_FALSE(checks.conclude());
  EXPECT_NE(out.str().find("holds  3 rows\n"), std::string::npos) << out.str();
  EXPECT_NE(
      out.str().find("fails  expected 4 rows, found 3 rows\n    row 2: expected ('a', 2), found none\n"),
      std::string::npos)
      << out.str();
  EXPECT_TRUE(out.str().ends_with("1 hold, 1 fail\n")) << out.str();
}

TEST(Verification, WhatDidNotAnswerIsUnknownUntilSomethingFails) {
  const auto verdict_of = [](const std::vector<Finding>& findings) {
    std::ostringstream out;
    CheckList checks(out, {.json = true});
    for (const Finding finding : findings) checks.note({"one", finding, "this", "that", {}});
    EXPECT_EQ(checks.conclude(), std::ranges::count(findings, Finding::kHolds) == std::ssize(findings));
    return nlohmann::json::parse(out.str())["verdict"].get<std::string>();
  };
  EXPECT_EQ(verdict_of({Finding::kHolds}), "holds");
  EXPECT_EQ(verdict_of({Finding::kHolds, Finding::kUnknown}), "unknown");
  EXPECT_EQ(verdict_of({Finding::kUnknown, Finding::kFails}), "violated");
}

TEST(Verification, TheDocumentHasEveryDifference) {
  std::ostringstream out;
  CheckList checks(out, {.json = true});
  checks.note({"two", Finding::kFails, "3 rows", "4 rows", differences(kExpected, kFound)});
  EXPECT_EQ(out.str(), "");
  EXPECT_FALSE(checks.conclude());
  const auto document = nlohmann::json::parse(out.str());
  EXPECT_EQ(document["verdict"], "violated");
  EXPECT_EQ(document["checks"][0]["differences"].size(), 3u);
  EXPECT_EQ(document["checks"][0]["differences"][0]["row"], 2);
  EXPECT_TRUE(document["checks"][0]["differences"][0]["found"].is_null());
}

}  // namespace
}  // namespace lockstep::cli
