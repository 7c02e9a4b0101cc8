// Stories about bank, counter, set, long fork and monotonic.
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

TEST(Set, NothingIsReadBeforeItWasAdded) {
  History history;
  answer(history, "read", {}, elements({1}));
  answer(history, "add", 1, 1);
  answer(history, "read", {}, elements({1}));
  EXPECT_EQ(judged(history, "set-full").evidence, Lines{"event 1, process 1 read 1 before anybody added it"});
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

// An answer of this process; a null timestamp: there is none.
void grow(History& history, std::int64_t process, std::string f, Value timestamp, Value value) {
  const auto operation = history.invoke(process, std::move(f), {}, {});
  const bool stamped = !timestamp.is_null();
  history.complete(operation, Completion::kOk,
                   stamped ? Value(Value::Array{std::move(timestamp), std::move(value)}) : std::move(value));
}

TEST(Monotonic, ALaterTimestampHasALargerValueWhateverTheOrderOfRealTime) {
  History history;
  grow(history, 1, "add", 30, 3);
  grow(history, 2, "add", 10, 1);
  grow(history, 3, "add", 20, 2);
  grow(history, 4, "read", 25, 2);
  grow(history, 5, "read", 5, {});
  EXPECT_EQ(judged(history, "monotonic").outcome, Outcome::kHolds);
  grow(history, 6, "read", 35, 2);
  EXPECT_EQ(
      judged(history, "monotonic").evidence,
      Lines{"event 11, process 6 read 2 at timestamp 35, but event 1, process 1 wrote 3 at timestamp 30"});
  History skewed;  // the clock of process 2 is behind, and it writes on top of what process 1 wrote
  grow(skewed, 1, "add", 30, 1);
  grow(skewed, 2, "add", 29, 2);
  EXPECT_EQ(
      judged(skewed, "monotonic").evidence,
      Lines{"event 1, process 1 wrote 1 at timestamp 30, but event 3, process 2 wrote 2 at timestamp 29"});
}

TEST(Monotonic, NoProcessSeesItGoBack) {
  History history;
  grow(history, 1, "inc", {}, 1);
  grow(history, 2, "read", {}, 1);
  grow(history, 3, "read", {}, {});
  EXPECT_EQ(judged(history, "monotonic").outcome, Outcome::kHolds);
  EXPECT_EQ(judged(history, "monotonic", {"order=timestamps"}).outcome, Outcome::kUnknown);
  EXPECT_EQ(judged(history, "monotonic", {"order=realtime"}).evidence,
            Lines{"event 5, process 3 read nothing, after event 1, process 1 wrote 1"});
  grow(history, 2, "read", {}, 0);
  EXPECT_EQ(judged(history, "monotonic").evidence,
            Lines{"event 7, process 2 read 0, after event 3, process 2 read 1"});
  History stamps;
  grow(stamps, 1, "read", 10, 5);
  grow(stamps, 1, "read", 9, 5);
  EXPECT_EQ(judged(stamps, "monotonic").evidence,
            Lines{"event 3, process 1 read 5 at timestamp 9, earlier than event 1, process 1 read 5 at "
                  "timestamp 10, which had returned before"});
}

TEST(Monotonic, ConcurrentAnswersHaveNoOrder) {
  History history;
  const auto slow = history.invoke(1, "read", {}, {});
  grow(history, 2, "inc", {}, 1);
  history.complete(slow, Completion::kOk, {});
  EXPECT_EQ(judged(history, "monotonic", {"order=realtime"}).outcome, Outcome::kHolds);
}

TEST(Monotonic, AValueIsWrittenOnceAndNotReadBefore) {
  History history;
  grow(history, 1, "inc", {}, 1);
  grow(history, 2, "inc", {}, 1);
  EXPECT_EQ(judged(history, "monotonic").evidence,
            Lines{"event 3, process 2 wrote 1, which had been written before: event 1, process 1 wrote 1"});
  History early;
  grow(early, 1, "read", {}, 7);
  grow(early, 2, "inc", {}, 7);
  EXPECT_EQ(judged(early, "monotonic").evidence,
            Lines{"event 1, process 1 read 7, which was written later: event 3, process 2 wrote 7"});
}

Value rows(std::initializer_list<std::pair<int, int>> stamped) {
  Value::Array array;
  for (const auto& [timestamp, value] : stamped)
    array.push_back(Value::object({{"val", value}, {"sts", timestamp}, {"node", "n1"}}));
  return array;
}

TEST(Monotonic, RowsAreThoseThatWereWrittenInTheirOrder) {
  const auto with_rows = [](const Value& read) {
    History history;
    grow(history, 1, "add", 10, 1);
    grow(history, 2, "add", 20, 2);
    history.complete(history.invoke(3, "add", {}, {}), Completion::kInfo, {});
    history.complete(history.invoke(4, "add", {}, {}), Completion::kFail, {});
    history.complete(history.invoke(5, "read", {}, {}), Completion::kOk, read);
    return history;
  };
  for (const Value& fine : {rows({{10, 1}, {20, 2}}), rows({{10, 1}, {20, 2}, {20, 3}})})
    EXPECT_EQ(judged(with_rows(fine), "monotonic").outcome, Outcome::kHolds) << to_json(fine);
  EXPECT_EQ(
      judged(with_rows(rows({{10, 1}})), "monotonic").evidence,
      Lines{"event 9, process 5 read no row of 2, although event 3, process 2 wrote 2 at timestamp 20"});
  EXPECT_EQ(judged(with_rows(rows({{10, 1}, {15, 3}, {20, 2}})), "monotonic").evidence,
            Lines{"event 9, process 5 read 2 at timestamp 20 in the row after 3 at timestamp 15"});
  EXPECT_EQ(judged(with_rows(rows({{10, 1}, {20, 2}, {19, 3}})), "monotonic").evidence,
            Lines{"event 9, process 5 read 3 at timestamp 19 in the row after 2 at timestamp 20"});
  EXPECT_EQ(judged(with_rows(rows({{10, 1}, {10, 1}, {20, 2}})), "monotonic").evidence,
            Lines{"event 9, process 5 read 1 at timestamp 10 in the row after 1 at timestamp 10"});
  EXPECT_EQ(
      judged(with_rows(rows({{10, 1}, {21, 2}})), "monotonic").evidence,
      Lines{"event 9, process 5 read 2 at timestamp 21, but event 3, process 2 wrote 2 at timestamp 20"});
  EXPECT_EQ(judged(with_rows(rows({{10, 1}, {20, 2}, {30, 3}, {40, 4}})), "monotonic").evidence,
            Lines{"event 9, process 5 read 2 rows that no write is known to have written, and 1 write has an "
                  "unknown end"});
}

TEST(Monotonic, KeysAreIndependent) {
  History history;
  for (const auto& [key, value] : {std::pair("a", 5), std::pair("b", 1)})
    history.complete(history.invoke(1, "inc", key, {}), Completion::kOk, value);
  EXPECT_EQ(judged(history, "monotonic").outcome, Outcome::kHolds);
  history.complete(history.invoke(1, "read", "a", {}), Completion::kOk, 1);
  EXPECT_EQ(judged(history, "monotonic").outcome, Outcome::kViolated);
}

TEST(Tallies, KeysAreIndependent) {
  const auto of_key = [](History& history, const char* key, std::string f, Value argument, Value result) {
    history.complete(history.invoke(1, std::move(f), key, std::move(argument)), Completion::kOk, std::move(result));
  };
  History counters, sets;
  for (const int round : {1, 2}) {
    of_key(counters, "a", "add", 5, 5);
    of_key(counters, "b", "add", -1, -1);
    of_key(counters, "a", "read", {}, 5 * round);
    of_key(counters, "b", "read", {}, -round);
    of_key(sets, "a", "add", round, {});
    of_key(sets, "b", "read", {}, Value::Array{});
    of_key(sets, "a", "read", {}, round == 1 ? Value::Array{1} : Value::Array{1, 2});
  }
  EXPECT_EQ(judged(counters, "counter").evidence, Lines{});
  for (const char* name : {"set", "set-full"}) EXPECT_EQ(judged(sets, name).evidence, Lines{}) << name;
  EXPECT_EQ(judged(sets, "set").checked[1].count, 2u);  // elements
  of_key(counters, "b", "read", {}, 10);
  EXPECT_EQ(judged(counters, "counter").evidence, Lines{"event 17, process 1 read 10, expected -2 to -2"});
  of_key(sets, "b", "read", {}, Value::Array{1});
  for (const char* name : {"set", "set-full"})
    EXPECT_EQ(judged(sets, name).evidence, Lines{"event 13, process 1 read 1, which nobody added"}) << name;

  History banks;
  for (const int total : {50, 10})
    of_key(banks, total == 50 ? "a" : "b", "read", {}, accounts(total, total));
  EXPECT_EQ(judged(banks, "bank").outcome, Outcome::kHolds);
  EXPECT_EQ(judged(banks, "bank", {"total=100"}).outcome, Outcome::kViolated);
  of_key(banks, "b", "read", {}, accounts(50, 50));
  EXPECT_EQ(judged(banks, "bank").evidence, Lines{"event 5, process 1 read accounts of 100 together, expected 20"});
}

TEST(Tallies, WithoutAReadNothingIsClaimed) {
  History history;
  answer(history, "add", 1, 1);
  EXPECT_EQ(judged(history, "counter").outcome, Outcome::kHolds);  // as Jepsen judges
  EXPECT_EQ(judged(history, "set").outcome, Outcome::kUnknown);
  EXPECT_EQ(judged({}, "monotonic").outcome, Outcome::kUnknown);
}

TEST(Tallies, WhatDoesNotFitIsRefused) {
  History history;
  answer(history, "write", 1, 1);
  for (const char* name : {"bank", "counter", "set", "set-full", "monotonic"})
    EXPECT_FALSE(check_tally(history, *parse_tally(name, {}))) << name;
  EXPECT_FALSE(parse_tally("queue", {}));
  EXPECT_FALSE(parse_tally("bank", Lines{"total=much"}));
  EXPECT_FALSE(parse_tally("set", Lines{"total=1"}));
  History read;
  answer(read, "read", {}, "text");
  EXPECT_FALSE(parse_tally("monotonic", Lines{"order=none"}));
  EXPECT_FALSE(parse_tally("counter", Lines{"order=session"}));
  for (const char* name : {"bank", "counter", "set", "long-fork", "monotonic"})
    EXPECT_FALSE(check_tally(read, *parse_tally(name, {}))) << name;
}

}  // namespace
}  // namespace lockstep::reports
