// Stories about transactions: one small history for each anomaly, and what it rules out.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "reports/render.h"
#include "reports/transactions/check.h"
#include "tests/reports/small_histories.h"

namespace lockstep::transactions {
namespace {

using reports::History;
using reports::Outcome;
using Names = std::vector<std::string>;

Findings judged(const History& history, std::string_view model, const Names& options = {}) {
  auto parsed = parse_model(model, options);
  EXPECT_TRUE(parsed) << parsed.error().message;
  auto findings = check(history, *parsed);
  EXPECT_TRUE(findings) << findings.error().message;
  return findings ? std::move(*findings) : Findings();
}

Names names_of(const Findings& findings) {
  Names names;
  for (const auto& [name, count] : findings.log.counts()) names.push_back(name);
  return names;
}

Outcome outcome(const History& history, std::string_view model, const Names& options = {}) {
  return judged(history, model, options).outcome;
}

struct Story {
  const char* name;
  History history;
  const char* model;   // the weakest that the anomaly rules out
  const char* weaker;  // the next weaker one, which it does not; or null
  Names anomalies;
};

std::vector<Story> stories_of_lists() {
  return {
      {"DirtyWrite", concurrent({"ax1 ay1", "ax2 ay2", "rx12 ry21"}), "read-uncommitted", nullptr, {"G0"}},
      {"AbortedRead", concurrent({"!ax1", "rx1"}), "read-committed", "read-uncommitted", {"G1a"}},
      {"AbortedReadBehindGarbage",
       concurrent({"!ax1", "rx91"}),
       "read-uncommitted",
       nullptr,
       {"G1a", "garbage-read"}},
      {"IntermediateRead",
       concurrent({"ax1 ax2", "rx1"}),
       "read-committed",
       "read-uncommitted",
       {"G-single-item", "G1b"}},
      {"CircularInformationFlow",
       concurrent({"ax1 ry1", "ay1 rx1"}),
       "read-committed",
       "read-uncommitted",
       {"G1c"}},
      {"DirtyUpdate",
       concurrent({"!ax1", "ax2", "rx12"}),
       "read-committed",
       "read-uncommitted",
       {"G1a", "dirty-update"}},
      {"FutureRead", concurrent({"rx1 ax1"}), "read-committed", "read-uncommitted", {"future-read"}},
      {"ReadSkew",
       concurrent({"ax1 ay1", "ry rx1"}),
       "snapshot-isolation",
       "read-committed",
       {"G-single-item"}},
      {"LostUpdate",
       concurrent({"rx ax1", "rx ax2"}),
       "snapshot-isolation",
       "prefix",
       {"G2-item", "lost-update"}},
      {"LongFork",
       concurrent({"ax1", "ay1", "rx1 ry", "rx ry1"}),
       "prefix",
       "causal",
       {"G-nonadjacent-item"}},
      {"WriteSkew",
       concurrent({"rx ry ax1", "rx ry ay1"}),
       "repeatable-read",
       "snapshot-isolation",
       {"G2-item"}},
      {"Internal", concurrent({"rx1 ax2 rx1", "ax1"}), "read-atomic", "read-committed", {"internal"}},
      {"NonRepeatable",
       concurrent({"rx rx1", "ax1"}),
       "repeatable-read-rr",
       "read-committed",
       {"G-single-item", "internal", "non-repeatable-read"}},
      {"DuplicateElements", concurrent({"ax1", "rx11"}), "read-uncommitted", nullptr, {"duplicate-elements"}},
      {"IncompatibleOrder",
       concurrent({"ax1", "ax2", "rx1", "rx2"}),
       "read-uncommitted",
       nullptr,
       {"incompatible-order"}},
      {"Garbage", concurrent({"rx1"}), "read-uncommitted", nullptr, {"garbage-read"}},
  };
}

std::vector<Story> stories_of_orders() {
  return {
      {"StaleSession",
       one_by_one({{0, "ax1"}, {0, "rx"}, {1, "rx1"}}),
       "strong-session-snapshot-isolation",
       "serializable",
       {"G-single-item-process", "read-your-writes"}},
      {"StaleRealtime",
       one_by_one({{0, "ax1"}, {1, "rx"}, {2, "rx1"}}),
       "strong-snapshot-isolation",
       "strong-session-serializable",
       {"G-single-item-realtime"}},
      {"DirtyWriteOfASession",
       one_by_one({{0, "ax1"}, {0, "ax2"}, {1, "rx21"}}),
       "strong-session-read-uncommitted",
       "serializable",
       {"G0-process", "monotonic-writes"}},
      {"CircularSession",
       one_by_one({{1, "rx1 ay1"}, {2, "ry1"}, {2, "ax1"}}),
       "strong-session-read-committed",
       "serializable",
       {"G1c-process"}},
      {"DirtyWriteRealtime",
       one_by_one({{0, "ax1"}, {1, "ax2"}, {2, "rx21"}}),
       "strong-read-uncommitted",
       "strong-session-serializable",
       {"G0-realtime"}},
  };
}

std::vector<Story> stories_of_registers() {
  return {
      {"WriteSkewOfRegisters",
       concurrent({"Rx Ry wx1", "Rx Ry wy1"}),
       "serializable",
       "snapshot-isolation",
       {"G2-item"}},
      {"CyclicVersions",
       concurrent({"Rx1 wx2", "Rx2 wx1"}),
       "read-uncommitted",
       nullptr,
       {"G1c", "cyclic-versions"}},
      {"NonMonotonicRead",
       concurrent({"wx1 wy1", "wx2 wy2", "Rx2 Ry1", "Ry1 Rx2"}),
       "read-committed",
       "read-uncommitted",
       {"non-monotonic-read"}},
      {"FracturedRead",
       concurrent({"wx1 wy1", "Ry Rx1"}),
       "read-atomic",
       "read-committed",
       {"G-single-item", "fractured-read"}},
      {"CausalViolation",
       one_by_one({{0, "wx1"}, {1, "Rx1 wy1"}, {2, "Ry1 Rx"}}),
       "causal",
       "read-atomic",
       {"causal-violation"}},
  };
}

std::vector<Story> stories() {
  std::vector<Story> all;
  for (std::vector<Story> some : {stories_of_lists(), stories_of_orders(), stories_of_registers()})
    std::move(some.begin(), some.end(), std::back_inserter(all));
  return all;
}

class Anomalies : public testing::TestWithParam<Story> {};

TEST_P(Anomalies, IsNamedAndRulesOutItsModelAndNoWeakerOne) {
  const Story& story = GetParam();
  const Findings findings = judged(story.history, story.model);
  EXPECT_EQ(findings.outcome, Outcome::kViolated);
  for (const std::string& name : story.anomalies)
    EXPECT_TRUE(findings.log.has(name))
        << name << " is not in " << testing::PrintToString(names_of(findings));
  if (story.weaker != nullptr) {
    EXPECT_EQ(outcome(story.history, story.weaker), Outcome::kHolds)
        << testing::PrintToString(names_of(judged(story.history, story.weaker)));
  }
  for (const Anomaly& anomaly : findings.log.kept()) EXPECT_FALSE(anomaly.proof.empty()) << anomaly.name;
}

INSTANTIATE_TEST_SUITE_P(Of, Anomalies, testing::ValuesIn(stories()),
                         [](const auto& story) { return std::string(story.param.name); });

TEST(Transactions, AFineHistoryHoldsInTheStrongestModel) {
  const History history = one_by_one({{0, "rx ax1"}, {1, "rx1 ax2 rx12"}, {0, "rx12 ay1"}, {1, "ry1"}});
  const Findings findings = judged(history, "strict-serializable");
  EXPECT_EQ(findings.outcome, Outcome::kHolds);
  EXPECT_EQ(names_of(findings), Names{});
  EXPECT_EQ(findings.transactions, 4u);
  EXPECT_EQ(findings.keys, 2u);
}

TEST(Transactions, AProofSaysWhoComesBeforeWhomAndWhy) {
  const auto model = *parse_model("snapshot-isolation", {});
  const reports::Verdict row = verdict(model, *check(concurrent({"ax1 ay1", "rx1 ry"}), model));
  EXPECT_EQ(row.evidence,
            (Names{
                "ruled out, and with it whatever is stronger: prefix, repeatable-read",
                "1 knot of transactions that precede each other, the largest of 2",
                "G-single-item:",
                "  T1: process 1, event 1: [[\"r\",\"x\",[1]],[\"r\",\"y\",[]]]",
                "  T2: process 0, event 0: [[\"append\",\"x\",1],[\"append\",\"y\",1]]",
                "  T1 < T2, because T1 read y as [], and T2 appended 1 to y, which that does not show",
                "  however, T2 < T1, because T2 appended 1 to x, and T1 read it: [1]: a contradiction",
            }));
  EXPECT_EQ(row.anomalies, Names{"G-single-item"});
  EXPECT_EQ(row.ruled_out, (Names{"prefix", "repeatable-read"}));
  EXPECT_NE(reports::to_json_text(row).find("\"ruled_out\""), std::string::npos);
}

TEST(Transactions, AnUnknownTransactionCountsOnceSomebodySawIt) {
  EXPECT_EQ(outcome(concurrent({"?ax1", "rx"}), "serializable"), Outcome::kHolds);
  EXPECT_EQ(outcome(concurrent({"?ax1 ay1", "rx1 ry"}), "serializable"), Outcome::kViolated);
  EXPECT_EQ(outcome(concurrent({"?ax1 ay1", "rx ry"}), "serializable"), Outcome::kHolds);
}

TEST(Transactions, TheLogOrdersWhatNobodyRead) {
  const std::vector<SmallTransaction> writes = {{0, "ax1 ay1", 1}, {1, "ax2 ay2", 2}, {2, "ry21"}};
  EXPECT_TRUE(judged(one_by_one(writes), "read-uncommitted").log.has("G0"));
  auto without = writes;
  for (SmallTransaction& transaction : without) transaction.log_index = -1;
  EXPECT_EQ(outcome(one_by_one(without), "serializable"), Outcome::kHolds);
  // Registers: nobody read x = 1, but the log says that it came first.
  EXPECT_EQ(outcome(one_by_one({{0, "wx1 wy1", 1}, {1, "wx2 wy2", 2}, {2, "Rx1 Ry2"}}), "anomalies:G-single"),
            Outcome::kViolated);
  EXPECT_EQ(outcome(one_by_one({{0, "wx1 wy1", 1}, {1, "wx2 wy2", 2}, {2, "Rx2 Ry2"}}), "serializable"),
            Outcome::kHolds);
}

TEST(Transactions, RealTimeIsCarriedOnFromReturnToReturn) {
  using reports::Completion;
  History history;
  const auto begin = [&](std::int64_t process, const char* steps) {
    return history.invoke(process, "txn", {}, small_steps(steps, false));
  };
  const auto overlapping = begin(1, "ry");
  complete(history, begin(0, "ax1"), {0, "ax1"});
  const auto open = begin(2, "ry");  // after the write returned; itself never returns before the read
  complete(history, overlapping, {1, "ry"});
  complete(history, begin(3, "rx"), {3, "rx"});  // stale, though nothing in between links it to the write
  complete(history, open, {2, "ry"});
  complete(history, begin(4, "rx1"), {4, "rx1"});
  EXPECT_TRUE(judged(history, "strict-serializable").log.has("G-single-item-realtime"));
}

TEST(Transactions, WhereNothingHappenedNothingIsClaimed) {
  EXPECT_EQ(outcome(concurrent({"!ax1", "?ax2"}), "serializable"), Outcome::kUnknown);
}

TEST(Transactions, ManyReadersAndWritersAreLinkedInLinearSize) {
  History history;
  for (int i = 0; i < 2000; ++i) {
    const reports::Value steps = reports::Value::Array{
        reports::Value::Array{"r", "x", reports::Value::Array{}}, reports::Value::Array{"append", "x", i}};
    history.complete(history.invoke(i, "txn", {}, steps), reports::Completion::kOk, steps);
  }
  const Findings findings = judged(history, "serializable");
  EXPECT_LT(findings.dependencies, 20'000u);  // not four million
  EXPECT_EQ(findings.largest_component, 2000u);
  EXPECT_TRUE(findings.log.has("lost-update"));
  EXPECT_TRUE(findings.log.has("G2-item"));
  EXPECT_EQ(findings.log.counts().at("lost-update"), 1999u);
}

TEST(Transactions, AReaderThatWritesIsNotBeforeItself) {
  EXPECT_EQ(outcome(concurrent({"rx ax1", "rx", "rx", "rx", "rx", "rx", "rx"}), "serializable"),
            Outcome::kHolds);
  EXPECT_EQ(
      outcome(concurrent({"rx ax1", "ax2", "ax3", "ax4", "rx", "rx", "rx", "rx", "rx"}), "serializable"),
      Outcome::kHolds);
}

// Ten thousand transactions in one knot: the answer is definite, and a cycle of it is named.
TEST(Transactions, AHugeKnotIsDecidedAndACycleOfItIsNamed) {
  History history;
  const int ring = 10'000;
  for (int i = 0; i < ring;
       ++i) {  // each reads what the one before wrote, the last misses what the first wrote
    reports::Value::Array steps = {reports::Value::Array{"append", i, 1}};
    if (i > 0) steps.push_back(reports::Value::Array{"r", i - 1, reports::Value::Array{1}});
    if (i == ring - 1) steps.push_back(reports::Value::Array{"r", 0, reports::Value::Array{}});
    history.complete(history.invoke(i, "txn", {}, steps), reports::Completion::kOk, steps);
  }
  const Findings findings = judged(history, "snapshot-isolation");
  EXPECT_EQ(findings.outcome, Outcome::kViolated);
  EXPECT_EQ(findings.largest_component, static_cast<std::uint32_t>(ring));
  EXPECT_TRUE(findings.log.has("G-single-item"));
}

TEST(Transactions, WithoutAnyEffortToNameItACycleIsStillDecided) {
  Limits limits;
  limits.cycles.edge_visits = 0;
  const auto findings =
      check(concurrent({"ax1 ay1", "rx1 ry"}), *parse_model("snapshot-isolation", {}), limits);
  EXPECT_EQ(findings->outcome, Outcome::kViolated);
  EXPECT_FALSE(findings->log.has("G-single-item"));
  EXPECT_EQ(verdict(*parse_model("snapshot-isolation", {}), *findings).evidence.back(),
            "a forbidden cycle exists; the limit came before one could be named");
}

TEST(Transactions, SessionGuaranteesAreToldApart) {
  const History writes = one_by_one({{0, "ax1"}, {0, "rx"}, {1, "rx1"}});
  EXPECT_EQ(outcome(writes, "read-your-writes"), Outcome::kViolated);
  EXPECT_EQ(outcome(writes, "monotonic-reads"), Outcome::kHolds);
  EXPECT_EQ(outcome(writes, "pram"), Outcome::kViolated);
  const History reads = one_by_one({{0, "ax1"}, {1, "rx1"}, {1, "rx"}});
  EXPECT_EQ(outcome(reads, "monotonic-reads"), Outcome::kViolated);
  EXPECT_EQ(outcome(reads, "read-your-writes"), Outcome::kHolds);
  const History order = one_by_one({{0, "ax1"}, {0, "ax2"}, {1, "rx21"}});
  EXPECT_EQ(outcome(order, "monotonic-writes"), Outcome::kViolated);
  EXPECT_EQ(outcome(order, "writes-follow-reads"), Outcome::kHolds);
  const History follow = one_by_one({{0, "Rx2 wx1"}, {1, "Rx1"}, {1, "wx2"}});
  EXPECT_EQ(outcome(follow, "writes-follow-reads"), Outcome::kViolated);
  EXPECT_EQ(outcome(follow, "monotonic-writes"), Outcome::kHolds);
  const History registers = one_by_one({{0, "wx1"}, {1, "wx2"}, {0, "Rx2"}, {1, "Rx1"}});
  EXPECT_EQ(outcome(registers, "read-your-writes"), Outcome::kViolated);
  EXPECT_EQ(outcome(registers, "monotonic-reads"), Outcome::kHolds);
}

TEST(Transactions, ComplaintsNameTheEventAndWhatWasExpected) {
  const auto complaint = [](const History& history) {
    const auto findings = check(history, *parse_model("serializable", {}));
    return findings ? std::string("accepted") : findings.error().message;
  };
  EXPECT_EQ(complaint(concurrent({"ax1", "ax1"})),
            "event 1 (process 1): expected every value to be written once to a key, and 1 was written to "
            "\"x\" by event 0, found [\"append\",\"x\",1]");
  EXPECT_EQ(complaint(concurrent({"ax1", "wx2"})),
            "event 1 (process 1): expected either appends or writes in one history, found [\"w\",\"x\",2]");
  History other;
  other.complete(other.invoke(0, "read", {}, {}), reports::Completion::kOk, 1);
  EXPECT_EQ(complaint(other), "event 0: expected f to be txn, found read");
  History shape;
  shape.complete(shape.invoke(0, "txn", {}, 1), reports::Completion::kOk, 1);
  EXPECT_EQ(complaint(shape), "event 0 (process 0): expected a list of micro-operations, found 1");
  History strange;
  const reports::Value cas = reports::Value::Array{reports::Value::Array{"cas", "x", 1}};
  strange.complete(strange.invoke(0, "txn", {}, cas), reports::Completion::kOk, cas);
  EXPECT_EQ(complaint(strange),
            "event 0 (process 0): expected a micro-operation named r, w or append, found [\"cas\",\"x\",1]");
}

TEST(Transactions, AnAnomalyMayBeAskedForByItsOtherName) {
  const History fork = concurrent({"ax1", "ay1", "rx1 ry", "rx ry1"});
  const History skew = concurrent({"ax1 ay1", "ry rx1"});
  EXPECT_EQ(outcome(fork, "anomalies:long-fork"), Outcome::kViolated);
  EXPECT_EQ(outcome(skew, "anomalies:long-fork"), Outcome::kHolds);
  EXPECT_EQ(outcome(concurrent({"rx1"}), "anomalies:thin-air-read"), Outcome::kViolated);
  EXPECT_EQ(outcome(skew, "anomalies:thin-air-read"), Outcome::kHolds);
  // A lost update has a cycle of the same kind: what is not the same thing is not a name for it.
  EXPECT_EQ(outcome(concurrent({"rx ax1", "rx ax2"}), "anomalies:G2-item"), Outcome::kViolated);
  EXPECT_EQ(parse_model("anomalies:write-skew", {}).error().message,
            "expected anomalies:G2-item, which is a write skew or a lost update, found write-skew");
}

TEST(Transactions, SequentialIsSerializableInTheOrderOfEachProcess) {
  const History stale = one_by_one({{0, "ax1"}, {1, "rx"}, {2, "rx1"}});
  EXPECT_EQ(outcome(stale, "sequential"), Outcome::kHolds);
  EXPECT_EQ(outcome(stale, "strict-serializable"), Outcome::kViolated);
  EXPECT_EQ(outcome(one_by_one({{0, "ax1"}, {0, "rx"}, {1, "rx1"}}), "sequential"), Outcome::kViolated);
}

TEST(Transactions, ModelsAndOptionsThatDoNotExistAreRefused) {
  EXPECT_TRUE(parse_model("strong-session-causal", {}));
  EXPECT_TRUE(parse_model("snapshot-isolation+repeatable-read", {}));
  EXPECT_FALSE(parse_model("linear", {}));
  EXPECT_FALSE(parse_model("anomalies:G9", {}));
  EXPECT_FALSE(parse_model("serializable", Names{"order=random"}));
  EXPECT_FALSE(parse_model("serializable", Names{"wfr-keys=perhaps"}));
  EXPECT_FALSE(parse_model("serializable", Names{"colour=red"}));
}

}  // namespace
}  // namespace lockstep::transactions
