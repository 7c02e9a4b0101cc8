// `lockstep chaos` and `lockstep shrink` as a person uses them: few seeds, a directory that goes on, shards,
// one file.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace lockstep::tests {
namespace {

using nlohmann::json;

json chaos(const std::string& arguments) {
  const Outcome outcome = lockstep("chaos --json " + arguments);
  EXPECT_LE(outcome.code, 1) << outcome.out;
  const json document = json::parse(outcome.out, nullptr, false);
  EXPECT_TRUE(document.is_object()) << outcome.out;
  return document;
}

TEST(Chaos, RunsEverySeedOnceAndGoesOnInTheSameDirectory) {
  const TemporaryDirectory home;
  const json first = chaos("--seeds 1..3 --jobs 2 --out " + home / "a");
  EXPECT_EQ(first["seeds"]["done"], 3);
  EXPECT_EQ(first["seeds"]["failed"], 0) << first;
  EXPECT_GE(first["least_operations"], 1000) << first;
  EXPECT_EQ(first["verdict"], "holds");
  const json second = chaos("--seeds 1..4 --out " + home / "a");
  EXPECT_EQ(second["seeds"]["done"], 4);
}

TEST(Chaos, ShardsMergeIntoTheWhole) {
  const TemporaryDirectory home;
  const json whole = chaos("--seeds 1..4 --out " + home / "whole");
  for (const std::string shard : {"1", "2"})
    chaos("--seeds 1..4 --shard " + shard + "/2 --out " + home / shard);
  const Outcome merged =
      lockstep("chaos merge --json " + home / "1" + " " + home / "2" + " --out " + home / "all");
  EXPECT_EQ(merged.code, 0) << merged.out;
  const json document = json::parse(merged.out, nullptr, false);
  for (const char* key : {"operations", "rare_events", "struck", "verdict", "simulated_ns"})
    EXPECT_EQ(document[key], whole[key]) << key;
  // The same seeds in both: their traces are compared.
  EXPECT_EQ(lockstep("chaos merge " + home / "whole" + " --out " + home / "all").code, 0);
}

TEST(Chaos, AShardThatIsMissingOrEmptyIsSaid) {
  const TemporaryDirectory home;
  const Outcome empty = lockstep("chaos --seeds 1..3 --shard 5/64 --out " + home / "empty");
  EXPECT_EQ(empty.code, 0) << empty.out;
  EXPECT_NE(empty.out.find("verdict: no seeds\n"), std::string::npos) << empty.out;
  for (const std::string shard : {"1", "3"})
    chaos("--seeds 1..3 --shard " + shard + "/3 --out " + home / shard);
  const std::string merge = "chaos merge " + home / "1" + " " + home / "3" + " --out " + home / "all";
  const Outcome merged = lockstep(merge);
  EXPECT_EQ(merged.code, 1) << merged.out;
  EXPECT_EQ(merged.out.find("chaos: 2 of 3 seeds (1..3)\n"), 0u) << merged.out;
  EXPECT_NE(merged.out.find("\n1 seed missing, the first is 2\n"), std::string::npos) << merged.out;
  EXPECT_NE(merged.out.find("verdict: incomplete\n"), std::string::npos) << merged.out;
}

TEST(Chaos, AScenarioThatItPrintsIsTheRunThatItMakes) {
  const TemporaryDirectory home;
  chaos("--seeds 5..5 --out " + home / "a");
  const Outcome run = lockstep("chaos --print 5 | " LOCKSTEP_PROGRAM " run - --out " + home / "reports");
  ASSERT_LE(run.code, 1) << run.out;  // it may be vacuous
  const Outcome again = lockstep("chaos merge --json " + home / "a" + " --out " + home / "b");
  EXPECT_EQ(again.code, 0) << again.out;
  std::ifstream file(home / "reports/chaos_5-5/report.json");
  const json report = json::parse(file, nullptr, false);
  const json summary = json::parse(again.out, nullptr, false);
  EXPECT_EQ(report["simulated_ns"], summary["simulated_ns"]);
  EXPECT_EQ(report["operations"]["ok"].get<int>() + report["operations"]["failed"].get<int>() +
                report["operations"]["unknown"].get<int>(),
            summary["operations"]);
}

TEST(Chaos, RefusesWhatItCannotMean) {
  const TemporaryDirectory home;
  for (const char* wrong :
       {"--seeds 5..1", "--seeds x", "--seeds 1..99999999999999999999", "--shard 3/2 --seeds 1..2",
        "--for 10 --seeds 1..2", "--jobs 0", "merge", "merge /nowhere --out x"}) {
    const Outcome outcome = lockstep(std::string("chaos --out ") + (home / "a") + " " + wrong);
    EXPECT_EQ(outcome.code, 2) << wrong << ": " << outcome.out;
  }
}

TEST(Chaos, TheLargestSeedIsTheSameForAllOptions) {
  EXPECT_EQ(lockstep("chaos --print 9223372036854775807").code, 0);
  for (const char* seed : {"-1", "9223372036854775808", "99999999999999999999", "x"}) {
    const Outcome outcome = lockstep(std::string("chaos --print=") + seed);
    EXPECT_EQ(outcome.code, 2) << seed;
    EXPECT_NE(outcome.out.find("expected a seed from 0 to 9223372036854775807, found "), std::string::npos) << outcome.out;
  }
}

void write_slow_scenario(const std::string& path) {
  std::ofstream file(path);
  file << R"({ "name": "slow", "about": "Cannot serve in time.", "cluster": { "nodes": 5 },
               "network": { "latency": { "median": "140ms", "p99": "1500ms" } },
               "workload": [ { "kind": "register", "for": "2s" } ],
               "faults": [ { "at": "1s", "kill": "n5", "for": "100ms" } ],
               "finally": { "converge_within": "3s" } })";
}

void change_results(const std::string& directory, const char* sql) {
  sqlite3* results = nullptr;
  ASSERT_EQ(sqlite3_open((directory + "/results.sqlite").c_str(), &results), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(results, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(results);
}

// No seed of the real program fails: one is said to have, and a small file that does is there already.
TEST(Chaos, ASmallFailureHasAReportWithAPage) {
  const TemporaryDirectory home;
  chaos("--seeds 1..1 --out " + home / "a");
  change_results(home / "a", "UPDATE seeds SET kind = 'violated'");
  std::filesystem::create_directories(home / "a/failures");
  write_slow_scenario(home / "a/failures/1-small.json");
  const json document = chaos("--seeds 1..1 --out " + home / "a");
  ASSERT_EQ(document["failures"].size(), 1u) << document;
  const std::string page = document["failures"][0].value("page", "");
  EXPECT_EQ(page, home / "a/failures/reports/slow-1/report.html");
  EXPECT_TRUE(std::filesystem::exists(page));
  const Outcome again = lockstep("chaos --seeds 1..1 --out " + home / "a");
  EXPECT_NE(again.out.find("       page: " + page + "\n"), std::string::npos) << again.out;
}

TEST(Chaos, ResultsThatCannotBeAreRefused) {
  const TemporaryDirectory home;
  chaos("--seeds 1..1 --out " + home / "a");
  change_results(home / "a", "UPDATE seeds SET kind = 'violated', names = '[1,{}]'");
  EXPECT_LE(lockstep("chaos --seeds 1..1 --no-shrink --out " + home / "a").code, 1) << "the names are for people";
  change_results(home / "a", "UPDATE ranges SET shards = 0");
  const Outcome refused = lockstep("chaos --seeds 1..1 --out " + home / "a");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("results.sqlite: it has a range of seeds that cannot be"), std::string::npos) << refused.out;
}

TEST(Shrink, WritesASmallFileThatFailsAlike) {
  const TemporaryDirectory home;
  write_slow_scenario(home / "slow.json");
  const Outcome before = lockstep("run " + home / "slow.json" + " --out " + home / "reports");
  ASSERT_EQ(before.code, 1) << before.out;
  const Outcome shrunk = lockstep("shrink " + home / "slow.json");
  EXPECT_EQ(shrunk.code, 0) << shrunk.out;
  const Outcome after = lockstep("run " + home / "slow-small.json" + " --out " + home / "reports");
  EXPECT_EQ(after.code, 1) << after.out;
  EXPECT_NE(after.out.find("verdict: violated"), std::string::npos) << after.out;
  std::ifstream small(home / "slow-small.json");
  const json document = json::parse(small, nullptr, false);
  EXPECT_FALSE(document.contains("faults")) << document;
}

TEST(Shrink, SaysWhenThereIsNothingToShrink) {
  const TemporaryDirectory home;
  {
    std::ofstream file(home / "fine.json");
    file << R"({ "name": "fine", "about": "Holds.", "workload": [ { "kind": "register", "for": "1s" } ] })";
  }
  const Outcome outcome = lockstep("shrink " + home / "fine.json");
  EXPECT_EQ(outcome.code, 1) << outcome.out;
  EXPECT_NE(outcome.out.find("nothing to shrink"), std::string::npos) << outcome.out;
  EXPECT_EQ(lockstep("shrink " + home / "nowhere.json").code, 2);
}

}  // namespace
}  // namespace lockstep::tests
