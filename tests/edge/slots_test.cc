// Settings in two slots: received, verified, switched to, tried, rolled back, cleaned up, and never seen
// mixed.
#include <gtest/gtest.h>

#include "tests/edge/field.h"

namespace lockstep::edge {
namespace {

const std::map<std::string, std::string> kFirst = {{"about", "the first"}, {"sampling/tank/period_ms", "50"}};
std::map<std::string, std::string> many(const std::string& value, int keys = 60) {
  std::map<std::string, std::string> settings = {{"sampling/motor/period_ms", "40"}};
  for (int i = 0; i < keys; ++i) settings[cat("recipe/", i)] = value;
  return settings;
}

class Slots : public testing::Test {
 protected:
  Slots() { field.world.run_for(seconds(3)); }
  static EdgeConfig quick() {
    EdgeConfig config;
    config.slots.clean_up_delay = seconds(20);
    config.slots.clean_up_keys = 7;
    config.slots.read_keys = 5;
    config.slots.probation = seconds(4);
    return config;
  }
  void run(Duration duration = seconds(2)) { field.world.run_for(duration); }
  std::uint64_t version() { return field.process->slots()->version(); }
  void activate(std::uint64_t number, const std::map<std::string, std::string>& settings) {
    field.books.packages[number] = package_of(settings);
    field.publish(number);
    run(seconds(3));
  }
  // What every reader of a slot has seen is one of the packages, whole.
  void expect_no_mixture() {
    for (const auto& [number, hash] : field.events.reads)
      EXPECT_EQ(hash, hash64(field.books.packages[number])) << "version " << number;
  }
  Field field{{.edge = quick()}};
};

TEST_F(Slots, APackageIsStagedSwitchedToUsedAndConfirmed) {
  const std::uint64_t before = field.devices.shown;
  run(seconds(10));
  const std::uint64_t slow = field.devices.shown - before;
  activate(7, kFirst);
  EXPECT_EQ(field.state(7), wire::ACTIVE);
  EXPECT_EQ(version(), 7u);
  const std::uint64_t then = field.devices.shown;
  run(seconds(10));
  EXPECT_NEAR(static_cast<double>(field.devices.shown - then) / static_cast<double>(slow), 5.0 / 3, 0.05);
  EXPECT_EQ(field.events.counts["slot_rolled_back"], 0);
  field.world.power_loss(kEdge);
  field.world.start(kEdge);
  run(seconds(5));
  EXPECT_EQ(version(), 7u);
  EXPECT_EQ(field.books.hello.settings_version(), 7u);
  expect_no_mixture();
  EXPECT_EQ(field.events.reads.size(), 2u);
}

TEST_F(Slots, TheFormerSlotIsCleanedUpInStepsAfterItsDelay) {
  activate(1, many("one"));
  run(seconds(6));
  activate(2, many("two"));
  run(seconds(15));
  EXPECT_EQ(field.events.counts["slot_cleaned"], 0);
  run(seconds(15));
  EXPECT_EQ(field.events.counts["slot_cleaned"], 1);
  EXPECT_EQ(version(), 2u);
  field.offer(1);
  run();
  EXPECT_EQ(field.state(1), wire::STAGED);  // it was gone and came anew
  expect_no_mixture();
}

TEST_F(Slots, BeforeThatTheFormerVersionIsOneCommandAway) {
  activate(1, many("one"));
  run(seconds(6));
  activate(2, many("two"));
  run(seconds(6));
  field.activate(1);
  run();
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(field.state(1), wire::ACTIVE);
  run(seconds(60));
  EXPECT_EQ(version(), 1u);
  expect_no_mixture();
}

TEST_F(Slots, ThreeVersionsFollowEachOtherThroughTwoSlots) {
  for (std::uint64_t number = 1; number <= 5; ++number) {
    activate(number, many(cat("value ", number)));
    run(seconds(6));
    EXPECT_EQ(version(), number);
  }
  expect_no_mixture();
}

TEST_F(Slots, WhatIsNoPackageIsRefusedAndTheOldOneStays) {
  activate(1, kFirst);
  run(seconds(6));
  std::map<std::uint64_t, std::string> reasons;
  field.books.packages[2] = package_of({{"b", "1"}}) + package_of({{"a", "2"}});
  reasons[2] = "expected keys to ascend behind key 1";
  field.books.packages[3] = package_of({{"b", "1"}, {"c", "2"}});
  field.books.packages[3].pop_back();
  reasons[3] = "the package ends inside the pair behind key 1";
  field.books.packages[4] = package_of({{std::string(2000, 'k'), "2"}});
  reasons[4] = "expected a key of 1 to 1024 bytes and a value of at most 65536 behind key 0";
  field.books.packages[5] = Bytes(200'000, '\xff');
  reasons[5] = "expected the end of a pair behind key 0";
  for (const auto& [number, reason] : reasons) {
    field.books.chunk_bytes = 30'000;
    field.publish(number);
    run(seconds(5));
    EXPECT_EQ(field.state(number), wire::REFUSED) << number;
    EXPECT_EQ(field.books.statuses[number].reason(), reason);
  }
  field.books.packages[6] = package_of(many("six"));
  field.offer(6, 12345);
  run(seconds(5));
  EXPECT_EQ(field.state(6), wire::REFUSED);
  EXPECT_NE(field.books.statuses[6].reason().find("expected 61 keys with hash 0000000000003039"),
            std::string::npos);
  EXPECT_EQ(version(), 1u);
  activate(8, many("eight"));
  EXPECT_EQ(version(), 8u);
  expect_no_mixture();
}

TEST_F(Slots, SettingsThatDoNotParseAreRolledBack) {
  activate(1, kFirst);
  run(seconds(6));
  activate(2, {{"sampling/tank/period_ms", "soon"}});
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(field.state(2), wire::REFUSED);
  EXPECT_EQ(field.books.statuses[2].reason(),
            "expected 'sampling/tank/period_ms' from 1 to 3600000, found 'soon'");
  EXPECT_EQ(field.events.counts["slot_rolled_back"], 1);
  activate(3, {{"fallback/tank/heater", "2"}});
  EXPECT_EQ(field.books.statuses[3].reason(), "expected 'fallback/tank/heater' from 0 to 1, found '2'");
  EXPECT_EQ(version(), 1u);
}

// Its settings were confirmed with other devices: what is for those that it has is used, and the hub is told.
TEST_F(Slots, OfConfirmedSettingsWhatReadsIsUsedAndTheRestIsSaid) {
  activate(
      4, {{"fallback/after_ms", "5000"}, {"fallback/motor/voltage", "3"}, {"fallback/tank/heater", "0.25"}});
  run(seconds(6));
  field.world.kill(kEdge);
  field.devices.lose_motor();
  field.world.start(kEdge);
  run(seconds(3));
  EXPECT_EQ(version(), 4u);
  EXPECT_EQ(field.state(4), wire::REFUSED);
  EXPECT_EQ(field.books.statuses[4].active(), 4u);
  EXPECT_EQ(field.books.statuses[4].reason(),
            "'fallback/motor/voltage' is about a device that edge 'e1' does not have; the rest is in use");
  EXPECT_EQ(field.events.counts["slot_rolled_back"], 0);
  field.cut();
  run(seconds(20));
  EXPECT_EQ(field.devices.told, std::vector<std::string>{"tank.heater=0.25"});
}

TEST_F(Slots, TheFirstVersionOfAllCanBeRolledBackToo) {
  activate(1, {{"sampling/boiler/period_ms", "10"}});
  EXPECT_EQ(version(), 0u);
  EXPECT_EQ(field.state(1), wire::REFUSED);
  activate(2, kFirst);
  EXPECT_EQ(version(), 2u);
}

TEST_F(Slots, AVersionUnderWhichADeviceIsSilentIsRolledBack) {
  activate(1, kFirst);
  run(seconds(6));
  field.devices.silent = true;
  activate(2, many("two"));
  EXPECT_EQ(version(), 2u);
  run(seconds(5));
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(field.books.statuses[2].reason(), "not in good health after 4s: 'tank' gave no reading");
}

TEST_F(Slots, AVersionUnderWhichTheEdgeDiesAgainAndAgainIsRolledBack) {
  activate(1, kFirst);
  run(seconds(6));
  activate(2, many("two"));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(version(), 2u);
    field.world.power_loss(kEdge);
    field.world.start(kEdge);
    run(seconds(1));
  }
  EXPECT_EQ(version(), 1u);
}

TEST_F(Slots, AStartSaysAgainWhatIsStagedBecauseItsEventMayBeLost) {
  activate(1, kFirst);
  EXPECT_EQ(field.events.counts["slot_staged"], 1);
  field.world.power_loss(kEdge);
  field.world.start(kEdge);
  run(seconds(1));
  EXPECT_EQ(field.events.counts["slot_staged"], 2);
}

TEST_F(Slots, AReaderKeepsItsSlotWhileOthersSwitchAndCleanUpWaits) {
  activate(1, many("one"));
  run(seconds(6));
  SlotPin pin = field.process->slots()->pin();
  activate(2, many("two"));
  run(seconds(40));
  EXPECT_EQ(version(), 2u);
  EXPECT_EQ(field.events.counts["slot_cleaned"], 0);
  std::optional<Bytes> value;
  field.process->slots()->get(pin, "recipe/59",
                              [&](std::optional<Bytes> found) { value = std::move(found); });
  run();
  EXPECT_EQ(value, "one");
  pin.reset();
  run(seconds(2));
  EXPECT_EQ(field.events.counts["slot_cleaned"], 1);
}

TEST_F(Slots, AHubThatIsSilentLeavesTheEdgeToItsFallback) {
  activate(1, {{"fallback/after_ms", "5000"}, {"fallback/tank/heater", "0.25"}});
  const auto rule = field.cut();
  run(seconds(6));
  EXPECT_TRUE(field.devices.told.empty());
  run(seconds(20));
  EXPECT_EQ(field.devices.told, std::vector<std::string>{"tank.heater=0.25"});
  field.world.network().remove_rule(rule);
  run(seconds(10));
  field.cut();
  run(seconds(20));
  EXPECT_EQ(field.devices.told.size(), 2u);
}

TEST(SlotsOnAFullDisk, TheFallbackIsTakenAllTheSame) {
  EdgeConfig config;
  config.kv.ready_bytes = 0;
  config.reopen_least = config.reopen_most = minutes(1);
  Field field({.edge = config});
  field.world.run_for(seconds(3));
  field.books.packages[1] = package_of({{"fallback/after_ms", "5000"}, {"fallback/tank/heater", "0.25"}});
  field.publish(1);
  field.world.run_for(seconds(3));
  std::uint64_t effects = 0;
  field.world.disk_rules(kEdge).add({.trouble = sim::DiskTrouble::kFull, .room = 0}, effects);
  field.world.run_for(seconds(5));
  field.cut();
  field.world.run_for(seconds(10));
  EXPECT_FALSE(field.process->is_open());
  EXPECT_EQ(field.devices.told, std::vector<std::string>{"tank.heater=0.25"});
}

// Dies once, at the n-th disk call after it was armed.
class OneDeath final : public sim::DiskFaults {
 public:
  OneDeath(Field& field, std::uint64_t call) : field_(field), left_(call) {
    field.world.disk(kEdge).set_faults(this);
  }
  ~OneDeath() override { field_.world.disk(kEdge).set_faults(nullptr); }
  sim::DiskFault on_call(const sim::DiskCall&) override {
    if (is_over_) return sim::DiskFault::kNone;
    if (left_ > 0 && --left_ == 0)
      field_.world.schedule_after(Duration(), [this] {
        field_.world.power_loss(kEdge);
        is_over_ = true;
        field_.world.start(kEdge);
      });
    return left_ == 0 ? sim::DiskFault::kGone : sim::DiskFault::kNone;
  }
  bool is_over() const { return is_over_; }

 private:
  Field& field_;
  std::uint64_t left_;
  bool is_over_ = false;
};

// From the first byte of a package until its predecessor is cleaned up the power goes at every disk call in
// turn.
TEST(SlotsCrash, PowerLossAtAnyDiskCallLeavesOneWholeVersionInUse) {
  EdgeConfig config;
  config.sample_period = seconds(1);  // so that most calls are about slots
  config.slots.clean_up_delay = seconds(1);
  config.slots.clean_up_keys = 7;
  config.slots.read_keys = 5;
  config.slots.probation = seconds(2);
  int died = 0;
  for (std::uint64_t call = 1; call <= 260; ++call) {
    SCOPED_TRACE(call);
    Field field({.seed = call, .edge = config});
    field.books.packages[1] = package_of(many("one"));
    field.books.packages[2] = package_of(many("two"));
    field.world.run_for(seconds(2));
    field.publish(1);
    field.world.run_for(seconds(6));
    OneDeath death(field, call);
    field.publish(2);
    field.world.run_for(seconds(20));
    died += death.is_over() ? 1 : 0;
    ASSERT_EQ(field.process->slots()->version(), 2u);
    ASSERT_EQ(field.events.stopped, std::vector<std::string>{});
    ASSERT_GE(field.events.reads.size(), 2u);
    for (const auto& [number, hash] : field.events.reads) {
      ASSERT_EQ(hash, hash64(field.books.packages[number]));
      ASSERT_TRUE(field.events.staged.contains({number, hash}))
          << "version " << number << " was never said to be staged";
    }
    ASSERT_EQ(field.compare(), "");
  }
  EXPECT_GE(died, 150);
}

}  // namespace
}  // namespace lockstep::edge
