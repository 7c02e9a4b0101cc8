// Every verb of the language does to a running cluster what it says, and the cluster takes it as it should.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/replica/events.h"
#include "json/schema.h"
#include "scenarios/parse_scenario.h"
#include "scenarios/run.h"
#include "sim/disk_rules.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

// Counts events by name; those of frames that were dropped also by reason.
class Counter final : public Observer {
 public:
  void on_event(const Observation& observation) override {
    const env::Event& event = observation.event;
    ++counts_[std::string(event.type->name)];
    if (event.type == &sim::kFrameDropped) ++drops_[event.fields[3]];
    if (event.type == &sim::kDiskFault) ++troubles_[event.fields[0]];
    if (event.type == &replica::kNodeFailed) reasons_.push_back(std::string(event.text));
  }
  std::uint64_t operator[](const std::string& name) { return counts_[name]; }
  std::uint64_t operator[](sim::DropReason reason) { return drops_[static_cast<std::uint64_t>(reason)]; }
  std::uint64_t operator[](sim::DiskTrouble trouble) {
    return troubles_[static_cast<std::uint64_t>(trouble)];
  }
  const std::vector<std::string>& reasons() const { return reasons_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
  std::map<std::uint64_t, std::uint64_t> drops_;
  std::map<std::uint64_t, std::uint64_t> troubles_;
  std::vector<std::string> reasons_;
};

struct Played {
  reports::Report report;
  Counter events;

  reports::Outcome verdict(std::string_view name) const {
    const auto found = std::ranges::find(report.verdicts, name, &reports::Verdict::name);
    EXPECT_NE(found, report.verdicts.end()) << name;
    return found == report.verdicts.end() ? reports::Outcome::kUnknown : found->outcome;
  }
  std::string evidence() const {
    std::string all;
    for (const auto& verdict : report.verdicts)
      if (verdict.outcome != reports::Outcome::kHolds)
        for (const std::string& line : verdict.evidence) all += cat(verdict.name, ": ", line, "\n");
    for (const auto& fault : report.faults) all += cat(fault.kind, ": ", fault.description, "\n");
    return all;
  }
};

Played play(const std::string& faults, const std::string& members = "", std::uint64_t seed = 1) {
  const auto variants = parse_scenario(
      R"({"name":"x","about":"x","cluster":{"nodes":3},"workload":[{"kind":"versioned_writes","rate":"60/s","for":"4s"},)"
      R"({"kind":"register","clients":2,"think":"20ms","for":"4s"}],)" +
      members + R"("faults":)" + faults + "}");
  EXPECT_TRUE(variants.has_value()) << json::to_text(variants.error().front(), "x");
  Played played;
  if (variants)
    played.report =
        run_simulated(variants->front().scenario, {.seed = seed, .observer = &played.events, .progress = {}})
            .report;
  return played;
}

// Holds, and no fault of it was idle.
Played expect_holds(const std::string& faults, const std::string& members = "", std::uint64_t seed = 1) {
  Played played = play(faults, members, seed);
  EXPECT_EQ(played.report.outcome(), reports::Outcome::kHolds) << faults << "\n" << played.evidence();
  return played;
}

TEST(Faults, TheTableOfVerbsIsThatOfTheSchema) {
  const auto schema = json::Schema::parse(scenario_schema_text());
  ASSERT_TRUE(schema);
  std::vector<std::string> in_schema;
  for (const json::Node& choice :
       schema->root().find("$defs")->find("fault")->find("allOf")->items[1].find("oneOf")->items)
    in_schema.push_back(choice.find("required")->items[0].text);
  std::vector<std::string> in_table;
  for (const VerbFacts& facts : all_verbs()) in_table.emplace_back(facts.name);
  EXPECT_EQ(in_schema, in_table);
}

TEST(Faults, WhoLeavesIsGoneInGoodOrderAndComesBack) {
  Played played =
      expect_holds(R"([{"every":{"period":"700ms","from":"1s","times":4},"leave":"leader","for":"300ms"}])");
  EXPECT_EQ(played.events["process_leaves"], 4u);
  EXPECT_EQ(played.events["process_killed"], 4u);
}

// Cut off, it cannot answer what it took.
TEST(Faults, WhoIsToldAgainToLeaveIsKilled) {
  Played played = expect_holds(
      R"([{"at":"1s","partition":[["leader"],["others"]],"for":"2s"},{"at":"1050ms","leave":"leader"},)"
      R"({"at":"1100ms","leave":"leader","for":"300ms"}])");
  EXPECT_EQ(played.events["process_leaves"], 2u);
  EXPECT_EQ(played.events["process_killed"], 1u);
}

TEST(Faults, CorruptedFramesAreDroppedByTheirReceivers) {
  Played played = expect_holds(R"([{"at":"1s","corrupt":0.3,"for":"2s"}])");
  EXPECT_GT(played.events["frame_corrupted"], 50u);
  EXPECT_EQ(played.events[sim::DropReason::kDamaged], played.events["frame_corrupted"]);
}

TEST(Faults, ASlowLinkLosesWhatItsQueueCannotHold) {
  Played played = expect_holds(
      R"([{"at":"1s","bandwidth":{"bytes_per_second":6000,"queue_bytes":500},"between":[["leader"],["others"]],"for":"2s"}])");
  EXPECT_GT(played.events[sim::DropReason::kQueueFull], 10u);
  EXPECT_GT(played.events["frame_delayed"], 100u);
}

TEST(Faults, AResetLosesFramesUnderWay) {
  Played played = expect_holds(R"([{"every":{"period":"50ms","from":"1s","until":"3s"},"reset":"leader"}])");
  EXPECT_GT(played.events[sim::DropReason::kConnectionReset], 20u);
}

TEST(Faults, AClogInEachDirectionAndOfAPairHoldsFramesBack) {
  for (const char* clog :
       {R"({"target":"leader","direction":"send"})", R"({"target":"leader","direction":"receive"})",
        R"({"target":"leader"})", R"({"target":"n1","with":"n2"})"}) {
    Played played = expect_holds(cat(R"([{"at":"1s","clog":)", clog, R"(,"for":"800ms"}])"),
                                 R"("finally":{"heal":"all"},)");
    EXPECT_GT(played.events["frame_delayed"], 5u) << clog;
    EXPECT_EQ(played.events["frame_dropped"], 0u) << clog;
  }
}

TEST(Faults, ASwizzleClogsEachOfItsTargets) {
  Played played = expect_holds(R"([{"at":"1s","swizzle":"all","for":"1500ms"}])");
  EXPECT_GT(played.events["frame_delayed"], 30u);
}

TEST(Faults, TwoHalvesThatShareANodeStillServe) {
  Played played =
      expect_holds(R"([{"at":"1s","bridge":"follower","for":"2s"}])", R"("finally":{"heal":"all"},)");
  EXPECT_GT(played.events[sim::DropReason::kPartitioned], 10u);
}

TEST(Faults, ClocksThatFreezeLeapAndTickCoarselyMakeNothingWrong) {
  Played played = expect_holds(
      R"([{"at":"1s","clock":{"target":"leader","freeze":"900ms"}},{"at":"1200ms","clock":{"target":"follower","leap":"1h"}},)"
      R"({"at":"2s","clock":{"target":"all","tick":"50ms"}},{"at":"3s","clock":{"target":"leader","jump":"-1h"}}])");
  EXPECT_EQ(played.events["clock_frozen"], 1u);
  EXPECT_EQ(played.events["clock_leapt"], 1u);
  EXPECT_EQ(played.events["clock_tick"], 3u);
  EXPECT_GE(played.report.operations.ok, 100u);
}

// The node that the fault hits stops itself, and comes back when the fault is over.
void expect_stop_and_return(const std::string& disk, const std::string& reason) {
  for (const char* target : {"leader", "follower"}) {
    const std::string fault = cat(R"({"at":"1s",)", disk, R"(,"for":"1s"})");
    std::string faults = cat("[", fault, "]");
    faults.replace(faults.find("TARGET"), 6, target);
    Played played = expect_holds(faults);
    ASSERT_FALSE(played.events.reasons().empty()) << faults;
    EXPECT_NE(played.events.reasons()[0].find(reason), std::string::npos) << played.events.reasons()[0];
  }
}

TEST(Faults, ANodeWhoseDiskFailsStopsItselfAndComesBack) {
  expect_stop_and_return(R"("disk_error":{"target":"TARGET","files":"kv","times":1})", "failed");
  expect_stop_and_return(R"("disk_error":{"target":"TARGET","files":"sql","calls":"writes"})", "failed");
  expect_stop_and_return(R"("disk_failed_sync":{"target":"TARGET","times":1})", "sync");
  expect_stop_and_return(R"("disk_full":{"target":"TARGET","files":"sql"})", "no space");
}

TEST(Faults, ANodeThatIsRefusedMemoryStopsItselfAndComesBack) {
  for (const int nth : {1, 7, 40, 200, 800, 1500}) {
    Played played = expect_holds(
        cat(R"([{"at":"1s","out_of_memory":{"target":"leader","nth":)", nth, R"(},"for":"1s"}])"));
    EXPECT_EQ(played.events["memory_refused"], 1u) << nth;
    ASSERT_FALSE(played.events.reasons().empty()) << nth;
    EXPECT_EQ(played.events.reasons()[0], "SQLite was refused memory");
  }
}

// Of each: whether n1 runs again before the end phase brings everybody up.
TEST(Faults, TheEndOfAFaultStartsOnlyWhomItBroughtDown) {
  class Starts final : public Observer {
   public:
    void on_event(const Observation& seen) override {
      if (seen.event.type == &sim::kProcessStarted && seen.node == NodeId(1)) at.push_back(seen.at);
    }
    std::vector<Duration> at;
  };
  const auto starts_of_n1 = [](const std::string& faults) {
    const auto variants = parse_scenario(
        R"({"name":"x","about":"x","cluster":{"nodes":3},"workload":[{"kind":"register","think":"20ms","for":"8s"}],)"
        R"("expect":{"idle_faults":"allowed"},"faults":)" + faults + "}");
    EXPECT_TRUE(variants) << faults;
    Starts starts;
    run_simulated(variants->front().scenario, {.seed = 1, .observer = &starts, .progress = {}});
    std::erase_if(starts.at, [](Duration at) { return at == Duration() || at >= std::chrono::seconds(8); });
    return starts.at;
  };
  using std::chrono::seconds;
  using Times = std::vector<Duration>;
  // Started by hand, and killed for good: not by what began before.
  EXPECT_EQ(starts_of_n1(R"([{"at":"1s","kill":"n1","for":"5s"},{"at":"2s","restart":"n1"},{"at":"4s","kill":"n1"}])"),
            Times{seconds(2)});
  // Its power goes while it is down.
  EXPECT_EQ(starts_of_n1(R"([{"at":"1s","kill":"n1","for":"1s"},{"at":"1500ms","power_loss":"n1","for":"3500ms"}])"),
            Times{seconds(5)});
  // It has stopped itself, and its power goes for good.
  EXPECT_EQ(starts_of_n1(R"([{"at":"1s","disk_error":{"target":"n1"},"for":"3s"},{"at":"2s","power_loss":"n1"}])"),
            Times{});
}

TEST(Faults, ADiskThatHangsOrIsSlowCostsTheLeaderItsOfficeAtMost) {
  Played stalled = expect_holds(R"([{"at":"1s","disk_stall":{"target":"leader"},"for":"2s"}])");
  EXPECT_GT(stalled.events[sim::DiskTrouble::kStall], 0u);
  Played slow = expect_holds(R"([{"at":"1s","disk_slow":{"target":"all","extra":"60ms"},"for":"2s"}])");
  EXPECT_GT(slow.events[sim::DiskTrouble::kSlow], 10u);
  EXPECT_TRUE(stalled.events.reasons().empty());
  EXPECT_TRUE(slow.events.reasons().empty());
}

TEST(Faults, AFollowerWhoseDiskLiedTakesItsLogFromTheOthersAgain) {
  std::uint64_t forgot = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Played played = expect_holds(
        R"([{"at":"800ms","disk_lie":{"target":"n2"},"for":"2s"},{"at":"2s","power_loss":"n2","for":"1s"}])",
        "", seed);
    forgot += played.events["disk_forgot"];
  }
  EXPECT_GT(forgot, 3u) << "the lies did matter";
}

TEST(Faults, SectorsThatCannotBeReadStopANodeUntilTheyCan) {
  Played played = expect_holds(
      R"([{"at":"2s","disk_bad_sector":{"target":"n2","files":"kv","sectors":200},"for":"1500ms"},)"
      R"({"at":"2s","kill":"n2","for":"300ms"}])");
  EXPECT_GT(played.events[sim::DiskTrouble::kBadSector], 0u);
  EXPECT_FALSE(played.events.reasons().empty());
}

TEST(Faults, TheBudgetAtlasHoldsDamageToAMinority) {
  Played played = play(R"([{"at":"2s","disk_rot":{"target":"all","files":"kv","bytes":2}}])");
  EXPECT_EQ(played.events[sim::DiskTrouble::kRot], 2u) << "one node of three";
  EXPECT_NE(played.report.faults[0].description.find("withheld, beyond the budget: n2 n3"), std::string::npos)
      << played.report.faults[0].description;
}

TEST(Faults, WhomAStrikeFoundAsItWouldHaveLeftItIsTold) {
  Played played = play(
      R"([{"at":"1s","kill":"n2","for":"1s"},{"at":"1500ms","kill":["n2","n3"],"for":"100ms"},)"
      R"({"at":"1700ms","restart":"n1"},{"at":"2500ms","restart":"crashed"}])");
  EXPECT_NE(played.report.faults[1].description.find(": n3 (n2 was down already)"), std::string::npos)
      << played.report.faults[1].description;
  EXPECT_EQ(played.report.faults[2].description, "at 1.700 s (n1 was running already)");
  EXPECT_EQ(played.report.faults[3].description, "at 2.500 s (nobody was down)");
}

// It forgets, and catches up before the leader drops what it needs: then it is one of those that must be equal.
TEST(Faults, ANodeThatHasCaughtUpIsCompared) {
  const auto variants = parse_scenario(
      R"({"name":"x","about":"x","cluster":{"drop_prefix_entries":16},)"
      R"("workload":[{"kind":"bank","clients":3,"rate":"100/s","for":"6s"}],)"
      R"("faults":[{"at":"2s","disk_lie":{"target":"n2"},"for":"2s"},{"at":"3s","power_loss":"n2","for":"1s"}]})");
  ASSERT_TRUE(variants.has_value());
  std::size_t caught_up = 0, left_behind = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const reports::Report report = run_simulated(variants->front().scenario, {.seed = seed}).report;
    const auto health = std::ranges::find(report.verdicts, "node-health", &reports::Verdict::name);
    if (health->excused.empty()) continue;
    const auto convergence = std::ranges::find(report.verdicts, "convergence", &reports::Verdict::name);
    EXPECT_EQ(report.replicas.size() + convergence->excused.size(), 3u) << "seed " << seed;
    ++(report.replicas.size() == 3 ? caught_up : left_behind);
  }
  EXPECT_GT(caught_up, 0u);
  EXPECT_GT(left_behind, 0u);
}

TEST(Faults, ALogThatRottedStopsItsNodeForGoodAndTheOthersServe) {
  std::uint64_t stopped = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Played played = expect_holds(
        R"([{"at":"2s","disk_rot":{"target":"follower","files":"kv","bytes":40}},{"at":"2500ms","kill":"all","for":"300ms"}])",
        "", seed);
    stopped += played.events.reasons().empty() ? 0 : 1;
  }
  EXPECT_GT(stopped, 3u);
}

TEST(Faults, ADatabaseThatRottedOrWasMisdirectedIsNeverServed) {
  std::uint64_t stopped = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    for (const char* fault : {R"("disk_rot":{"target":"follower","files":"sql","bytes":100}})",
                              R"("disk_misdirect":{"target":"follower","files":"sql","times":20}})"}) {
      Played played =
          expect_holds(cat(R"([{"at":"1500ms",)", fault, R"(,{"at":"2500ms","kill":"all","for":"300ms"}])"),
                       R"("disk":{"budget":"atlas"},)", seed);
      stopped += played.events.reasons().empty() ? 0 : 1;
    }
  }
  EXPECT_GT(stopped, 3u);
}

TEST(Faults, WritesOfTheLogThatWentAstrayAreFoundAtTheNextStart) {
  for (const char* verb : {"disk_misdirect", "disk_phantom"})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Played played =
          expect_holds(cat(R"([{"at":"1500ms",")", verb,
                           R"(":{"target":"n3","files":"kv"}},{"at":"3s","kill":"n3","for":"300ms"}])"),
                       "", seed);
      EXPECT_EQ(played.events["disk_fault"], 1u) << verb;
    }
}

TEST(Faults, UnderTheBudgetUnlimitedTheClusterMayStop) {
  Played played = play(
      R"([{"at":"2s","disk_rot":{"target":"all","files":"kv","bytes":200}},{"at":"2500ms","kill":"all","for":"300ms"}])",
      R"("disk":{"budget":"unlimited"},)");
  EXPECT_EQ(played.report.outcome(), reports::Outcome::kHolds) << played.evidence();
  EXPECT_EQ(played.verdict("liveness"), reports::Outcome::kHolds) << played.evidence();
  EXPECT_EQ(played.verdict("durability"), reports::Outcome::kHolds)
      << "nobody is left who could hold anything";
  EXPECT_EQ(played.verdict("node-health"), reports::Outcome::kHolds);
  EXPECT_FALSE(played.events.reasons().empty());
}

TEST(Faults, AnAnchorThatNeverCameIsSaidAloud) {
  Played played = play(
      R"([{"when":{"event":"append_sent","from":"n2","to":"n1","nth":100000},"kill":"n3"},)"
      R"({"when":{"probe":"raft.before_persist","nth":1000000},"pause":"1s"},{"after":{"fault":0,"by":"1ms"},"restart":"n3"}])");
  EXPECT_EQ(played.report.outcome(), reports::Outcome::kVacuous);
  const auto said = [&](std::size_t fault) { return played.report.faults[fault].description; };
  EXPECT_NE(said(0).find("anchor missed, the event append_sent of n2 about n1 came "), std::string::npos)
      << said(0);
  EXPECT_NE(said(1).find("anchor missed, the probe raft.before_persist was reached "), std::string::npos)
      << said(1);
  EXPECT_NE(said(2).find("fault 0, which it follows, did not strike"), std::string::npos) << said(2);
}

// Neither two faults that wait for one event, nor one that the nemesis follows anyway, make it count twice.
TEST(Faults, AnEventIsCountedOnceByEachFaultThatWaitsForIt) {
  Played played = play(
      R"([{"at":"1s","kill":"n1","for":"200ms"},{"at":"2s","kill":"n1","for":"200ms"},)"
      R"({"when":{"event":"process_killed","nth":50},"kill":"n2"},{"when":{"event":"process_killed","nth":60},"kill":"n2"}])");
  for (const std::size_t fault : {2, 3}) {
    const std::string& said = played.report.faults[fault].description;
    EXPECT_NE(said.find("the event process_killed came 2 times"), std::string::npos) << said;
  }
}

TEST(Faults, EveryProbeCanBePausedAndCrashedAt) {
  for (const char* probe :
       {"raft.before_persist", "raft.after_persist", "replica.before_apply", "txn.before_commit"})
    expect_holds(cat(R"([{"when":{"probe":")", probe, R"(","nth":20},"pause":"250ms"},{"when":{"probe":")",
                     probe, R"(","nth":30},"crash":"leader","for":"300ms"}])"),
                 R"("sweep":{"/cluster/pause_before_commit":["5ms"]},)");
}

}  // namespace
}  // namespace lockstep::scenarios
