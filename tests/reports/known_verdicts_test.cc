// Agreement with the published verdicts of Porcupine's and Knossos's histories.
#include <gtest/gtest.h>

#include "reports/linearizability/check.h"
#include "tests/reports/shared_data.h"

namespace lockstep::linearizability {
namespace {

using reports::History;
using reports::Outcome;

TEST(KnownVerdicts, EveryLinearizabilityRowIsAnsweredAsPublished) {
  const auto rows = reports::known_verdicts();
  if (rows.empty()) GTEST_SKIP() << reports::no_histories();
  for (const reports::KnownVerdict& row : rows) {
    const auto history = reports::parse_history(row.file, reports::slurp(reports::shared_data() / row.file));
    ASSERT_TRUE(history) << history.error().message;
    const auto model = parse_model(row.model, row.options);
    ASSERT_TRUE(model) << row.file << ": " << model.error().message;
    const auto findings = check(*history, *model);
    ASSERT_TRUE(findings) << row.file << ": " << findings.error().message;
    EXPECT_EQ(findings->outcome, row.expected == "valid" ? Outcome::kHolds : Outcome::kViolated) << row.file;
  }
}

// Which event cannot be placed, and after which: the assertions of Knossos's wgl_test.clj.
TEST(KnownVerdicts, TheOperationThatCannotBePlacedIsTheOneThatKnossosNames) {
  struct Expected {
    const char* name;
    std::int64_t process;
    std::uint64_t index;
    std::uint64_t previous;
  };
  const auto folder = reports::shared_data() / "knossos";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << reports::no_histories();
  for (const Expected& expected : {Expected{"bad-analysis", 21, 14, 11}, Expected{"cas-failure", 70, 491, 478},
                                   Expected{"rethink-fail-minimal", 1, 4, 1}, Expected{"rethink-fail-smaller", 12, 217, 183}}) {
    const std::string file = std::string("cas-register-bad-") + expected.name + ".jsonl";
    const auto history = reports::parse_history(file, reports::slurp(folder / file));
    ASSERT_TRUE(history) << history.error().message;
    const auto findings = check(*history, *parse_model("cas-register", std::vector<std::string>{"init=0", "nil-read=any"}));
    ASSERT_TRUE(findings && findings->blocked) << file;
    const reports::Operation& blocked = (*history)[findings->blocked->operation];
    EXPECT_EQ(blocked.process, expected.process) << file;
    EXPECT_EQ(blocked.returned.index, expected.index) << file;
    EXPECT_EQ((*history)[*findings->blocked->previous_ok].returned.index, expected.previous) << file;
  }
}

}  // namespace
}  // namespace lockstep::linearizability
