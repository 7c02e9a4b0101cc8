// What a run went through, told event by event: conditions of the cluster, and rare things counted once.
#include <gtest/gtest.h>

#include <set>

#include "core/proto/client.pb.h"
#include "core/raft/types.h"
#include "core/replica/events.h"
#include "core/proto/control.pb.h"
#include "core/service/events.h"
#include "edge/events.h"
#include "hub/events.h"
#include "scenarios/cluster_state.h"
#include "scenarios/parse_scenario.h"
#include "scenarios/rare_events.h"
#include "scenarios/run.h"
#include "sim/events.h"
#include "tests/scenarios/language_files.h"

namespace lockstep::scenarios {
namespace {

using enum Condition;
using Conditions = std::set<Condition>;

class Teller {
 public:
  explicit Teller(Observer& listener) : listener_(listener) {}
  void tell(std::uint64_t node, const env::Event& event) {
    listener_.on_event(
        {.order = order_, .at = {}, .node = NodeId(node), .incarnation = Incarnation(1), .event = event});
    ++order_;
  }
  void starts(std::uint64_t node) { tell(node, {sim::kProcessStarted, {}}); }
  void dies(std::uint64_t node) { tell(node, {sim::kProcessKilled, {}}); }
  void becomes(std::uint64_t node, raft::Role role, std::uint64_t term = 1) {
    tell(node, {replica::kRoleChanged, {1, static_cast<std::uint64_t>(role), term, 0}});
  }
  void leads(std::uint64_t node, std::uint64_t term = 1) { becomes(node, raft::Role::kLeader, term); }
  void commits(std::uint64_t node, std::uint64_t index) {
    tell(node, {replica::kCommitAdvanced, {1, index, 1}});
  }
  void recovers(std::uint64_t node, std::uint64_t applied) {
    tell(node, {replica::kRecovered, {1, 1, applied, applied, applied, 1}});
  }
  void applies(std::uint64_t node, std::uint64_t index) {
    tell(node, {replica::kEntryApplied, {1, index, 1, 0, 0, 0}});
  }
  void asks(std::uint64_t node, std::uint64_t call, wire::ReadLevel level = wire::LINEARIZABLE) {
    tell(node, {service::kRequested, {101, call, wire::Request::kQuery, static_cast<std::uint64_t>(level)}});
  }
  void answers(std::uint64_t node, std::uint64_t call, wire::ReplyStatus status) {
    tell(node, {service::kReplied, {101, call, static_cast<std::uint64_t>(status)}});
  }

 private:
  Observer& listener_;
  std::uint64_t order_ = 0;
};

class ClusterConditions : public testing::Test {
 protected:
  Conditions now() const {
    const auto all = state_.conditions();
    return {all.begin(), all.end()};
  }
  ClusterState state_{3};
  Teller story_{state_};
};

TEST_F(ClusterConditions, AreStableWithALeaderAndAllNodes) {
  EXPECT_EQ(now(), (Conditions{kElecting, kMajorityDown}));
  for (const std::uint64_t node : {1, 2, 3}) story_.starts(node);
  EXPECT_EQ(now(), Conditions{kElecting});
  story_.leads(2);
  EXPECT_EQ(now(), Conditions{kStable});
  story_.starts(101);  // a client is no node
  EXPECT_EQ(now(), Conditions{kStable});
}

TEST_F(ClusterConditions, FollowDeaths) {
  for (const std::uint64_t node : {1, 2, 3}) story_.starts(node);
  story_.leads(2);
  story_.dies(3);
  EXPECT_EQ(now(), Conditions{kMinorityDown});
  story_.dies(2);
  EXPECT_EQ(now(), (Conditions{kElecting, kMajorityDown}));
}

TEST_F(ClusterConditions, AreCatchingUpUntilWhatWasCommittedIsApplied) {
  for (const std::uint64_t node : {1, 2, 3}) story_.starts(node);
  story_.leads(2);
  story_.dies(3);
  story_.commits(2, 10);
  story_.starts(3);
  story_.recovers(3, 4);
  story_.commits(2, 12);  // later: it does not owe this
  EXPECT_EQ(now(), Conditions{kCatchingUp});
  story_.applies(3, 9);
  EXPECT_EQ(now(), Conditions{kCatchingUp});
  story_.applies(3, 10);
  EXPECT_EQ(now(), Conditions{kStable});
}

TEST_F(ClusterConditions, HaveAPreparePendingUntilItIsDecided) {
  for (const std::uint64_t node : {1, 2, 3}) story_.starts(node);
  story_.leads(2);
  story_.tell(2, {service::kTransactionDurable, {7, 0}});
  EXPECT_EQ(now(), Conditions{kPreparePending});
  story_.tell(2, {replica::kTransactionDecided, {1, 7, 8, 1}});
  EXPECT_EQ(now(), Conditions{kStable});
}

TEST(RareEvents, CountWhatEveryReplicaTellsOnce) {
  RareEvents rare;
  Teller story(rare);
  for (const std::uint64_t node : {1, 2, 3}) {
    story.tell(node, {replica::kTransactionDecided, {1, 7, 8, 0}});
    story.tell(node, {replica::kTransactionDecided, {1, 9, 10, 1}});
    story.tell(node, {replica::kWriteSettled, {1, 11, 3, 1}});
  }
  EXPECT_EQ(rare.counts().at("left-over writes aborted"), 1u);
  EXPECT_EQ(rare.counts().at("retries deduplicated"), 1u);
}

TEST(RareEvents, TellStrongWritesFromOthersThatAreAborted) {
  RareEvents rare;
  Teller story(rare);
  story.tell(1, {service::kTransactionGivenUp, {7}});
  story.tell(1, {service::kTransactionGivenUp, {9}});
  for (const std::uint64_t node : {1, 2, 3}) {
    story.tell(node, {replica::kTransactionDecided, {1, 7, 11, 0}});
    story.tell(node, {replica::kTransactionDecided, {1, 8, 12, 0}});
    story.tell(node, {replica::kTransactionDecided, {1, 9, 13, 1}});  // another decision came before
  }
  EXPECT_EQ(rare.counts().at("strong writes aborted"), 1u);
  EXPECT_EQ(rare.counts().at("left-over writes aborted"), 1u);
}

TEST(RareEvents, CountFencesAndTheirEnds) {
  RareEvents rare;
  Teller story(rare);
  story.tell(2, {replica::kFenced, {1, 17}});
  story.tell(2, {replica::kFenced, {1, 17}});  // in another life
  story.tell(2, {replica::kFenceLifted, {1, 17}});
  EXPECT_EQ(rare.counts().at("nodes fenced"), 2u);
  EXPECT_EQ(rare.counts().at("fences lifted"), 1u);
}

TEST(RareEvents, TellLeadersThatChangeFromThoseThatStepDown) {
  RareEvents rare;
  Teller story(rare);
  story.leads(1, 1);
  EXPECT_EQ(rare.counts().at("leader changes"), 0u);
  story.becomes(1, raft::Role::kFollower, 2);
  story.leads(1, 3);  // the same again
  EXPECT_EQ(rare.counts().at("leader changes"), 0u);
  EXPECT_EQ(rare.counts().at("leaders stepped down"), 1u);
  story.dies(1);
  story.becomes(1, raft::Role::kFollower, 3);
  EXPECT_EQ(rare.counts().at("leaders stepped down"), 1u);
  story.leads(2, 4);
  EXPECT_EQ(rare.counts().at("leader changes"), 1u);
}

TEST(RareEvents, CountReadsOfThoseWhoDoNotLead) {
  RareEvents rare;
  Teller story(rare);
  story.leads(1);
  story.asks(1, 5);
  story.answers(1, 5, wire::DONE);
  story.asks(2, 6);
  story.answers(2, 6, wire::NOT_LEADER);
  EXPECT_EQ(rare.counts().at("reads at followers"), 0u);
  story.asks(2, 7);
  story.answers(2, 7, wire::DONE);
  story.answers(2, 8, wire::DONE);  // no query
  story.asks(3, 9, wire::LOCAL);
  story.answers(3, 9, wire::DONE);
  EXPECT_EQ(rare.counts().at("reads at followers"), 1u);
  EXPECT_EQ(rare.counts().at("requests redirected"), 1u);
}

TEST(RareEvents, OfAFieldAreCountedOnceHoweverManyTellOfThem) {
  RareEvents rare;
  Teller story(rare);
  constexpr std::uint64_t kModel = 1;
  constexpr std::uint64_t kEdge = 10'001;
  for (const std::uint64_t node : {1, 2, 3}) {
    story.tell(node, {hub::kPackageActive, {20, kModel, 1, 0}});
    story.tell(node, {hub::kPackageActive, {30, kModel, 2, 0}});
    story.tell(node, {hub::kPackageRefused, {40, kModel, 3}});
    story.tell(node, {hub::kPackageActive, {50, kModel, 1, 0}});
    story.tell(node, {hub::kInstructionSettled, {60, 7, 0}});
    story.tell(node, {hub::kInstructionSettled, {61, 7, wire::InstructionResult::DONE}});
  }
  story.tell(1, {hub::kDecided, {1, 1, 1, 0, 0}});
  story.tell(1, {hub::kDecided, {1, 2, 1, 0, 1}});
  for (int life = 0; life < 2; ++life)
    story.tell(kEdge, {edge::kInstructionEnded, {8, 0, wire::InstructionResult::EXPIRED}});
  story.tell(kEdge, {edge::kDuplicateRefused, {8}});
  EXPECT_EQ(rare.counts().at("packages made active"), 3u);
  EXPECT_EQ(rare.counts().at("packages refused"), 1u);
  EXPECT_EQ(rare.counts().at("packages rolled back"), 1u);
  EXPECT_EQ(rare.counts().at("deadlines missed"), 1u);
  EXPECT_EQ(rare.counts().at("decisions corrected"), 1u);
  EXPECT_EQ(rare.counts().at("instructions expired"), 1u);
  EXPECT_EQ(rare.counts().at("instructions interrupted"), 0u);
  EXPECT_EQ(rare.counts().at("instructions known already"), 1u);
}

TEST(Coverage, OfARunNamesWhatStruckAndWhen) {
  const auto parsed = parse_scenario(R"({
    "name": "a", "about": "b", "workload": [ { "kind": "versioned_writes", "for": "3s" } ],
    "faults": [ { "at": "1s", "kill": "n1", "for": "500ms" }, { "at": "1200ms", "kill": "n1" } ] })");
  ASSERT_TRUE(parsed.has_value());
  const scenarios::Run run = run_simulated(parsed->front().scenario, {.seed = 1});
  std::uint64_t strikes = 0;
  for (const auto& [condition, times] : run.coverage.struck.at("kill")) strikes += times;
  EXPECT_EQ(strikes, 1u);  // the second found nobody
  EXPECT_EQ(run.coverage.struck.at("kill").count("stable"), 1u);
  EXPECT_EQ(run.coverage.rare_events.size(), RareEvents().counts().size());
}

TEST(Coverage, OfNodesThatAreFencedAndOfTheEndOfIt) {
  const auto parsed =
      parse_scenario(read_text(LOCKSTEP_SOURCE_DIR "/scenarios/suite/fenced_node.json"));
  ASSERT_TRUE(parsed.has_value());
  std::uint64_t fenced = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const scenarios::Run run = run_simulated(parsed->front().scenario, {.seed = seed});
    fenced += run.coverage.rare_events.at("nodes fenced");
    EXPECT_EQ(run.coverage.rare_events.at("fences lifted"), run.coverage.rare_events.at("nodes fenced"));
  }
  EXPECT_GE(fenced, 2u);
}

}  // namespace
}  // namespace lockstep::scenarios
