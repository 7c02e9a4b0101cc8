// Stories about bank, counter, set and long fork.
#include "reports/tallies.h"

#include <gtest/gtest.h>

namespace lockstep::reports {
namespace {

using Lines = std::vector<std::string>;

Verdict judged(const History& history, std::string_view name, const Lines& options = {}) {
  const auto tally = parse_tally(name, options);
  EXPECT_TRUE(tally) << tally.error().message;
  const auto verdict = check_tally(history, *tally);
  EXPECT_TRUE(verdict) << verdict.error().message;
  return verdict ? *verdict : Verdict();
}

void answer(History& history, std::string f, Value argument, Value result,
            Completion completion = Completion::kOk) {
  history.complete(history.invoke(1, std::move(f), {}, std::move(argument)), completion, std::move(result));
}

Value accounts(int a, int b) { return Value::object({{"a", a}, {"b", b}}); }

TEST(Bank, TheTotalIsTheSameInEveryRead) {
  History history;
  answer(history, "read", {}, accounts(60, 40));
  answer(history, "transfer", {}, {}, Completion::kFail);
  answer(history, "read", {}, accounts(30, 70));
  EXPECT_EQ(judged(history, "bank").outcome, Outcome::kHolds);
  EXPECT_EQ(judged(history, "bank", {"total=99"}).outcome, Outcome::kViolated);
  answer(history, "read", {}, accounts(30, 71));
  EXPECT_EQ(judged(history, "bank").evidence,
            Lines{"event 7, process 1 read accounts of 101 together, expected 100"});
}

TEST(Bank, AnAccountBelowZeroMustBeAllowed) {
  History history;
  answer(history, "read", {}, accounts(-1, 101));
  EXPECT_EQ(judged(history, "bank").evidence, Lines{"event 1, process 1 read -1 in account a"});
  EXPECT_EQ(judged(history, "bank", {"negative=allowed"}).outcome, Outcome::kHolds);
}

TEST(Counter, AReadLiesBetweenWhatIsCertainAndWhatIsPossible) {
  const auto with_read = [](int seen) {
    History history;
    answer(history, "add", 5, 5);
    const auto open = history.invoke(2, "add", {}, 3);
    answer(history, "add", 7, {}, Completion::kFail);
    const auto fall = history.invoke(3, "add", {}, -2);
    answer(history, "read", {}, seen);
    history.complete(open, Completion::kOk, 3);
    history.complete(fall, Completion::kInfo, {});
    return history;
  };
  for (const int seen : {3, 5, 6, 8})
    EXPECT_EQ(judged(with_read(seen), "counter").outcome, Outcome::kHolds) << seen;
  for (const int seen : {2, 9})
    EXPECT_EQ(judged(with_read(seen), "counter").outcome, Outcome::kViolated) << seen;
  EXPECT_EQ(judged(with_read(9), "counter").evidence, Lines{"event 7, process 1 read 9, expected 3 to 8"});
}

Value elements(std::initializer_list<int> numbers) {
  Value::Array array;
  for (const int number : numbers) array.emplace_back(number);
  return array;
}

TEST(Set, WhatWasAcknowledgedIsInTheLastRead) {
  History history;
  answer(history, "add", 1, 1);
  answer(history, "read", {}, elements({}));
  answer(history, "add", 2, {}, Completion::kFail);
  answer(history, "read", {}, elements({1}));
  EXPECT_EQ(judged(history, "set").outcome, Outcome::kHolds);
  EXPECT_EQ(judged(history, "set-full").evidence,
            Lines{"event 3, process 1 read a set without 1, which was acknowledged before"});
  answer(history, "read", {}, elements({2, 9, 9}));
  EXPECT_EQ(
      judged(history, "set").evidence,
      (Lines{"event 9, process 1 read 2, which nobody added", "event 9, process 1 read 9, which nobody added",
             "event 9, process 1 read 9, which nobody added", "event 9, process 1 read 9 twice",
             "event 9, process 1 read a set without 1, which was acknowledged before"}));
}

TEST(LongFork, ReadsOfOneGroupFormAChain) {
  const auto sight = [](int a, int b) {
    const auto read = [](const char* key, int seen) {
      return Value(Value::Array{"r", key, seen == 0 ? Value() : Value(seen)});
    };
    return Value(Value::Array{read("a", a), read("b", b)});
  };
  History history;
  answer(history, "read", {}, sight(0, 0));
  answer(history, "read", {}, sight(1, 0));
  answer(history, "read", {}, sight(1, 1));
  EXPECT_EQ(judged(history, "long-fork").outcome, Outcome::kHolds);
  answer(history, "read", {}, sight(0, 1));
  EXPECT_EQ(judged(history, "long-fork").outcome, Outcome::kViolated);
}

TEST(Tallies, WithoutAReadNothingIsClaimed) {
  History history;
  answer(history, "add", 1, 1);
  EXPECT_EQ(judged(history, "counter").outcome, Outcome::kHolds);  // as Jepsen judges
  EXPECT_EQ(judged(history, "set").outcome, Outcome::kUnknown);
}

TEST(Tallies, WhatDoesNotFitIsRefused) {
  History history;
  answer(history, "write", 1, 1);
  for (const char* name : {"bank", "counter", "set", "set-full"})
    EXPECT_FALSE(check_tally(history, *parse_tally(name, {}))) << name;
  EXPECT_FALSE(parse_tally("queue", {}));
  EXPECT_FALSE(parse_tally("bank", Lines{"total=much"}));
  EXPECT_FALSE(parse_tally("set", Lines{"total=1"}));
  History read;
  answer(read, "read", {}, "text");
  for (const char* name : {"bank", "counter", "set", "long-fork"})
    EXPECT_FALSE(check_tally(read, *parse_tally(name, {}))) << name;
}

}  // namespace
}  // namespace lockstep::reports
