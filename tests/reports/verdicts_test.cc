// Stories about durability, convergence, sessions and the report of a run.
#include <gtest/gtest.h>

#include "reports/convergence.h"
#include "reports/durability.h"
#include "reports/render.h"

namespace lockstep::reports {
namespace {

using Lines = std::vector<std::string>;

const std::vector<IdentifiedWrite> kWrites = {{"c1/1", Completion::kOk, "c1 insert 1"},
                                              {"c1/2", Completion::kInfo, "c1 insert 2"},
                                              {"c1/3", Completion::kFail, "c1 insert 3"}};

TEST(Durability, AcknowledgedWritesArePresentOnceAndUnknownOnesMayBe) {
  EXPECT_EQ(check_durability(kWrites, {{"n1", {"c1/1"}}, {"n2", {"c1/1", "c1/2"}}}).outcome, Outcome::kHolds);
}

TEST(Durability, ALostADoubledARefusedAndAnInventedWriteAreViolations) {
  const Verdict verdict = check_durability(kWrites, {{"n1", {"c1/2", "c1/2", "c1/3", "c9/9"}}});
  EXPECT_EQ(verdict.outcome, Outcome::kViolated);
  EXPECT_EQ(verdict.evidence,
            (Lines{"n1 lost an acknowledged write: c1 insert 1", "n1 applied a write 2 times: c1 insert 2",
                   "n1 holds a write that was refused: c1 insert 3",
                   "n1 holds a write that no client made: c9/9"}));
}

TEST(Durability, WithoutEvidenceNothingIsClaimed) {
  EXPECT_EQ(check_durability(kWrites, {}).outcome, Outcome::kUnknown);
  EXPECT_EQ(check_durability({kWrites[1]}, {{"n1", {}}}).outcome, Outcome::kUnknown);
}

TEST(Durability, ALongListOfLossesIsCut) {
  std::vector<IdentifiedWrite> writes;
  for (int i = 0; i < 100; ++i) writes.push_back({std::to_string(i), Completion::kOk, "write"});
  const Verdict verdict = check_durability(writes, {{"n1", {}}});
  ASSERT_EQ(verdict.evidence.size(), 20u);
  EXPECT_EQ(verdict.evidence.back(), "and 81 more");
}

TEST(Durability, AllowedLossesAreUsedUp) {
  std::uint64_t may_lose = 1;
  EXPECT_EQ(check_durability({kWrites[0]}, {{"n1", {}}, {"n2", {}}}, may_lose).outcome, Outcome::kHolds);
  EXPECT_EQ(may_lose, 0u) << "one write, whoever has lost it";
  EXPECT_EQ(check_durability({kWrites[0]}, {{"n1", {}}}, may_lose).outcome, Outcome::kViolated);
}

TEST(Convergence, EqualReplicasConverged) {
  const std::vector<TableState> tables = {{"a", 3}, {"b", 1}};
  EXPECT_EQ(check_convergence({{"n1", 9, 7, tables}, {"n2", 9, 7, {tables[1], tables[0]}}}).outcome,
            Outcome::kHolds);
  EXPECT_EQ(check_convergence({{"n1", 9, 7, tables}}).outcome, Outcome::kUnknown);
}

TEST(Convergence, TheReplicaAndTheFactThatDifferAreNamed) {
  const Verdict verdict = check_convergence(
      {{"n1", 9, 0xabc, {{"a", 3}}}, {"n2", 8, 0xabd, {{"a", 4}}}, {"n3", 9, 0xabc, {{"a", 3}}}});
  EXPECT_EQ(verdict.outcome, Outcome::kViolated);
  EXPECT_EQ(verdict.evidence, (Lines{"n2: applied index is 8, elsewhere 9",
                                     "n2: digest is 0000000000000abd, elsewhere 0000000000000abc",
                                     "n2: version of a is 4, elsewhere 3"}));
}

TEST(Convergence, AMissingTableIsADifference) {
  const Verdict verdict = check_convergence({{"n1", 9, 7, {{"a", 1}}}, {"n2", 9, 7, {}}});
  EXPECT_EQ(verdict.evidence, (Lines{"n2: version of a is none, elsewhere 1"}));
}

Report small_report() {
  Report report;
  report.scenario = "prepare_commit_kill";
  report.seed = 42;
  report.trace_hash = 0xbeef;
  report.simulated = std::chrono::milliseconds(20'050);
  report.real = std::chrono::milliseconds(300);
  report.trace_events = 12;
  report.operations = {.ok = 500, .failed = 2, .unknown = 1};
  report.min_ok = 400;
  report.throughput_bucket = std::chrono::milliseconds(500);
  report.throughput = {0, 1, 40, 80};
  report.faults = {{"crash",
                    "n2 at txn.before_commit",
                    1,
                    "",
                    {{.at = std::chrono::seconds(1), .until = std::chrono::seconds(2), .hosts = {"n2"}}}}};
  report.elections = Elections{.candidacies = 2, .leaders = 1};
  report.verdicts = {{"durability", "nothing is lost", Outcome::kHolds, {{"writes", 3}}, {}}};
  return report;
}

TEST(Report, AFaultThatNeverFiredOrTooFewOperationsMakeItVacuous) {
  Report report = small_report();
  EXPECT_EQ(report.outcome(), Outcome::kHolds);
  report.operations.ok = 399;
  EXPECT_EQ(report.outcome(), Outcome::kVacuous);
  report = small_report();
  report.faults[0].fired = 0;
  EXPECT_EQ(report.outcome(), Outcome::kVacuous);
  report.verdicts[0].outcome = Outcome::kUnknown;
  EXPECT_EQ(report.outcome(), Outcome::kVacuous);
  report.verdicts[0].outcome = Outcome::kViolated;
  EXPECT_EQ(report.outcome(), Outcome::kViolated);
}

TEST(Report, TheTextAnswersFirst) {
  Report report = small_report();
  report.verdicts.push_back(
      {"linearizability", "one order", Outcome::kViolated, {}, {"cannot be placed: x"}});
  const std::string expected =
      R"(prepare_commit_kill: violated, seed 42, trace 000000000000beef, 20.050 s simulated in 300 ms
  500 operations ok, 2 failed, 1 unknown; 12 events
  | ▁▄█| ok operations per 500 ms
  durability       holds     3 writes
  linearizability  violated
  fault crash: n2 at txn.before_commit (fired 1x)
linearizability: one order
  cannot be placed: x
)";
  EXPECT_EQ(to_text(report), expected);
  EXPECT_EQ(to_text(report).find('\x1b'), std::string::npos);
  EXPECT_NE(to_text(report, {.colours = true}).find("\x1b[1;31mviolated"), std::string::npos);
}

TEST(Report, JsonHasStableKeys) {
  const std::string expected = R"({
  "scenario": "prepare_commit_kill",
  "verdict": "holds",
  "seed": 42,
  "trace": "000000000000beef",
  "simulated_ns": 20050000000,
  "real_ns": 300000000,
  "events": 12,
  "operations": {
    "ok": 500,
    "failed": 2,
    "unknown": 1,
    "min_ok": 400
  },
  "elections": {
    "candidacies": 2,
    "leaders": 1
  },
  "throughput": {
    "bucket_ns": 500000000,
    "ok": [
      0,
      1,
      40,
      80
    ]
  },
  "faults": [
    {
      "kind": "crash",
      "description": "n2 at txn.before_commit",
      "fired": 1,
      "strikes": [
        {
          "at_ns": 1000000000,
          "until_ns": 2000000000,
          "hosts": [
            "n2"
          ]
        }
      ]
    }
  ],
  "verdicts": [
    {
      "name": "durability",
      "promise": "nothing is lost",
      "verdict": "holds",
      "checked": {
        "writes": 3
      },
      "evidence": []
    }
  ]
}
)";
  EXPECT_EQ(to_json_text(small_report()), expected);
}

TEST(Report, BytesThatAreNotUtf8DoNotBreakJson) {
  Verdict verdict;
  verdict.evidence = {"\xff"};
  EXPECT_NE(to_json_text(verdict).find("\xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::reports
