// Every kind of workload on a small cluster that loses its leader: it does all that it is for, and holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "scenarios/list_append_client.h"
#include "scenarios/parse_scenario.h"
#include "scenarios/run.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Outcome;

Run play_kind(const std::string& members, std::uint64_t seed) {
  const auto variants = parse_scenario(cat(
      R"({"name":"x","about":"x","workload":[{"think":"5ms","for":"4s",)", members,
      R"(}],"faults":[{"at":"1s","kill":"leader","for":"500ms"},{"at":"2500ms","power_loss":"leader","for":"300ms"}]})"));
  EXPECT_TRUE(variants.has_value()) << members;
  return run_simulated(variants->front().scenario, {.seed = seed});
}

std::uint64_t count(const Run& run, std::string_view f, Completion completion) {
  std::uint64_t found = 0;
  for (const auto& operation : run.history.operations())
    found += operation.f == f && operation.completion == completion ? 1 : 0;
  return found;
}

void expect_holds(const Run& run, std::string_view row) {
  std::set<std::string> rows;
  for (const auto& verdict : run.report.verdicts) {
    rows.insert(verdict.name);
    EXPECT_EQ(verdict.outcome, Outcome::kHolds)
        << verdict.name << ": " << (verdict.evidence.empty() ? "" : verdict.evidence.front());
  }
  EXPECT_TRUE(rows.contains(std::string(row))) << row;
}

TEST(Kinds, ABankMovesMoneyAndRefusesOverdrafts) {
  const auto run = play_kind(R"("kind":"bank","balance":30)", 1);
  expect_holds(run, "bank");
  EXPECT_GT(count(run, "transfer", Completion::kOk), 50u);
  EXPECT_GT(count(run, "transfer", Completion::kFail), 10u);
  EXPECT_GT(count(run, "read", Completion::kOk), 50u);
}

TEST(Kinds, ASetGrowsAndIsReadWhole) {
  const auto run = play_kind(R"("kind":"sets","pipeline":3)", 2);
  expect_holds(run, "set");
  EXPECT_GT(count(run, "add", Completion::kOk), 200u);
  EXPECT_GT(count(run, "read", Completion::kOk), 20u);
}

TEST(Kinds, CountersCount) {
  const auto run = play_kind(R"("kind":"counters")", 3);
  expect_holds(run, "counter");
  EXPECT_GT(count(run, "add", Completion::kOk), 100u);
}

// The tables are late, as always: the turns missed by then are made up, and afterwards the clients take turns.
TEST(Kinds, ClientsOfARateHaveAllTheirTurnsAndTakeTurns) {
  const auto variants = parse_scenario(
      R"({"name":"x","about":"x","workload":[{"kind":"counters","clients":8,"rate":"40/s","for":"5s"}]})");
  ASSERT_TRUE(variants.has_value());
  const auto run = run_simulated(variants->front().scenario, {.seed = 1});
  std::vector<std::int64_t> late;  // when, in nanoseconds, the operations of the last seconds began
  std::size_t operations = 0;
  for (const auto& operation : run.history.operations()) {
    if (operation.invoked.time_ns >= 5'000'000'000) continue;  // of the end phase
    ++operations;
    if (operation.invoked.time_ns > 3'000'000'000) late.push_back(operation.invoked.time_ns);
  }
  EXPECT_EQ(operations, 200u);
  ASSERT_GT(late.size(), 70u);
  for (std::size_t i = 1; i < late.size(); ++i) EXPECT_EQ(late[i] - late[i - 1], 25'000'000);
}

TEST(Kinds, LocalReadsOfCountersAreCalledSo) {
  const auto run = play_kind(R"("kind":"counters","read_level":"local")", 3);
  expect_holds(run, "counter");
  EXPECT_GT(count(run, "local-read", Completion::kOk), 50u);
}

TEST(Kinds, ListsAreAppendedToInTransactionsInBothForms) {
  for (const char* form : {"text", "rows"}) {
    const auto run = play_kind(cat(R"("kind":"list_append","pipeline":2,"form":")", form, "\""), 7);
    expect_holds(run, "list-append");
    EXPECT_GT(count(run, "txn", Completion::kOk), 200u);
    std::size_t longest = 0;
    for (const auto& operation : run.history.operations())
      if (const auto* micros = operation.result.as_array())
        for (const auto& micro : *micros)
          if (const auto* list = (*micro.as_array())[2].as_array()) longest = std::max(longest, list->size());
    EXPECT_GT(longest, 5u);
  }
}

// What was appended to a key alone may be lost with its row.
TEST(Kinds, TheLastReadOfListsIsOfKeysWithoutARowToo) {
  const auto keys_read = [](std::uint64_t begun) {
    const auto read =
        ListAppendClient::last_reads(ListAppendWorkload{.load = {}, .keys = 6}, 0, begun).front();
    return read.result(wire::Rows()).as_array()->size();
  };
  EXPECT_EQ(keys_read(0), 6u);
  EXPECT_EQ(keys_read(179), 6u);
  EXPECT_EQ(keys_read(180), 12u) << "each key is replaced after some thirty transactions";
}

TEST(Kinds, UpkeepStandsBetweenMixedSql) {
  const auto run = play_kind(R"("kind":"mixed_sql","pipeline":2,"upkeep":0.3)", 7);
  expect_holds(run, "mixed-sql");
  EXPECT_GT(count(run, "vacuum", Completion::kOk), 5u);
  EXPECT_GT(count(run, "analyze", Completion::kOk), 5u);
}

TEST(Kinds, MixedSqlWritesBreaksAndChangesTheSchema) {
  const auto run = play_kind(R"("kind":"mixed_sql","schema":0.3)", 4);
  expect_holds(run, "mixed-sql");
  EXPECT_GT(count(run, "add", Completion::kOk), 100u);
  std::set<std::string> errors;
  for (const auto& operation : run.history.operations())
    if (operation.completion == Completion::kFail) errors.insert(operation.error);
  // Each way of breaking a write was refused for its own reason.
  for (const char* reason : {"its fate", "UNIQUE", "FOREIGN KEY", "no such table"})
    EXPECT_TRUE(std::ranges::any_of(errors, [&](const auto& error) {
      return error.find(reason) != error.npos;
    })) << reason;
}

TEST(Kinds, MixedSqlWritesWithoutEndAreRefusedWhole) {
  const auto run = play_kind(R"("kind":"mixed_sql","breaking":0,"endless":0.5,"passing":0.5)", 4);
  expect_holds(run, "mixed-sql");
  EXPECT_GT(count(run, "add", Completion::kOk), 50u);
  std::size_t endless = 0;
  for (const auto& operation : run.history.operations())
    endless += operation.error.find("more than 10000000 operations") != operation.error.npos ? 1 : 0;
  EXPECT_GT(endless, 50u);
}

TEST(Kinds, SlowReadsSeeOneMoment) {
  const auto run = play_kind(R"("kind":"slow_reads","steps":2000)", 5);
  expect_holds(run, "slow-reads");
  EXPECT_GT(count(run, "read", Completion::kOk), 100u);
}

TEST(Kinds, ABatchMayHaveThousandsOfStatements) {
  const auto run = play_kind(R"("kind":"versioned_writes","statements":1500,"ops":20,"reads":0.2)", 6);
  expect_holds(run, "durability");
  EXPECT_GT(count(run, "add", Completion::kOk), 3u);
}

}  // namespace
}  // namespace lockstep::scenarios
