// Agreement with the published verdicts on transactions and on counting, of Elle, dbcop, AWDIT, IsoVista and
// Jepsen.
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/tallies.h"
#include "reports/transactions/check.h"
#include "tests/reports/shared_data.h"

namespace lockstep::transactions {
namespace {

using reports::History;
using reports::Outcome;

Outcome outcome_of(const std::string& expected) {
  return expected == "invalid" ? Outcome::kViolated
         : expected == "valid" ? Outcome::kHolds
                               : Outcome::kUnknown;
}

History history_of(const reports::KnownVerdict& row) {
  auto history = reports::parse_history(row.file, reports::slurp(reports::shared_data() / row.file));
  EXPECT_TRUE(history) << history.error().message;
  return history ? std::move(*history) : History();
}

class KnownTransactions : public testing::TestWithParam<const char*> {};

TEST_P(KnownTransactions, EveryRowIsAnsweredAsPublished) {
  const auto rows = reports::known_verdicts(GetParam());
  if (rows.empty()) GTEST_SKIP() << reports::no_histories();
  for (reports::KnownVerdict row : rows) {
    SCOPED_TRACE(row.file + " " + row.model);
    // In these files the order of lines says nothing, that of each process does.
    if (row.notes.find("session order only") != row.notes.npos) row.options.push_back("order=session");
    const auto model = parse_model(row.model, row.options);
    ASSERT_TRUE(model) << model.error().message;
    const History history = history_of(row);
    const auto findings = check(history, *model);
    ASSERT_TRUE(findings) << findings.error().message;
    // Where Elle could infer nothing at all it says unknown; that nothing speaks against the history says as
    // much.
    const bool nothing_known = row.expected == "unknown" && findings->outcome == Outcome::kHolds;
    if (!nothing_known) {
      EXPECT_EQ(findings->outcome, outcome_of(row.expected));
    }
    for (const std::string& anomaly : row.anomalies) {
      if (anomaly == "empty-transaction-graph") continue;
      EXPECT_TRUE(findings->log.has(anomaly)) << anomaly;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, KnownTransactions, testing::Values("list-append", "rw-register"),
                         [](const auto& kind) {
                           return kind.param == std::string("list-append") ? "Lists" : "Registers";
                         });

TEST(KnownTransactions, AValueThatNobodyWroteIsReportedWhereElleIsSilent) {
  const auto file = reports::shared_data() / "elle-rw-register/thin-air-read.jsonl";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << reports::no_histories();
  const auto history = reports::parse_history("thin-air-read", reports::slurp(file));
  const auto findings = check(*history, *parse_model("read-uncommitted", {}));
  EXPECT_EQ(findings->outcome, Outcome::kViolated);
  EXPECT_TRUE(findings->log.has("garbage-read"));
}

TEST(KnownTallies, EveryRowIsAnsweredAsPublished) {
  std::size_t rows = 0;
  for (const char* kind : {"bank", "counter", "set", "long-fork"}) {
    for (const reports::KnownVerdict& row : reports::known_verdicts(kind)) {
      SCOPED_TRACE(row.file);
      const auto tally = reports::parse_tally(row.model, row.options);
      ASSERT_TRUE(tally) << tally.error().message;
      const auto verdict = reports::check_tally(history_of(row), *tally);
      ASSERT_TRUE(verdict) << verdict.error().message;
      EXPECT_EQ(verdict->outcome, outcome_of(row.expected));
      ++rows;
    }
  }
  if (rows == 0) GTEST_SKIP() << reports::no_histories();
}

}  // namespace
}  // namespace lockstep::transactions
