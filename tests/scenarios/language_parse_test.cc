// Stories about scenario files: the good ones and what they become, the bad ones and what is said about them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/prng.h"
#include "base/text.h"
#include "scenarios/parse_scenario.h"
#include "tests/scenarios/language_files.h"

namespace lockstep::scenarios {
namespace {

using namespace std::chrono_literals;

const Vocabulary kVocabulary{{"txn.before_commit", "raft.before_persist", "replica.before_apply", "edge.before_execute"}, {}};

std::string all_text(const json::Problems& problems) {
  std::string out;
  for (const json::Problem& problem : problems) append_text(out, cat(to_text(problem, "x.json"), "\n"));
  return out;
}

std::vector<Variant> parse_good(std::string_view text) {
  auto variants = parse_scenario(text, kVocabulary);
  EXPECT_TRUE(variants) << all_text(variants.error());
  return variants ? std::move(*variants) : std::vector<Variant>{};
}

// The first block of the guide.
std::string guide_example() {
  const std::string guide = read_text(LOCKSTEP_SOURCE_DIR "/docs/scenarios.md");
  const std::size_t begin = guide.find("```json\n") + 8;
  return guide.substr(begin, guide.find("```", begin) - begin);
}

TEST(Scenario, TheExampleOfTheGuideBecomesTypedValues) {
  const auto variants = parse_good(guide_example());
  ASSERT_EQ(variants.size(), 1u);
  EXPECT_EQ(variants[0].label, "");
  const Scenario& scenario = variants[0].scenario;
  EXPECT_EQ(scenario.seed, 42u);
  EXPECT_EQ(scenario.cluster.consensus.heartbeat_interval, 50ms);
  EXPECT_EQ(scenario.network.latency, (Spread{1ms, 8ms}));
  EXPECT_EQ(scenario.network.loss, Probability{1000});
  EXPECT_EQ(scenario.disk.sync, (Spread{2ms, 8ms}));
  EXPECT_EQ(std::get<Rate>(std::get<VersionedWrites>(scenario.workload[0]).load.pacing).interval(), 20ms);
  EXPECT_EQ(workloads_end(scenario), 20s);
  const Fault crash{AtProbe{"txn.before_commit", 3, {}}, Crash{{{TargetKind::kFollower, 0}}}, {}};
  const Fault restart{AfterFault{0, 2s}, Restart{{{TargetKind::kCrashed, 0}}}, {}};
  const Links links{{{{TargetKind::kLeader, 0}, {TargetKind::kClient, 1}}, {{TargetKind::kOthers, 0}}},
                    false};
  const Fault partition{AtTime{8s}, Partition{links}, 3s};
  EXPECT_EQ(scenario.faults, (std::vector<Fault>{crash, restart, partition}));
  EXPECT_EQ(scenario.expect.min_ok, 400u);
}

constexpr std::string_view kEveryVerb = R"({
  "name": "every_verb", "about": "Says \"all\" there is to say: \u20ac.", "seed": 18446744073709551615,
  "cluster": { "nodes": 5, "write_mode": "strong", "election_timeout": "1s", "heartbeat_interval": "7us",
               "batch": { "max_entries": 7, "max_bytes": 9, "max_delay": "3ns" } },
  "network": { "latency": "2ms", "loss": 0.000001, "duplicate": 0.123456, "reorder": 1 },
  "clocks": { "max_offset": "1m", "max_drift_ppm": 300 }, "disk": { "budget": "unlimited" },
  "workload": [ { "kind": "register", "think": "0s", "for": "2h", "ops": 12, "read_level": "local", "cas": 0 },
                { "kind": "versioned_writes", "rate": "90/m", "start": "1s", "for": "1m", "tables": 3, "statements": 4 },
                { "kind": "bank", "for": "1s", "accounts": 3, "balance": 7, "most": 9, "reads": 0.25, "pipeline": 2 },
                { "kind": "sets", "for": "1s", "read_level": "local" },
                { "kind": "counters", "for": "1s", "keys": 2, "most": 1 },
                { "kind": "list_append", "for": "1s", "keys": 9, "operations": 2, "form": "rows" },
                { "kind": "mixed_sql", "for": "1s", "most_bytes": 12, "breaking": 0.5, "schema": 0.5 },
                { "kind": "slow_reads", "for": "1s", "rows": 3, "steps": 5 },
                { "kind": "verify", "start": "90s", "rounds": 9, "every": "1s", "timeout": "77ms" } ],
  "faults": [ { "at": "1s", "kill": ["n1", "leader"], "for": "1s" },
              { "every": "10s", "power_loss": "all" },
              { "every": { "period": "10s", "from": "1s", "until": "90s", "times": 3 }, "stall": "n5", "for": "9s" },
              { "when": { "event": "append_sent", "from": "n2", "to": "n1", "nth": 3 }, "restart": "crashed" },
              { "when": { "probe": "raft.before_persist", "node": "leader" }, "pause": "30ms" },
              { "when": { "probe": "raft.before_persist" }, "crash": "n2", "for": "3s" },
              { "after": { "fault": 2, "by": "5s" }, "partition": [["n1"], ["n2", "c9"], ["others"]] },
              { "at": "2s", "partition": [["leader"], ["others"]], "one_way": true },
              { "at": "3s", "loss": 0.5, "between": [["n1"], ["n2"]], "one_way": true, "for": "3m" },
              { "at": "4s", "delay": "50ms" }, { "at": "4s", "duplicate": 1 }, { "at": "4s", "reorder": 0.25 },
              { "at": "5s", "clock": { "target": "n3", "jump": "-90s", "drift_ppm": -100 } },
              { "at": "5s", "clock": { "target": "all", "leap": "3s", "freeze": "1s", "tick": "10ms" } },
              { "at": "6s", "bridge": "follower" }, { "at": "6s", "corrupt": 0.5, "between": [["n1"], ["n2"]] },
              { "at": "6s", "bandwidth": { "bytes_per_second": 1000, "queue_bytes": 77 }, "between": [["n1"], ["n2"]] },
              { "at": "6s", "clog": { "target": ["n1", "c1"], "with": "n2", "direction": "send" }, "for": "1s" },
              { "at": "6s", "clog": { "target": "leader" }, "for": "1s" }, { "at": "6s", "swizzle": "all", "for": "2s" },
              { "at": "6s", "reset": ["n1", "leader"] }, { "at": "6s", "out_of_memory": { "target": "n1", "nth": 9 } },
              { "at": "7s", "disk_error": { "target": "n1", "files": "kv", "calls": "reads", "times": 7 }, "for": "1s" },
              { "at": "7s", "disk_failed_sync": { "target": "n1", "files": "sql" } },
              { "at": "7s", "disk_full": { "target": "all", "free": 12345 } },
              { "at": "7s", "disk_stall": { "target": "leader" }, "for": "1s" },
              { "at": "7s", "disk_slow": { "target": "n1", "extra": { "median": "1ms", "p99": "3ms" } } },
              { "at": "7s", "disk_lie": { "target": "n1" } }, { "at": "7s", "disk_rot": { "target": "n1", "bytes": 9 } },
              { "at": "7s", "disk_bad_sector": { "target": "n1", "sectors": 3 }, "for": "1s" },
              { "at": "7s", "disk_misdirect": { "target": "n1" } },
              { "at": "7s", "disk_phantom": { "target": "n1", "times": 3 } } ],
  "finally": { "heal": "all", "converge_within": "1m" },
  "expect": { "linearizable": false, "available_within": "9s", "lost_writes": 3, "converged": false, "in_pause_window": [4, 5] } })";

TEST(Scenario, WhatIsWrittenBackReadsAsTheSame) {
  std::vector<std::string> texts{guide_example(), std::string(kEveryVerb)};
  for (const auto& path : files_in("scenarios/suite", ".json")) texts.push_back(read_text(path));
  for (const std::string& text : texts) {
    for (const Variant& variant : parse_good(text)) {
      const std::string written = to_json(variant.scenario).dump(2);
      const auto again = parse_good(written);
      ASSERT_EQ(again.size(), 1u);
      EXPECT_EQ(again[0].scenario, variant.scenario) << written;
    }
  }
}

TEST(Scenario, ASweepIsOneRunPerCombination) {
  const auto variants =
      parse_good(R"({"name":"s","about":"","cluster":{},"workload":[{"kind":"register","for":"5s"}],
    "sweep":{"/cluster/nodes":[3,5],"/workload/0/for":["1s","2s","3s"]}})");
  ASSERT_EQ(variants.size(), 6u);
  EXPECT_EQ(variants[0].label, "nodes=3, for=1s");
  EXPECT_EQ(variants[5].label, "nodes=5, for=3s");
  EXPECT_EQ(variants[5].scenario.cluster.nodes, 5u);
  EXPECT_EQ(workloads_end(variants[4].scenario), 2s);
}

TEST(Scenario, DurationsAreWrittenInTheLargestUnitThatIsExact) {
  EXPECT_EQ(to_string(Duration(0)), "0s");
  EXPECT_EQ(to_string(Duration(1500ms)), "1500ms");
  EXPECT_EQ(to_string(Duration(-90s)), "-90s");
  EXPECT_EQ(to_string(Duration(7)), "7ns");
  EXPECT_EQ(to_string(Duration(24h)), "24h");
}

TEST(Suite, EveryFileIsNamedAfterItsScenarioAndShort) {
  const auto paths = files_in("scenarios/suite", ".json");
  EXPECT_GE(paths.size(), 7u);
  for (const auto& path : paths) {
    for (const auto& [label, scenario] : parse_good(read_text(path))) {
      EXPECT_EQ(scenario.name, path.stem().string());
      EXPECT_GT(scenario.about.size(), 20u);
      const bool takes_hours = scenario.name == "edge_offline_hours";
      EXPECT_LE(workloads_end(scenario), takes_hours ? Duration(3h) : Duration(20s)) << path;
      EXPECT_GT(scenario.expect.min_ok, 1u) << path;
      EXPECT_FALSE(scenario.faults.empty()) << path;
    }
  }
}

// A story is a bad file, "----", and what is said about it. LOCKSTEP_BLESS=1 rewrites the second part.
TEST(BadFiles, AreExplainedAsTheStoriesTell) {
  const auto paths = files_in("tests/scenarios/stories/bad", ".txt");
  EXPECT_GE(paths.size(), 20u);
  for (const auto& path : paths) {
    const std::string story = read_text(path);
    const std::size_t end = story.find("\n----\n");
    ASSERT_NE(end, std::string::npos) << path;
    const std::string input = story.substr(0, end);
    const auto variants = parse_scenario(input, kVocabulary);
    ASSERT_FALSE(variants) << path << " is a good file";
    const std::string said = all_text(variants.error());
    if (std::getenv("LOCKSTEP_BLESS") != nullptr) {
      std::ofstream(path, std::ios::binary) << input << "\n----\n" << said;
    } else {
      EXPECT_EQ(said, story.substr(end + 6)) << path;
    }
  }
}

TEST(BadFiles, ProblemsAreBounded) {
  std::string text = R"({"name":"a","about":"","workload":[)";
  for (int i = 0; i < 1000; ++i) text += "{},";
  const auto variants = parse_scenario(text + "{}]}");
  ASSERT_FALSE(variants);
  EXPECT_EQ(variants.error().size(), json::kMaxProblems);
}

// ---- what no cluster could do ----

std::string with(const std::string& members) {
  return R"({"name":"x","about":"x","workload":[{"kind":"register","for":"10s"}],)" + members + "}";
}

std::string first_problem(const std::string& members) {
  const auto variants = parse_scenario(with(members));
  return variants ? "" : variants.error().front().pointer;
}

TEST(Language, AScenarioThatNoClusterCouldMeetIsRefused) {
  EXPECT_EQ(first_problem(R"("network":{"loss":0.25})"), "");
  EXPECT_EQ(first_problem(R"("network":{"loss":0.250001})"), "/network/loss");
  EXPECT_EQ(first_problem(R"("cluster":{"election_timeout":"1s"})"), "");
  EXPECT_EQ(first_problem(R"("cluster":{"election_timeout":"1001ms"})"), "/cluster/election_timeout");
  EXPECT_EQ(first_problem(R"("cluster":{"election_timeout":"4ms"})"), "/cluster/election_timeout");
  EXPECT_EQ(first_problem(R"("disk":{"sync":"200ms"})"), "/disk/sync");
  EXPECT_EQ(first_problem(R"("network":{"latency":"200ms"})"), "/network/latency");
  EXPECT_EQ(first_problem(R"("finally":{"converge_within":"3s"})"), "");
  EXPECT_EQ(first_problem(R"("finally":{"converge_within":"2s"})"), "/finally/converge_within");
  EXPECT_EQ(first_problem(R"("cluster":{"pause_before_commit":"10s"})"), "/cluster/pause_before_commit");
  EXPECT_EQ(first_problem(R"("faults":[{"at":"1s","delay":"2500ms"}])"), "");
  EXPECT_EQ(first_problem(R"("faults":[{"at":"1s","delay":"2501ms"}])"), "/faults/0/delay");
}

TEST(Language, AFaultStrikesSoOftenAtMostThatItFitsInMemory) {
  EXPECT_EQ(first_problem(R"("faults":[{"every":"1ms","kill":"n1"}])"), "");
  EXPECT_EQ(first_problem(R"("faults":[{"every":"1ns","kill":"n1"}])"), "/faults/0/every");
  EXPECT_EQ(first_problem(R"("faults":[{"every":{"period":"1ns","times":10000},"kill":"n1"}])"), "");
}

TEST(Language, ASweepDoesNotReachIntoItself) {
  EXPECT_EQ(first_problem(R"("sweep":{"/sweep":[{}]})"), "/sweep/~1sweep");
}

// ---- mutations ---------------------------------------------------------------------------------------

constexpr Purpose kMutation{"test.scenario_mutation"};
constexpr std::string_view kPieces[] = {"\"",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        "0",
                                        "-1",
                                        "1e9",
                                        "\"n9\"",
                                        "null",
                                        "\\",
                                        "\"for\"",
                                        "\"1s\"",
                                        "\xff",
                                        "true",
                                        "\"at\":\"1s\",",
                                        "9999999999999999999999"};

std::string mutated(std::string text, Stream& draws) {
  const std::uint64_t edits = 1 + draws.next_below(3);
  for (std::uint64_t edit = 0; edit < edits; ++edit) {
    const std::size_t at = draws.next_below(text.size());
    const std::size_t length = draws.next_below(12);
    const std::string_view piece = kPieces[draws.next_below(std::size(kPieces))];
    switch (draws.next_below(4)) {
      case 0: text.erase(at, length + 1); break;
      case 1: text.insert(at, piece); break;
      case 2: text.replace(at, length, piece); break;
      case 3: text.insert(at, std::string(text, draws.next_below(text.size()), 8 * length)); break;
    }
    if (text.empty()) text = "{";
  }
  return text;
}

TEST(BadFiles, AnyMutationOfTheSuiteIsAScenarioOrAProblemWithAPlaceInTheText) {
  std::vector<std::string> texts{std::string(kEveryVerb)};
  for (const auto& path : files_in("scenarios/suite", ".json")) texts.push_back(read_text(path));
  std::size_t good = 0;
  std::size_t bad = 0;
  for (std::uint64_t run = 0; run < 4000; ++run) {
    Stream draws(2026, kMutation, run);
    const std::string text = mutated(texts[run % texts.size()], draws);
    const auto variants = parse_scenario(text, kVocabulary);
    if (variants) {
      ++good;
      ASSERT_FALSE(variants->empty());
      const Scenario& scenario = variants->front().scenario;
      const auto again = parse_scenario(to_json(scenario).dump(), kVocabulary);
      ASSERT_TRUE(again) << text << all_text(again.error());
      ASSERT_EQ(again->front().scenario, scenario) << text;
      continue;
    }
    ++bad;
    const auto lines = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    ASSERT_FALSE(variants.error().empty()) << text;
    for (const json::Problem& problem : variants.error()) {
      ASSERT_LE(problem.where.line, lines) << text;
      ASSERT_FALSE(problem.expected.empty() || problem.found.empty()) << text;
    }
  }
  EXPECT_GT(good, 100u);
  EXPECT_GT(bad, 1000u);
}

}  // namespace
}  // namespace lockstep::scenarios
