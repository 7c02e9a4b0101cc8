// When a plant may leave its envelope, and what the verdict says then.
#include "scenarios/field_watch.h"

#include <gtest/gtest.h>

#include <bit>

#include "core/proto/control.pb.h"
#include "edge/events.h"
#include "hub/events.h"
#include "scenarios/roster.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

using namespace std::chrono_literals;
using devices::PlantFault;
using reports::Outcome;

constexpr Duration kRecovery = 30s;

// One plant of e1, the level of tank1, that may show 10 to 20.
class Plant {
 public:
  void shows(Duration at, double value) {
    tell(at, {edge::kPlantState, {0, 0, bits(value), bits(10), bits(20)}});
  }
  void breaks(Duration at, PlantFault fault, bool begins) {
    tell(at, {edge::kPlantFault,
              {0, 1, static_cast<std::uint64_t>(fault) + 1, begins ? 1u : 0u},
              "tank1 temperature"});
  }
  // Of its only excursion; empty: it has none.
  std::string excuse(const std::vector<Outage>& outages = {}) const {
    const reports::Verdict verdict = judge(outages);
    if (verdict.outcome != Outcome::kHolds || verdict.excused.size() != 1) return {};
    const std::string& sentence = verdict.excused.front();
    constexpr std::string_view kBecause = " because ";
    const std::size_t at = sentence.find(kBecause);
    return at == std::string::npos ? std::string() : sentence.substr(at + kBecause.size());
  }
  reports::Verdict judge(const std::vector<Outage>& outages = {}) const {
    return watch_.envelope({{NodeId(1), NodeId(2), NodeId(3)}, 2, outages}, kRecovery);
  }

 private:
  static std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }
  void tell(Duration at, const env::Event& event) {
    Observer& observer = watch_;
    observer.on_event({.order = order_++,
                       .at = at,
                       .node = Roster::edge(1),
                       .incarnation = Incarnation(1),
                       .event = event});
  }

  Damage damage_;
  Field field_;  // an edge has a tank
  FieldWatch watch_{&field_, damage_};
  std::uint64_t order_ = 0;
};

TEST(PlantEnvelope, WithoutAFaultAnExcursionIsViolated) {
  Plant plant;
  plant.shows(1s, 15);
  EXPECT_EQ(plant.judge().outcome, Outcome::kHolds);
  plant.shows(2s, 21);
  EXPECT_EQ(plant.judge().outcome, Outcome::kViolated);
}

TEST(PlantEnvelope, WhatLeftItIsNamedWithTheBoundThatItCrossed) {
  Plant high;
  high.shows(2s, 21);
  high.shows(3s, 23.28111232085564);
  EXPECT_EQ(high.judge().evidence,
            std::vector<std::string>{"level of e1/tank1 rose above 20.000 at 2.000 s (worst value 23.281)"});
  Plant low;
  low.shows(2s, 9.9996);
  EXPECT_EQ(low.judge().evidence,
            std::vector<std::string>{"level of e1/tank1 fell below 10.000 at 2.000 s (worst value 10.000)"});
}

TEST(PlantEnvelope, TheExcuseSaysWhatWasBrokenAndWhen) {
  Plant plant;
  plant.breaks(12300ms, PlantFault::kSensorStuck, true);
  plant.shows(15s, 21);
  plant.breaks(20s, PlantFault::kSensorStuck, false);
  EXPECT_EQ(plant.excuse(), "sensor temperature of e1/tank1 was stuck from 12.300 s to 20.000 s");
}

TEST(PlantEnvelope, WhoeverWasExcusedComesBack) {
  for (const Duration back : {79s, 81s}) {
    Plant plant;
    plant.breaks(12s, PlantFault::kSensorStuck, true);
    plant.shows(15s, 21);
    plant.breaks(20s, PlantFault::kSensorStuck, false);
    plant.shows(back, 15);
    const reports::Verdict verdict = plant.judge();
    if (back < 80s) {
      EXPECT_EQ(verdict.outcome, Outcome::kHolds);
    } else {
      ASSERT_EQ(verdict.outcome, Outcome::kViolated);
      EXPECT_TRUE(verdict.evidence.front().ends_with(
          "because sensor temperature of e1/tank1 was stuck from 12.000 s to 20.000 s, and was still outside at 80.000 s"))
          << verdict.evidence.front();
    }
  }
}

TEST(PlantEnvelope, AFaultExcusesWhereItTookEffectAndHitTheWayToTheHub) {
  Plant plant;
  plant.shows(15s, 21);
  Outage outage{.from = 10s,
                .until = 12s,
                .hosts = {},
                .groups = {{NodeId(1)}, {Roster::edge(1)}},
                .cause = "partition struck the links between n1 and e1"};
  EXPECT_EQ(plant.excuse({outage}), "partition struck the links between n1 and e1 from 10.000 s to 12.000 s");
  outage.took_effect = false;
  EXPECT_EQ(plant.judge({outage}).outcome, Outcome::kViolated);
  outage.took_effect = true;
  outage.groups = {{NodeId(1)}, {Roster::edge(2)}};
  EXPECT_EQ(plant.judge({outage}).outcome, Outcome::kViolated) << "another edge's";
  outage.groups = {{NodeId(1)}, {NodeId(2), NodeId(3)}};
  EXPECT_EQ(plant.judge({outage}).outcome, Outcome::kHolds) << "the hubs cannot agree";
}

TEST(PlantEnvelope, ANodeThatTheOthersCanDoWithoutIsAnExcuseForAsLongAsTheyNeedToGoOn) {
  const auto down = [](Duration from, Duration until, std::uint64_t node) {
    return Outage{.from = from,
                  .until = until,
                  .hosts = {NodeId(node)},
                  .groups = {},
                  .cause = cat("n", node, " did not run")};
  };
  Plant plant;
  plant.shows(60s, 21);
  EXPECT_EQ(plant.judge({down(10s, 100s, 1)}).outcome, Outcome::kViolated);
  EXPECT_EQ(plant.judge({down(10s, Outage::kForever, 1)}).outcome, Outcome::kViolated);
  EXPECT_EQ(plant.excuse({down(40s, 100s, 1)}), "n1 did not run from 40.000 s to 100.000 s") << "they elect";
  EXPECT_EQ(plant.excuse({down(10s, 40s, 1)}), "n1 did not run from 10.000 s to 40.000 s") << "it is back";
  EXPECT_EQ(plant.excuse({down(10s, 100s, 1), down(12s, 90s, 2)}),
            "n1 did not run from 10.000 s to 100.000 s")
      << "no quorum";
  EXPECT_EQ(plant.judge({down(10s, 100s, 1), down(12s, 20s, 2)}).outcome, Outcome::kViolated)
      << "one, long since";
}

TEST(Outages, WhatChangesNothingDisturbsNobody) {
  EXPECT_FALSE(can_disturb(ClockChange{.targets = {}, .drift_ppm = 0, .tick = {}}));
  EXPECT_TRUE(can_disturb(ClockChange{.targets = {}, .drift_ppm = 50'000, .tick = {}}));
  EXPECT_TRUE(can_disturb(ClockChange{.targets = {}, .jump = -1h, .drift_ppm = {}, .tick = {}}));
  EXPECT_FALSE(can_disturb(Duplicate{}));
  EXPECT_TRUE(can_disturb(Loss{}));
}

// What three hubs tell of instructions.
class Instructions {
 public:
  void logged(std::uint64_t id) { tell({hub::kInstructionLogged, {index_, id, 0, 0, 0, 0}}); }
  void settled(std::uint64_t id, wire::InstructionResult::Outcome outcome) {
    tell({hub::kInstructionSettled, {index_, id, static_cast<std::uint64_t>(outcome)}});
  }
  std::string counted() const {
    std::string text;
    for (const auto& [unit, count] : watch_.field_rests({}, true, 1s).checked)
      text += cat(count, ' ', unit, ' ');
    return text;
  }

 private:
  void tell(const env::Event& event) {
    Observer& observer = watch_;
    for (const std::uint64_t node : {1, 2, 3})
      observer.on_event(
          {.order = index_, .at = 1s, .node = NodeId(node), .incarnation = Incarnation(1), .event = event});
    ++index_;
  }

  Damage damage_;
  FieldWatch watch_{nullptr, damage_};
  std::uint64_t index_ = 1;
};

TEST(FieldRests, WhatBecameOfEachInstructionIsCounted) {
  Instructions told;
  for (std::uint64_t id = 1; id <= 8; ++id) told.logged(id);
  told.settled(1, wire::InstructionResult::DONE);
  told.settled(2, wire::InstructionResult::DONE);
  EXPECT_EQ(told.counted(), "0 readings 0 dropped 8 instructions 2 done 6 open ");
  told.settled(3, wire::InstructionResult::CANCELLED);
  told.settled(4, wire::InstructionResult::CANCELLED);
  told.settled(5, wire::InstructionResult::EXPIRED);
  told.settled(6, wire::InstructionResult::FAILED);
  told.settled(7, wire::InstructionResult::NONE);
  EXPECT_EQ(told.counted(),
            "0 readings 0 dropped 8 instructions 2 done 1 missed 1 failed 1 expired 2 cancelled 1 open ");
  told.settled(7, wire::InstructionResult::INTERRUPTED);  // its result comes late
  EXPECT_EQ(
      told.counted(),
      "0 readings 0 dropped 8 instructions 2 done 1 failed 1 expired 2 cancelled 1 interrupted 1 open ");
}

// The streams of one edge.
class Rest {
 public:
  void tell(const env::Event& event) {
    const Observation seen{
        .order = ++order_, .at = 1s, .node = Roster::edge(4), .incarnation = Incarnation(1), .event = event};
    Observer* const observers[] = {&damage_, &watch_};
    for (Observer* observer : observers) observer->on_event(seen);
  }
  bool is_there() const { return watch_.is_at_rest(); }
  std::string reason() const { return is_there() ? "" : watch_.unfinished().front(); }

 private:
  Damage damage_;
  FieldWatch watch_{nullptr, damage_};
  std::uint64_t order_ = 0;
};

// It died between writing down what the hub has and telling of it (chaos seed 6355).
TEST(FieldRests, WhatAStreamHadWhenItWasOpenedAgainCounts) {
  Rest rest;
  for (const std::uint64_t sequence : {1, 2, 3}) rest.tell({edge::kBuffered, {7, 1, sequence, 3, 0}});
  rest.tell({edge::kBatchSettled, {7, 1, 1}});
  rest.tell({edge::kStreamRestored, {7, 1, 4, 2, 0, 1}});
  EXPECT_EQ(
      rest.reason(),
      "stream 1 of e4: 1 batch in its buffer, the last of number 3, that the hub has not taken");
  rest.tell({edge::kStreamRestored, {7, 1, 4, 3, 0, 0}});
  EXPECT_TRUE(rest.is_there());
}

TEST(FieldRests, AStreamThatWentOnUnderAnotherIdIsAwaitedUnderThatOne) {
  Rest rest;
  for (const std::uint64_t sequence : {1, 2, 3}) rest.tell({edge::kBuffered, {7, 1, sequence, 3, 0}});
  rest.tell({sim::kDiskForgot, {1}});
  rest.tell({edge::kStreamRestored, {7, 1, 2, 0, 0, 1}});
  EXPECT_EQ(
      rest.reason(),
      "stream 1 of e4: 1 batch in its buffer, the last of number 1, that the hub has not taken");
  rest.tell({edge::kBuffered, {7, 1, 2, 3, 0}});
  rest.tell({edge::kStreamRestored, {8, 1, 3, 0, 0, 1}});
  EXPECT_EQ(
      rest.reason(),
      "stream 1 of e4: 2 batches in its buffer, the last of number 2, that the hub has not taken");
  rest.tell({edge::kBatchSettled, {8, 1, 2}});
  EXPECT_TRUE(rest.is_there());
}

// Its first life came to 1, its second to 900, of which the store knows nothing any more.
TEST(FieldRests, WhatTheHubHasOfAForgottenLifeDoesNotSettleWhatCameSince) {
  Rest rest;
  rest.tell({edge::kBuffered, {7, 1, 1, 3, 0}});
  rest.tell({edge::kBuffered, {7, 1, 900, 3, 0}});
  rest.tell({edge::kBatchSettled, {7, 1, 900}});
  rest.tell({sim::kDiskForgot, {1}});
  rest.tell({edge::kStreamRestored, {7, 1, 2, 1, 0, 0}});
  EXPECT_TRUE(rest.is_there());
  rest.tell({edge::kBuffered, {7, 1, 70, 3, 0}});
  EXPECT_EQ(
      rest.reason(),
      "stream 1 of e4: 1 batch in its buffer, the last of number 70, that the hub has not taken");
  rest.tell({edge::kBatchSettled, {7, 1, 70}});
  EXPECT_TRUE(rest.is_there());
}

TEST(FieldRests, AnEdgeThatStoppedForItsDamagedStoreOwesNothing) {
  Rest rest;
  rest.tell({edge::kBuffered, {7, 1, 1, 3, 0}});
  rest.tell({edge::kEdgeStopped, {4}});
  EXPECT_FALSE(rest.is_there()) << "nothing has harmed it";
  rest.tell({sim::kDiskForgot, {1}});
  EXPECT_TRUE(rest.is_there());
  rest.tell({sim::kProcessStarted, {}});
  EXPECT_FALSE(rest.is_there());
}

}  // namespace
}  // namespace lockstep::scenarios
