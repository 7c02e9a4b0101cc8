// What the checks of clients' histories find, each with a history that breaks it, and that the verdict says
// where.
#include <gtest/gtest.h>

#include "scenarios/session_checks.h"
#include "scenarios/sum_checks.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::History;
using reports::Outcome;
using reports::Value;
using reports::Verdict;

// A history told operation by operation: each returns before the next begins, 10 ms later, unless it is left
// open.
class Story {
 public:
  void op(std::uint32_t client, const char* f, const char* key, Value argument, Value result,
          Completion completion = Completion::kOk) {
    const std::size_t number = begin(client, f, key, std::move(argument));
    history.complete(number, completion, std::move(result), time += 10'000'000);
  }
  std::size_t begin(std::uint32_t client, const char* f, const char* key, Value argument) {
    clients.push_back(client);
    // A new process each time: none has two operations open.
    return history.invoke(next_process++, f, key, std::move(argument), time += 10'000'000);
  }
  History history;
  std::vector<std::uint32_t> clients;
  std::int64_t time = 0;
  std::int64_t next_process = 0;
};

std::string first_line(const Verdict& verdict) {
  return verdict.evidence.empty() ? "" : verdict.evidence.front();
}

// ---- bank

Value transfer(std::int64_t from, std::int64_t to, std::int64_t amount) {
  return Value::object({{"from", from}, {"to", to}, {"amount", amount}});
}

Value balances(std::int64_t a, std::int64_t b) {
  return Value::Array{Value::Array{0, a}, Value::Array{1, b}};
}

Verdict judge_bank(const Story& story) {
  return check_banks(story.history, {{.key = "bank/0", .accounts = 2, .balance = 100}});
}

TEST(Bank, TransfersThatAreAccountedForHold) {
  Story story;
  story.op(1, "transfer", "bank/0", transfer(0, 1, 30), {});
  story.op(1, "transfer", "bank/0", transfer(0, 1, 90), {}, Completion::kFail);
  story.op(2, "read", "bank/0", {}, balances(70, 130));
  story.op(2, "transfer", "bank/0", transfer(1, 0, 10), {}, Completion::kInfo);
  story.op(2, "read", "bank/0", {}, balances(70, 130));
  story.op(2, "read", "bank/0", {}, balances(80, 120));
  story.op(2, "local-read", "bank/0", {}, balances(100, 100));
  const Verdict verdict = judge_bank(story);
  EXPECT_EQ(verdict.outcome, Outcome::kHolds) << first_line(verdict);
  EXPECT_EQ(verdict.checked.front().count, 4u);
}

TEST(Bank, ATransferThatIsNotAtomicChangesTheTotal) {
  Story story;
  story.begin(1, "transfer", "bank/0", transfer(0, 1, 30));
  story.op(2, "local-read", "bank/0", {}, balances(70, 100));
  const Verdict verdict = judge_bank(story);
  EXPECT_EQ(verdict.outcome, Outcome::kViolated);
  EXPECT_EQ(first_line(verdict),
            "the read of bank/0 by process 1 at 20 ms found 170 in all accounts together, expected 200");
}

TEST(Bank, ATransferThatIsMadeTwiceIsFoundThoughTheTotalStays) {
  Story story;
  story.op(1, "transfer", "bank/0", transfer(0, 1, 30), {});
  story.op(2, "read", "bank/0", {}, balances(40, 160));
  EXPECT_NE(first_line(judge_bank(story)).find("found 40, expected 70 in account 0"), std::string::npos)
      << first_line(judge_bank(story));
}

TEST(Bank, AnOverdraftIsFound) {
  Story story;
  story.op(1, "transfer", "bank/0", transfer(0, 1, 130), {});
  story.op(2, "read", "bank/0", {}, balances(-30, 230));
  EXPECT_NE(first_line(judge_bank(story)).find("found -30 in account 0"), std::string::npos);
}

TEST(Bank, AnAccountThatIsMissingIsFound) {
  Story story;
  story.op(2, "read", "bank/0", {}, Value::Array{Value::Array{0, 200}});
  EXPECT_NE(first_line(judge_bank(story)).find("found 1 accounts, expected 2"), std::string::npos);
}

// Strong writes need a voter that is lost for good, and clients wait until the accounts are there (chaos seed 12765).
TEST(Bank, OneThatNobodyCouldOpenIsEmpty) {
  Story story;
  story.op(0, "read", "bank/0", {}, Value::Array{});
  EXPECT_EQ(judge_bank(story).outcome, Outcome::kHolds) << first_line(judge_bank(story));
  story.op(2, "read", "bank/0", {}, balances(100, 100));
  EXPECT_NE(first_line(judge_bank(story)).find("found 0 accounts, expected 2"), std::string::npos);
  Story opened;
  opened.op(1, "transfer", "bank/0", transfer(0, 1, 30), {}, Completion::kInfo);
  opened.op(2, "read", "bank/0", {}, Value::Array{});
  EXPECT_NE(first_line(judge_bank(opened)).find("found 0 accounts, expected 2"), std::string::npos);
}

// ---- counters

Verdict judge_counter(const Story& story) {
  return check_counters({"counter", ""}, story.history, "counter/");
}

TEST(Counters, AReadLiesBetweenWhatIsCertainAndWhatIsPossible) {
  Story story;
  story.op(1, "add", "counter/0/1", 5, {});
  story.op(1, "add", "counter/0/1", 3, {}, Completion::kInfo);
  story.op(1, "add", "counter/0/1", 100, {}, Completion::kFail);
  story.op(2, "read", "counter/0/1", {}, 5);
  story.op(2, "read", "counter/0/1", {}, 8);
  story.op(2, "local-read", "counter/0/1", {}, 0);
  story.op(2, "read", "counter/0/2", {}, 0);
  EXPECT_EQ(judge_counter(story).outcome, Outcome::kHolds) << first_line(judge_counter(story));
}

TEST(Counters, ALostIncrementIsFound) {
  Story story;
  story.op(1, "add", "counter/0/1", 5, {});
  story.op(2, "read", "counter/0/1", {}, 0);
  EXPECT_NE(first_line(judge_counter(story)).find("counter/0/1 by process 1 at 30 ms found 0, expected 5"),
            std::string::npos)
      << first_line(judge_counter(story));
}

TEST(Counters, AnIncrementThatCountsTwiceOrFailedIsFound) {
  Story twice;
  twice.op(1, "add", "counter/0/1", 5, {});
  twice.op(2, "read", "counter/0/1", {}, 10);
  EXPECT_EQ(judge_counter(twice).outcome, Outcome::kViolated);
  Story failed;
  failed.op(1, "add", "counter/0/1", 5, {}, Completion::kFail);
  failed.op(2, "local-read", "counter/0/1", {}, 5);
  EXPECT_EQ(judge_counter(failed).outcome, Outcome::kViolated);
}

TEST(Counters, WhatTheReadFoundItselfIsSaid) {
  Story story;
  story.op(1, "read", "counter/0/1", {}, "50 rows of generations 3 to 4");
  EXPECT_NE(first_line(judge_counter(story)).find("50 rows of generations 3 to 4"), std::string::npos);
}

// ---- sets and tables

TEST(Contents, AnElementTwiceAndAFaultThatTheReadFoundAreSaid) {
  Story story;
  story.op(1, "add", "set/0", Value::Array{7}, {});
  story.op(2, "read", "set/0", {}, Value::Array{7, 7});
  story.op(2, "read", "set/0", {}, Value::Array{7, "row 9 misses children"});
  const Verdict verdict = check_contents({"set", ""}, story.history, {"set/0"});
  ASSERT_EQ(verdict.evidence.size(), 2u);
  EXPECT_NE(verdict.evidence[0].find("holds row 7 twice"), std::string::npos);
  EXPECT_NE(verdict.evidence[1].find("found that row 9 misses children"), std::string::npos);
}

// ---- sessions

std::string lines_of(const std::vector<Verdict>& verdicts) {
  std::string out;
  for (const Verdict& verdict : verdicts)
    for (const std::string& line : verdict.evidence) out += cat(verdict.name, ": ", line, "\n");
  return out;
}

TEST(Sessions, AClientSeesWhatItWroteAndSaw) {
  Story story;
  story.op(1, "add", "set/0", Value::Array{1}, {});
  story.op(1, "read", "set/0", {}, Value::Array{1, 2});
  story.op(1, "add", "counter/0/0", 4, {});
  story.op(1, "read", "counter/0/0", {}, 4);
  story.op(2, "read", "set/0", {}, Value::Array{1, 2, 3});
  story.op(2, "read", "counter/0/0", {}, 9);
  const auto verdicts = check_sessions(story.history, story.clients);
  EXPECT_EQ(lines_of(verdicts), "");
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_EQ(verdicts[0].name, "read-your-writes");
  EXPECT_EQ(verdicts[1].name, "monotonic-reads");
  EXPECT_EQ(verdicts[1].checked.front().count, 4u);
}

TEST(Sessions, AReadThatMissesTheClientsOwnWriteIsFoundInItsNextProcessToo) {
  Story story;
  story.op(3, "add", "set/0", Value::Array{1}, {});
  story.op(3, "add", "counter/0/0", 4, {});
  story.op(3, "read", "set/0", {}, Value::Array{2});
  story.op(3, "read", "counter/0/0", {}, 3);
  EXPECT_EQ(lines_of(check_sessions(story.history, story.clients)),
            "read-your-writes: client c3 (process 2) read \"set/0\" at 50 ms and found no row 1, which it "
            "had written\n"
            "read-your-writes: client c3 (process 3) read \"counter/0/0\" at 70 ms and found 3 instead of "
            "4 or more, "
            "which it had written\n");
}

TEST(Sessions, AReadThatGoesBackIsFoundAndReadsThatOverlapMayDiffer) {
  Story story;
  story.op(3, "add", "set/0", Value::Array{1}, {});
  story.op(1, "read", "set/0", {}, Value::Array{1, 2});
  story.op(2, "read", "set/0", {}, Value::Array{1});
  const std::size_t early = story.begin(1, "read", "set/0", {});
  story.op(1, "read", "set/0", {}, Value::Array{1, 2, 3});
  story.history.complete(early, Completion::kOk, Value::Array{1, 2}, story.time += 10'000'000);
  EXPECT_EQ(lines_of(check_sessions(story.history, story.clients)), "");
  story.op(1, "read", "set/0", {}, Value::Array{1, 2});
  EXPECT_NE(lines_of(check_sessions(story.history, story.clients)).find("no row 3, which it had seen before"),
            std::string::npos);
}

TEST(Sessions, WhatIsOverwrittenMayFall) {
  Story story;
  story.op(1, "write", "register/0", 9, {});
  story.op(1, "read", "register/0", {}, 9);
  story.op(1, "write", "register/0", 3, {});
  story.op(1, "read", "register/0", {}, 3);
  EXPECT_EQ(lines_of(check_sessions(story.history, story.clients)), "");
}

TEST(Sessions, LocalReadsPromiseNothing) {
  Story story;
  story.op(1, "add", "set/0", Value::Array{1}, {});
  story.op(1, "local-read", "set/0", {}, Value::Array{});
  EXPECT_EQ(lines_of(check_sessions(story.history, story.clients)), "");
}

}  // namespace
}  // namespace lockstep::scenarios
