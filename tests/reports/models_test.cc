// Stories about models and options, told by what the check answers.
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "base/text.h"
#include "cli/check.h"
#include "reports/linearizability/check.h"
#include "tests/reports/shared_data.h"
#include "tests/temporary_directory.h"

namespace lockstep::linearizability {
namespace {

using reports::Completion;
using reports::History;
using reports::Moment;
using reports::Outcome;
using reports::Value;
using Options = std::vector<std::string>;

// Operations one after another, each by a process of its own.
struct Story {
  History history;

  Story& then(std::string f, Value argument, Value result, Completion completion = Completion::kOk, std::string error = {}) {
    const auto operation = history.invoke(static_cast<std::int64_t>(history.size()), std::move(f), {}, std::move(argument));
    history.complete(operation, completion, std::move(result), -1, std::move(error));
    return *this;
  }
  Story& write(Value value) { return then("write", value, value); }
  Story& read(Value value) { return then("read", {}, value); }
};

Outcome outcome(const Story& story, std::string_view model, const Options& options = {}) {
  const auto parsed = parse_model(model, options);
  EXPECT_TRUE(parsed) << parsed.error().message;
  const auto findings = check(story.history, *parsed);
  EXPECT_TRUE(findings) << findings.error().message;
  return findings->outcome;
}

std::string complaint(const Story& story, std::string_view model, const Options& options = {}) {
  const auto parsed = parse_model(model, options);
  if (!parsed) return parsed.error().message;
  const auto findings = check(story.history, *parsed);
  return findings ? std::string("accepted") : findings.error().message;
}

TEST(Register, AReadSeesTheLastWrite) {
  EXPECT_EQ(outcome(Story().write(1).read(1), "register"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story().write(1).write(2).read(1), "register"), Outcome::kViolated);
}

TEST(Register, ConcurrentWritesMayTakeEffectInAnyOrderButReadersAgreeOnIt) {
  for (const int second : {1, 2}) {
    Story story;
    const auto one = story.history.invoke(100, "write", {}, 1);
    const auto two = story.history.invoke(101, "write", {}, 2);
    story.history.complete(one, Completion::kOk, 1);
    story.history.complete(two, Completion::kOk, 2);
    story.read(1).read(second);
    EXPECT_EQ(outcome(story, "register"), second == 1 ? Outcome::kHolds : Outcome::kViolated);
  }
}

TEST(Register, AnUnknownWriteMayTakeEffectLateOrNever) {
  const Story unknown = Story().then("write", 5, 5, Completion::kInfo);
  EXPECT_EQ(outcome(Story(unknown).read({}), "register"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story(unknown).read({}).write(1).read(5), "register"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story(unknown).read(5).write(1).read(5), "register"), Outcome::kViolated);
}

TEST(Register, AFailedWriteDidNotHappen) {
  EXPECT_EQ(outcome(Story().then("write", 5, 5, Completion::kFail).read(5), "register"), Outcome::kViolated);
}

TEST(Register, KeysAreIndependent) {
  Story story;
  for (const int key : {1, 2}) {
    const auto operation = story.history.invoke(100 + key, "write", key, 10 * key);
    story.history.complete(operation, Completion::kOk, 10 * key);
  }
  const auto read = story.history.invoke(200, "read", 1, {});
  story.history.complete(read, Completion::kOk, 20);
  const auto findings = check(story.history, *parse_model("register", Options{}));
  EXPECT_EQ(findings->outcome, Outcome::kViolated);
  EXPECT_EQ(findings->blocked->key, Value(1));
  EXPECT_EQ(findings->objects, 2u);
}

TEST(CasRegister, ASwapNeedsTheOldValue) {
  EXPECT_EQ(outcome(Story().write(1).then("cas", Value::Array{1, 2}, {}).read(2), "cas-register"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story().write(1).then("cas", Value::Array{2, 3}, {}), "cas-register"), Outcome::kViolated);
}

TEST(CasRegister, AMismatchIsAnObservationOnlyIfAsked) {
  const Story story = Story().write(1).then("cas", Value::Array{1, 2}, {}, Completion::kFail, "cas-mismatch");
  EXPECT_EQ(outcome(story, "cas-register"), Outcome::kHolds);
  EXPECT_EQ(outcome(story, "cas-register", {"fail-cas=drop"}), Outcome::kHolds);
  EXPECT_EQ(outcome(story, "cas-register", {"fail-cas=observe"}), Outcome::kViolated);
  const Story timed_out = Story().write(1).then("cas", Value::Array{1, 2}, {}, Completion::kFail, "timed-out");
  EXPECT_EQ(outcome(timed_out, "cas-register", {"fail-cas=observe"}), Outcome::kHolds);
}

TEST(CasRegister, InitAndNilReadSayWhatNullMeans) {
  EXPECT_EQ(outcome(Story().read(0), "cas-register", {"init=0"}), Outcome::kHolds);
  EXPECT_EQ(outcome(Story().read(0), "cas-register"), Outcome::kViolated);
  EXPECT_EQ(outcome(Story().read({}), "cas-register", {"init=0"}), Outcome::kHolds);
  EXPECT_EQ(outcome(Story().write(1).read({}), "cas-register", {"init=0", "nil-read=initial"}), Outcome::kViolated);
  EXPECT_EQ(outcome(Story().write(1).read({}), "cas-register", {"init=0", "nil-read=any", "fail=drop"}), Outcome::kHolds);
}

TEST(KvAppend, TextsGrowAtTheEnd) {
  Story story;
  story.then("append", "a", {}).then("append", "b", {});
  EXPECT_EQ(outcome(Story(story).then("get", {}, "ab"), "kv-append"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story(story).then("get", {}, "ba"), "kv-append", {"partition=key"}), Outcome::kViolated);
  EXPECT_EQ(outcome(Story(story).then("put", "x", {}).then("append", "", {}).then("get", {}, "x"), "kv-append"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story(story).then("get", {}, "zab"), "kv-append", {"init=\"z\""}), Outcome::kHolds);
}

TEST(KvAppend, TheSameTextInOtherPiecesIsTheSameText) {
  EXPECT_EQ(outcome(Story().then("append", "ab", {}).then("append", "c", {}).then("get", {}, "abc"), "kv-append"), Outcome::kHolds);
  EXPECT_EQ(outcome(Story().then("put", "a", {}).then("append", "bc", {}).then("get", {}, "abc"), "kv-append"), Outcome::kHolds);
}

Value access(const char* verb, const char* key, Value value) { return Value::Array{verb, key, std::move(value)}; }

TEST(MultiRegister, ATransactionReadsAndWritesAtOneInstant) {
  const Value write = Value::Array{access("write", "x", 1), access("write", "y", 2)};
  const Value good = Value::Array{access("read", "x", 1), access("read", "y", 2)};
  const Value torn = Value::Array{access("read", "x", 1), access("read", "y", 0)};
  const Options init = {R"(init={"x":0,"y":0})", "nil-read=any"};
  EXPECT_EQ(outcome(Story().then("txn", write, write).then("txn", good, good), "multi-register", init), Outcome::kHolds);
  EXPECT_EQ(outcome(Story().then("txn", write, write).then("txn", torn, torn), "multi-register", init), Outcome::kViolated);
  const Value own = Value::Array{access("write", "x", 3), access("read", "x", 3)};
  EXPECT_EQ(outcome(Story().then("txn", own, own), "multi-register", init), Outcome::kHolds);
  const Value start = Value::Array{access("read", "y", 0)};
  EXPECT_EQ(outcome(Story().then("txn", start, start), "multi-register", init), Outcome::kHolds);
}

// An event of a lock, whole or, with another completion, of unknown or failed end.
Story& locks(Story& story, std::int64_t process, const char* f, Completion completion = Completion::kOk) {
  story.history.complete(story.history.invoke(process, f, {}, {}), completion, {});
  return story;
}

TEST(Mutex, OneHoldsItAtATime) {
  Story story;
  locks(locks(locks(story, 1, "acquire"), 1, "release"), 2, "acquire");
  EXPECT_EQ(outcome(story, "mutex"), Outcome::kHolds);
  EXPECT_EQ(outcome(story, "mutex", {"owner=process", "partition=key", "fail=drop"}), Outcome::kHolds);
  EXPECT_EQ(outcome(locks(story, 3, "acquire", Completion::kFail), "mutex"), Outcome::kHolds);
  locks(story, 4, "acquire");
  const auto model = parse_model("mutex", Options{});
  const reports::Verdict answer = verdict(story.history, *model, *check(story.history, *model));
  EXPECT_EQ(answer.outcome, Outcome::kViolated);
  ASSERT_GE(answer.evidence.size(), 3u);
  EXPECT_EQ(answer.evidence[0], "cannot be placed: process 4 acquire -> ok, returned at index 9");
  EXPECT_EQ(answer.evidence[2],
            "in every order that explains the operations before it, the state there is held");
}

TEST(Mutex, WhatIsNotHeldIsNotReleased) {
  Story story;
  locks(story, 1, "release");
  EXPECT_EQ(outcome(story, "mutex"), Outcome::kViolated);
  Story twice;
  locks(locks(locks(twice, 1, "acquire"), 1, "release"), 1, "release");
  EXPECT_EQ(outcome(twice, "mutex"), Outcome::kViolated);
}

TEST(Mutex, WhoHoldsItGivesItBackIfAsked) {
  Story story;
  locks(locks(story, 1, "acquire"), 2, "release");
  EXPECT_EQ(outcome(story, "mutex"), Outcome::kHolds);
  EXPECT_EQ(outcome(story, "mutex", {"owner=any"}), Outcome::kHolds);
  EXPECT_EQ(outcome(story, "mutex", {"owner=process"}), Outcome::kViolated);
}

TEST(Mutex, AnUnknownEndMayHaveTakenItOrGivenItBack) {
  Story taken;
  locks(locks(taken, 1, "acquire", Completion::kInfo), 2, "acquire");
  EXPECT_EQ(outcome(taken, "mutex", {"owner=process"}), Outcome::kHolds);
  EXPECT_EQ(outcome(locks(taken, 3, "release"), "mutex", {"owner=process"}), Outcome::kViolated);
  Story given;
  locks(locks(locks(given, 1, "acquire"), 1, "release", Completion::kInfo), 2, "acquire");
  EXPECT_EQ(outcome(given, "mutex", {"owner=process"}), Outcome::kHolds);
  EXPECT_EQ(outcome(locks(given, 3, "acquire"), "mutex", {"owner=process"}), Outcome::kViolated);
}

TEST(Mutex, LocksWithNamesAreIndependent) {
  Story story;
  for (const char* lock : {"a", "b"})
    story.history.complete(story.history.invoke(1, "acquire", lock, {}), Completion::kOk, {});
  EXPECT_EQ(outcome(story, "mutex"), Outcome::kHolds);
  story.history.complete(story.history.invoke(2, "acquire", "b", {}), Completion::kOk, {});
  EXPECT_EQ(outcome(story, "mutex"), Outcome::kViolated);
}

TEST(Options, WhatDoesNotFitIsRefusedWithWhatWasExpected) {
  EXPECT_EQ(complaint({}, "queue"),
            "expected a model (register, cas-register, kv, kv-append, multi-register, mutex), found queue");
  EXPECT_EQ(complaint({}, "register", {"init"}), "expected an option key=value, found init");
  EXPECT_EQ(complaint({}, "register", {"init=[1"}), "option init:1:3: expected ',' or ']' after an item of an array, found the end of the file");
  EXPECT_EQ(complaint({}, "kv-append", {"init=1"}), "option init: expected a string, found 1");
  EXPECT_EQ(complaint({}, "register", {"nil-read=none"}), "option nil-read: expected any or initial, found none");
  EXPECT_EQ(complaint({}, "register", {"fail-cas=drop"}),
            "option fail-cas: expected one of init, nil-read, fail, partition for the model register");
  EXPECT_EQ(complaint({}, "mutex", {"init=1"}),
            "option init: expected one of owner, fail, partition for the model mutex");
  EXPECT_EQ(complaint({}, "mutex", {"owner=me"}), "option owner: expected process or any, found me");
  EXPECT_EQ(complaint(Story().then("read", 1, {}), "mutex"),
            "event 0: expected f to be acquire or release in the model mutex, found read");
  EXPECT_EQ(complaint(Story().then("push", 1, {}), "register"),
            "event 0: expected f to be read, get, write, put in the model register, found push");
  EXPECT_EQ(complaint(Story().then("cas", 1, {}), "cas-register"), "event 0 (process 0, cas): expected a value [old,new], found 1");
  EXPECT_EQ(complaint(Story().then("append", 1, {}), "kv-append"), "event 0 (process 0, append): expected a string as the value, found 1");
  EXPECT_EQ(complaint(Story().then("txn", Value::Array{1}, Value::Array{1}), "multi-register"),
            "event 0 (process 0, txn): expected [read|write,key,value], found 1");
}

// Many clients write different values at once; the stale read that follows allows no order, after all orders were
// tried. With 0 as the last value but one, that is written twice, so that there is nothing but trying.
Story hard_story(int last_value) {
  Story story;
  for (int value = 0; value < 14; ++value) story.history.invoke(value, "write", {}, value);
  for (int value = 0; value < 14; ++value) story.history.complete(static_cast<std::size_t>(value), Completion::kOk, value);
  return story.write(last_value).write(99).read(last_value);
}

TEST(Limits, ALimitMakesTheAnswerUnknownAndNamesTheFurthestPoint) {
  const Story story = hard_story(0);
  const auto model = parse_model("register", Options{});
  const auto findings = check(story.history, *model, {.configurations = 2000});
  EXPECT_EQ(findings->outcome, Outcome::kUnknown);
  EXPECT_EQ(findings->explored, 2000u);
  ASSERT_TRUE(findings->blocked);
  EXPECT_EQ(check(story.history, *model, {.bytes = 10'000})->outcome, Outcome::kUnknown);
  const auto stopped = check(story.history, *model, {.stop = [] { return true; }});
  EXPECT_EQ(stopped->outcome, Outcome::kUnknown);
  EXPECT_EQ(stopped->explored, 1024u);
  EXPECT_EQ(check(story.history, *model)->outcome, Outcome::kViolated);
}

// At each return all that are open are known: of 400 at once about 80,000.
TEST(Limits, WhatIsOpenAtOnceCountsTowardsTheMemory) {
  Story story;
  for (int client = 0; client < 400; ++client) story.history.invoke(client, "write", {}, client % 2);
  for (int client = 0; client < 400; ++client) story.history.complete(static_cast<std::size_t>(client), Completion::kOk, client % 2);
  const auto model = parse_model("register", Options{});
  EXPECT_EQ(check(story.history, *model, {.bytes = 1'000'000})->outcome, Outcome::kHolds);
  for (const std::uint64_t bytes : {600'000, 1'000}) {
    const auto findings = check(story.history, *model, {.bytes = bytes});
    EXPECT_EQ(findings->outcome, Outcome::kUnknown) << bytes;
    EXPECT_EQ(findings->limit, Limit::kBytes) << bytes;
    const reports::Verdict answer = verdict(story.history, *model, *findings);
    ASSERT_EQ(answer.evidence.size(), 2u);
    EXPECT_EQ(answer.evidence[0].find("not placed yet: process 0 write 0 -> ok"), 0u) << answer.evidence[0];
    EXPECT_EQ(answer.evidence[1].find("the limit of memory was reached after 0 configurations"), 0u) << answer.evidence[1];
  }
}

TEST(Limits, WhereValuesAreWrittenOnceTheAnswerIsDefiniteAllTheSame) {
  const Story story = hard_story(14);
  const auto model = parse_model("register", Options{});
  const auto findings = check(story.history, *model, {.configurations = 2000});
  EXPECT_EQ(findings->outcome, Outcome::kViolated);
  ASSERT_TRUE(findings->blocked);
  EXPECT_EQ(findings->blocked->minimal.size(), 3u);
  const reports::Verdict answer = verdict(story.history, *model, *findings);
  ASSERT_GE(answer.evidence.size(), 3u);  // of the others nothing is claimed
  EXPECT_NE(answer.evidence[1].find(" operations in conflict)"), std::string::npos) << answer.evidence[1];
  EXPECT_EQ(answer.evidence[2].find("among all operations the search came to its limit; among the "), 0u) << answer.evidence[2];
}

TEST(Explanation, WhatNobodyWroteIsFoundAtOnce) {
  Story story;
  for (int value = 0; value < 3000; ++value) story.then("write", value, {}, Completion::kInfo);
  for (int value = 0; value < 3000; value += 7) story.read(value);
  story.read(-5);
  const auto model = parse_model("register", Options{"init=-1"});
  const auto findings = check(story.history, *model, {.configurations = 2000});
  EXPECT_EQ(findings->outcome, Outcome::kViolated);
  const reports::Verdict answer = verdict(story.history, *model, *findings);
  ASSERT_EQ(answer.evidence.size(), 4u);
  EXPECT_EQ(answer.evidence[0].find("cannot be placed: process 3429 read -> -5, returned at index "), 0u) << answer.evidence[0];
  EXPECT_EQ(answer.evidence[1], "no operation writes -5, and it is not the initial value");
  // An earlier one is named where it is found soon.
  const Story stale = Story().write(1).write(2).read(1).read(-5);
  EXPECT_EQ(check(stale.history, *model)->blocked->operation, 2u);
  EXPECT_EQ(outcome(Story().write(1).then("cas", Value::Array{2, 3}, {}), "cas-register"), Outcome::kViolated);
  EXPECT_EQ(outcome(Story().write(1).then("cas", Value::Array{2, 3}, {}, Completion::kInfo), "cas-register"), Outcome::kHolds);
}

TEST(Explanation, TheCounterExampleIsSmallAndNamesTheOperationThatCannotBePlaced) {
  Story story;
  for (int round = 0; round < 200; ++round) story.write(round % 7).read(round % 7);
  story.write(1).write(2).read(1);
  for (int round = 0; round < 50; ++round) story.write(round % 7).read(round % 7);
  const auto model = parse_model("register", Options{});
  const auto findings = check(story.history, *model);
  const reports::Verdict answer = verdict(story.history, *model, *findings);
  EXPECT_EQ(answer.evidence, (std::vector<std::string>{
                                 "cannot be placed: process 402 read -> 1, returned at index 805",
                                 "last one that could: process 401 write 2 -> ok, returned at index 803 (402 of 503 operations)",
                                 "in every order that explains the operations before it, the state there is 2",
                                 "these 3 operations alone show it ([invoked .. returned]):",
                                 "  [800 .. 801] process 400 write 1 -> ok",
                                 "  [802 .. 803] process 401 write 2 -> ok",
                                 "  [804 .. 805] process 402 read -> 1",
                             }));
}

// Two thousand writes and a read of the first of them; whoever asks for the time is counted.
TEST(Explanation, OnceTheTimeIsOverTheCounterExampleIsTakenAsItIs) {
  Story story;
  for (int round = 0; round < 2000; ++round) story.write(round % 1000);
  story.read(0);
  const auto model = parse_model("register", Options{});
  int asked = 0;
  const auto stop_at = [&](int last) { return [&asked, last] { return ++asked >= last; }; };
  const auto whole = check(story.history, *model, {.stop = stop_at(1 << 30)});
  ASSERT_EQ(whole->outcome, Outcome::kViolated);
  EXPECT_EQ(whole->blocked->minimal.size(), 3u);
  EXPECT_GT(asked, 3);  // the last one was of the shrinking
  asked = 0;
  const auto stopped = check(story.history, *model, {.stop = stop_at(3)});
  ASSERT_EQ(stopped->outcome, Outcome::kViolated);
  EXPECT_LE(asked, 3);
  EXPECT_GT(stopped->blocked->minimal.size(), 500u);
}

// The swap from 2 to 2 needs the one to 2; that of 3 came too late for both, and nothing else could tell it.
TEST(Explanation, WhatNobodyCouldSeeAnyMoreIsNotPartOfIt) {
  Story story;
  story.write(3).then("cas", Value::Array{3, 2}, {});
  for (const int value : {3, 2}) story.history.invoke(100 + value, "cas", {}, Value::Array{value, value});
  story.write(0).read(2);
  const auto findings = check(story.history, *parse_model("cas-register", Options{}));
  ASSERT_EQ(findings->outcome, Outcome::kViolated);
  EXPECT_EQ(findings->blocked->minimal, (std::vector<std::uint32_t>{0, 1, 3, 4, 5}));
}

class Command : public testing::Test {
 protected:
  int run(std::string_view text, const std::string& model, const Options& options = {}, bool json = false) {
    const std::string path = directory_ / "history.jsonl";
    std::ofstream(path, std::ios::binary) << text;
    std::ostringstream out, err;
    const int code = cli::run_check({.history = path, .model = model, .options = options, .json = json}, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  tests::TemporaryDirectory directory_;
  std::string out_, err_;
};

TEST_F(Command, TheExitCodeIsTheVerdict) {
  EXPECT_EQ(run(to_json_lines(Story().write(1).read(1).history), "register"), 0);
  EXPECT_EQ(out_, "linearizability: holds (2 operations, 1 key, 2 configurations)\n");
  EXPECT_EQ(run(to_json_lines(Story().write(1).read(2).history), "register"), 1);
  EXPECT_NE(out_.find("linearizability: violated"), std::string::npos);
  EXPECT_NE(out_.find("cannot be placed: process 1 read -> 2"), std::string::npos);
  EXPECT_EQ(run("{", "register"), 2);
  EXPECT_EQ(out_, "");
  EXPECT_NE(err_.find(":1:2: expected a string"), std::string::npos);
  EXPECT_EQ(run("", "stack"), 2);
}

// Holds, as Knossos and Porcupine judge such histories: two of theirs are known verdicts.
TEST_F(Command, WhereNoAnswerIsJudgedThatIsSaid) {
  const auto write = [](Completion completion) { return to_json_lines(Story().then("write", 1, 1, completion).history); };
  constexpr std::string_view kNothing = "no answer was judged: nothing speaks against it, and nothing for it";
  EXPECT_EQ(run(write(Completion::kOk), "register"), 0);
  EXPECT_EQ(out_.find(kNothing), out_.npos) << out_;
  for (const Completion completion : {Completion::kFail, Completion::kInfo}) {
    EXPECT_EQ(run(write(completion), "register"), 0);
    EXPECT_NE(out_.find(kNothing), out_.npos) << out_;
  }
  EXPECT_EQ(run(to_json_lines(Story().read({}).history), "register", {"nil-read=any"}), 0);
  EXPECT_NE(out_.find(kNothing), out_.npos) << out_;
}

TEST_F(Command, WhatAHistoryHoldsIsShownAndNotObeyed) {
  EXPECT_EQ(run(R"({"process":1,"type":"invoke","f":"\u001b[31mRED\u0007","value":3})", "register"), 2);
  EXPECT_EQ(err_.find('\x1b'), err_.npos) << err_;
  EXPECT_NE(err_.find("found \\x1b[31mRED\\x07\n"), err_.npos) << err_;
}

TEST_F(Command, EveryFamilyOfModelsIsReached) {
  const auto transaction = [](std::string_view type, std::string_view steps) {
    return cat("{:process 1 :f :txn :type :invoke :value [", steps, "]}\n{:process 1 :f :txn :type :", type, " :value [", steps, "]}\n");
  };
  EXPECT_EQ(run(transaction("ok", "[:append :x 1]"), "strict-serializable"), 0);
  EXPECT_EQ(run(transaction("ok", "[:r :x [1]]"), "strict-serializable"), 1);
  EXPECT_NE(out_.find("garbage-read"), std::string::npos);
  EXPECT_EQ(run(transaction("fail", "[:append :x 1]"), "strict-serializable"), 3);
  EXPECT_EQ(run(transaction("ok", "[:append :x]"), "strict-serializable"), 2);
  EXPECT_NE(err_.find("expected a micro-operation [name,key,value]"), std::string::npos);
  EXPECT_EQ(run(to_json_lines(Story().read(Value::object({{"a", 1}})).history), "bank"), 0);
  EXPECT_EQ(run(to_json_lines(Story().read(Value::object({{"a", 1}})).history), "bank", {"total=2"}), 1);
  EXPECT_EQ(run("[]", "serializable"), 2);
  EXPECT_NE(err_.find("expected events, found none"), std::string::npos);
}

TEST_F(Command, JsonHasStableKeys) {
  EXPECT_EQ(run(to_json_lines(Story().write(1).read(1).history), "register", {}, true), 0);
  const std::string expected = R"json({
  "name": "linearizability",
  "promise": "every operation takes effect at one instant between its invocation and its return (register)",
  "verdict": "holds",
  "checked": {
    "operations": 2,
    "keys": 1,
    "configurations": 2
  },
  "evidence": []
}
)json";
  EXPECT_EQ(out_, expected);
}

TEST_F(Command, WhatCannotBeReadIsSaidWhy) {
  const auto complaint_about = [](const std::string& path) {
    std::ostringstream out, err;
    EXPECT_EQ(cli::run_check({.history = path, .model = "register"}, out, err), 2);
    return err.str();
  };
  EXPECT_EQ(complaint_about("/does/not/exist"), "lockstep check: /does/not/exist: cannot be read: No such file or directory\n");
  EXPECT_EQ(complaint_about("/"), "lockstep check: /: expected a file, found a directory\n");

  const std::string path = directory_ / "history.jsonl.gz";
  const auto packed = [&path](std::string_view text) {
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto write = [&path](const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; };
  const std::string whole = packed(to_json_lines(Story().write(1).read(1).history));
  std::ostringstream out, err;
  EXPECT_EQ(cli::run_check({.history = path, .model = "register"}, out, err), 0) << err.str();
  write(whole.substr(0, whole.size() - 12));
  EXPECT_EQ(complaint_about(path), cat("lockstep check: ", path, ": expected a whole file packed by gzip, found one that was cut off\n"));
  std::string flipped = whole;
  flipped[flipped.size() - 6] ^= 1;  // of its checksum
  write(flipped);
  EXPECT_EQ(complaint_about(path).find(cat("lockstep check: ", path, ": expected an undamaged file packed by gzip: ")), 0u)
      << complaint_about(path);
}

}  // namespace
}  // namespace lockstep::linearizability
