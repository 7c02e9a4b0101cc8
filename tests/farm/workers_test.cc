// However a worker ends, its farm has a sentence for it and goes on.
#include "scenarios/farm/workers.h"

#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include "base/text.h"
#include "tests/temporary_directory.h"

namespace lockstep::farm {
namespace {

using namespace std::chrono_literals;

// Workers that run a shell script.
Workers::Options script(const std::string& text, unsigned jobs = 1, const Limits& limits = {}) {
  return {.program = "/bin/sh", .arguments = {"-c", text}, .jobs = jobs, .limits = limits};
}

Outcome only_outcome(Workers::Options options, const std::string& input = "") {
  Workers workers(std::move(options));
  EXPECT_TRUE(workers.begin(7, input).has_value());
  std::vector<Workers::Ended> ended;
  while (ended.empty()) ended = workers.wait(60s);
  EXPECT_EQ(ended.front().ticket, 7u);
  EXPECT_TRUE(workers.is_idle());
  return ended.front().outcome;
}

TEST(Workers, ReadTheScenarioAndSayTheOutcome) {
  Outcome said;
  said.signature = {.kind = "violated", .names = {"durability", "reads"}};
  said.nodes = 5;
  said.ok = 17;
  said.trace_hash = 0xfedcba9876543210;
  said.simulated = 31s;
  said.coverage.rare_events["logs truncated"] = 3;
  said.coverage.struck["kill"]["stable"] = 2;
  const Outcome heard = only_outcome(script("cat"), to_text(said));
  EXPECT_EQ(heard.signature, said.signature);
  EXPECT_EQ(heard.nodes, 5u);
  EXPECT_EQ(heard.ok, 17u);
  EXPECT_EQ(heard.trace_hash, said.trace_hash);
  EXPECT_EQ(heard.simulated, said.simulated);
  EXPECT_EQ(heard.coverage.rare_events, said.coverage.rare_events);
  EXPECT_EQ(heard.coverage.struck, said.coverage.struck);
}

TEST(Workers, ThatCrashAreFailuresWithTheirWords) {
  const Outcome outcome = only_outcome(
      script("echo 'lockstep: bug: CHECK(a <= b) failed at core/x.cc:12: a 3 b 2' >&2; kill -ABRT $$"));
  EXPECT_EQ(outcome.signature.kind, "crash");
  EXPECT_EQ(outcome.signature.names,
            (std::vector<std::string>{"CHECK(a <= b) failed at core/x.cc:12", "signal 6"}));
  EXPECT_EQ(outcome.complaint, "lockstep: bug: CHECK(a <= b) failed at core/x.cc:12: a 3 b 2\n");
  EXPECT_TRUE(outcome.is_failure());
}

TEST(Workers, ThatSayNothingAreFailures) {
  EXPECT_EQ(only_outcome(script("exit 0")).signature.kind, "crash");
  EXPECT_EQ(only_outcome(script("exit 3")).signature.names, std::vector<std::string>{"exit code 3"});
  EXPECT_EQ(only_outcome({.program = "/nowhere/to/be/found", .arguments = {}, .jobs = 1, .limits = {}})
                .signature.kind,
            "crash");
}

TEST(Workers, ThatDoNotEndAreEnded) {
  EXPECT_EQ(only_outcome(script("while :; do :; done", 1, {.time = 100ms})).signature.kind, "no end");
}

TEST(Workers, ThatEatMemoryAreEnded) {
  const Outcome outcome = only_outcome(
      script("x=0123456789; while :; do x=$x$x; done", 1, {.time = 60s, .memory_bytes = 64 << 20}));
  EXPECT_EQ(outcome.signature.kind, "out of memory");
}

TEST(Workers, WorkAtTheSameTime) {
  // Each waits until the other is there: one after another, they would never end.
  Workers workers(
      script("read n; : >$n; while ! [ -e ${n%?}$((3 - ${n#${n%?}})) ]; do :; done", 2, {.time = 20s}));
  const tests::TemporaryDirectory directory;
  const std::string place = directory / "worker_";
  ASSERT_TRUE(workers.begin(1, cat(place, "1\n")).has_value());
  EXPECT_TRUE(workers.has_room());
  ASSERT_TRUE(workers.begin(2, cat(place, "2\n")).has_value());
  EXPECT_FALSE(workers.has_room());
  std::map<std::uint64_t, std::string> kinds;
  while (!workers.is_idle())
    for (const auto& ended : workers.wait(60s)) kinds[ended.ticket] = to_string(ended.outcome.signature);
  EXPECT_EQ(kinds,
            (std::map<std::uint64_t, std::string>{{1, "crash exit code 0"}, {2, "crash exit code 0"}}));
}

TEST(Workers, AreInterruptedAndNotTheirOwner) {
  Workers workers(script("while :; do :; done"));
  ASSERT_TRUE(workers.begin(1, "").has_value());
  ::raise(SIGINT);
  EXPECT_TRUE(workers.wait(60s).empty());
  EXPECT_TRUE(workers.is_interrupted());
  workers.kill_all();
  EXPECT_TRUE(workers.is_idle());
}

TEST(Signature, APartIsTheSameKindAndNothingElse) {
  const Signature whole{.kind = "violated", .names = {"durability", "reads", "versions"}};
  EXPECT_TRUE(whole.is_part_of(whole));
  EXPECT_TRUE((Signature{"violated", {"reads"}}.is_part_of(whole)));
  EXPECT_FALSE((Signature{"violated", {"liveness", "reads"}}.is_part_of(whole)));
  EXPECT_FALSE((Signature{"violated", {}}.is_part_of(whole)));
  EXPECT_FALSE((Signature{"unknown", {"reads"}}.is_part_of(whole)));
  EXPECT_FALSE(Signature{}.is_part_of(whole));
}

}  // namespace
}  // namespace lockstep::farm
