// A campaign keeps what it has, goes on where it stopped, and its shards add up to the whole.
#include "scenarios/farm/campaign.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>

#include "base/text.h"
#include "scenarios/farm/summary.h"
#include "tests/temporary_directory.h"

namespace lockstep::farm {
namespace {

using namespace std::chrono_literals;

class Campaign : public testing::Test {
 protected:
  Results open(const std::string& name, const std::string& program = "p") {
    auto results = Results::open(place_ / name, program);
    EXPECT_TRUE(results.has_value()) << results.error().message;
    return std::move(*results);
  }

  // Every worker says the same but for seed 13, which crashes, and seeds that end in 7, which are violated.
  Workers::Options options() {
    const std::string said =
        R"({"kind":"KIND","names":[NAMES],"nodes":3,"edges":EDGES,"ok":1200,"failed":3,"unknown":2,"events":99,)"
        R"("trace":SEED,"simulated_ns":30,"rare_events":{"logs truncated":1},"struck":{"kill":{"stable":2}}})";
    const std::string script =
        cat("read seed; case $seed in 13) kill -9 $$;; *7) kind=violated; names='\"reads\"';; esac; "
            "case $seed in *[78]) edges=2;; *) edges=0;; esac; echo '",
            said, "' | sed \"s/KIND/$kind/; s/NAMES/$names/; s/SEED/$seed/; s/EDGES/$edges/\"");
    return {.program = "/bin/sh", .arguments = {"-c", script}, .jobs = 2, .limits = {}};
  }

  Summary run(const std::string& name, const Range& range) {
    Workers workers(options());
    Results results = open(name);
    const Status done = run_campaign(workers, results, {.range = range, .time = {}, .progress = {}});
    EXPECT_TRUE(done.has_value()) << done.error().message;
    auto summary = summarise(results);
    EXPECT_TRUE(summary.has_value()) << summary.error().message;
    return std::move(*summary);
  }

  tests::TemporaryDirectory place_;
};

TEST_F(Campaign, KeepsARowForEverySeed) {
  const Summary summary = run("a", {.first = 1, .last = 20});
  EXPECT_EQ(summary.done, 20u);
  EXPECT_EQ(summary.holds, 17u);
  ASSERT_EQ(summary.failures.size(), 3u);
  EXPECT_EQ(summary.failures[0].seed, 7u);
  EXPECT_EQ(to_string(summary.failures[0].outcome.signature), "violated reads");
  EXPECT_EQ(to_string(summary.failures[1].outcome.signature), "crash signal 9");
  EXPECT_EQ(summary.failures[2].seed, 17u);
  EXPECT_EQ(summary.least_operations, 1205u);
  EXPECT_EQ(summary.coverage.rare_events.at("logs truncated").seeds, 19u);
  EXPECT_EQ(summary.coverage.struck.at("kill").at("stable").times, 38u);
  EXPECT_TRUE(summary.has_failed());
}

TEST_F(Campaign, CountsTheSeedsWithAField) {
  const Summary summary = run("a", {.first = 1, .last = 20});
  EXPECT_EQ(summary.with_field, 4u) << "7, 8, 17, 18";
  EXPECT_EQ(summary.with_field_failed, 2u);
  EXPECT_EQ(summary.field_unknown, 1u) << "13 crashed before it could tell";
  EXPECT_NE(to_text(summary).find("  4 of 20 seeds with a field, 2 of them failed; of 1 it is not known\n"),
            std::string::npos)
      << to_text(summary);
}

TEST_F(Campaign, AFileFromBeforeFieldsWereNotedCanBeReadAndGoesOn) {
  run("a", {.first = 1, .last = 5});
  {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((place_ / "a/results.sqlite").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "ALTER TABLE seeds DROP COLUMN edges", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
  }
  const Summary summary = run("a", {.first = 1, .last = 8});
  EXPECT_EQ(summary.done, 8u);
  EXPECT_EQ(summary.with_field, 2u) << "7, 8";
  EXPECT_EQ(summary.field_unknown, 5u);
}

TEST_F(Campaign, GoesOnWhereItStopped) {
  std::uint64_t begun = 0;
  {
    Workers workers(options());
    Results results = open("a");
    const auto stop_soon = [](const Progress& progress) {
      if (progress.done >= 4) ::raise(SIGTERM);
    };
    ASSERT_TRUE(
        run_campaign(workers, results, {.range = {.first = 1, .last = 40}, .time = {}, .progress = stop_soon})
            .has_value());
    begun = results.all()->size();
  }
  EXPECT_GE(begun, 4u);
  EXPECT_LT(begun, 40u);
  Workers workers(options());
  Results results = open("a");
  std::uint64_t done_now = 0;
  const auto count = [&done_now](const Progress& progress) { done_now = progress.done_now; };
  ASSERT_TRUE(
      run_campaign(workers, results, {.range = {.first = 1, .last = 40}, .time = {}, .progress = count})
          .has_value());
  EXPECT_EQ(done_now, 40 - begun);
  EXPECT_EQ(results.all()->size(), 40u);
  EXPECT_EQ(results.ranges()->size(), 1u);
}

TEST_F(Campaign, ShardsAddUpToTheWhole) {
  const Summary whole = run("whole", {.first = 3, .last = 21});
  Results merged = open("merged");
  for (const std::uint32_t shard : {1u, 2u, 3u}) {
    const std::string name = cat("shard", shard);
    const Range range{.first = 3, .last = 21, .shard = shard, .shards = 3};
    EXPECT_EQ(run(name, range).done, range.count());
    auto part = Results::open_finished(place_ / name);
    ASSERT_TRUE(part.has_value()) << part.error().message;
    const Status absorbed = merged.absorb(*part);
    ASSERT_TRUE(absorbed.has_value()) << absorbed.error().message;
    EXPECT_EQ(summarise(merged, Scope::kWholeRanges)->is_incomplete(), shard < 3);
    EXPECT_FALSE(summarise(merged)->is_incomplete()) << "of what was asked for nothing is missing";
  }
  const auto summary = summarise(merged);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->wanted, 19u);
  const Status again = merged.absorb(*Results::open_finished(place_ / "whole"));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(summarise(merged)->wanted, 19u) << "the whole wants nothing that its shards did not want";
  EXPECT_EQ(summary->done, whole.done);
  EXPECT_EQ(summary->failures.size(), whole.failures.size());
  EXPECT_EQ(summary->coverage.struck.at("kill").at("stable").times,
            whole.coverage.struck.at("kill").at("stable").times);
}

TEST_F(Campaign, TwoTracesOfOneSeedAreRefused) {
  SeedResult result{.seed = 5, .outcome = {}};
  result.outcome.trace_hash = 1;
  ASSERT_TRUE(open("a").add(result).has_value());
  result.outcome.trace_hash = 2;
  ASSERT_TRUE(open("b").add(result).has_value());
  const auto other = Results::open_finished(place_ / "b");
  const Status absorbed = open("a").absorb(*other);
  ASSERT_FALSE(absorbed.has_value());
  EXPECT_EQ(absorbed.error().code, ErrorCode::kConflict);
  EXPECT_NE(absorbed.error().message.find("seed 5"), std::string::npos) << absorbed.error().message;
}

// Whoever stands first: a seed that crashed on one machine and held on another must not pass.
TEST_F(Campaign, TwoEndsOfOneSeedAreRefused) {
  SeedResult result{.seed = 5, .outcome = {}};
  result.outcome.trace_hash = 1;
  ASSERT_TRUE(open("held").add(result).has_value());
  result.outcome.trace_hash = 0;
  result.outcome.signature = {.kind = "crash", .names = {"SIGSEGV"}};
  ASSERT_TRUE(open("crashed").add(result).has_value());
  for (const auto& [into, from] : {std::pair("held", "crashed"), std::pair("crashed", "held")}) {
    const auto other = Results::open_finished(place_ / from);
    const Status absorbed = open(into).absorb(*other);
    ASSERT_FALSE(absorbed.has_value()) << into;
    EXPECT_EQ(absorbed.error().code, ErrorCode::kConflict);
    EXPECT_NE(absorbed.error().message.find("seed 5 has ended in two ways"), std::string::npos)
        << absorbed.error().message;
  }
}

TEST_F(Campaign, ResultsOfAnotherBuildAreRefused) {
  {
    Results results = open("a", "one");
  }
  const auto again = Results::open(place_ / "a", "two");
  ASSERT_FALSE(again.has_value());
  EXPECT_NE(again.error().message.find("another build"), std::string::npos) << again.error().message;
}

TEST_F(Campaign, OneDirectoryHasOneWriter) {
  const Results results = open("a");
  const auto again = Results::open(place_ / "a", "p");
  ASSERT_FALSE(again.has_value());
  EXPECT_NE(again.error().message.find("another chaos run"), std::string::npos) << again.error().message;
}

TEST_F(Campaign, WhatNeverHappenedFailsFromAThousandSeedsOn) {
  Summary summary;
  summary.zeros = {"never: torn tails cut"};
  summary.done = kSeedsForZeros - 1;
  EXPECT_FALSE(summary.has_failed());
  summary.done = kSeedsForZeros;
  EXPECT_TRUE(summary.has_failed());
}

TEST(Range, CountsAndHoldsItsSeeds) {
  for (const std::uint32_t shards : {1u, 2u, 3u, 7u}) {
    std::uint64_t all = 0;
    for (std::uint32_t shard = 1; shard <= shards; ++shard) {
      const Range range{.first = 10, .last = 14, .shard = shard, .shards = shards};
      std::uint64_t held = 0;
      for (std::uint64_t seed = 0; seed < 30; ++seed) held += range.holds(seed) ? 1 : 0;
      EXPECT_EQ(held, range.count());
      all += held;
    }
    EXPECT_EQ(all, 5u);
  }
}

}  // namespace
}  // namespace lockstep::farm
