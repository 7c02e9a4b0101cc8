// What of an edge's readings is measured, and that a measured wait belongs to its own reading.
#include "cli/edge_news.h"

#include <gtest/gtest.h>

#include "edge/events.h"
#include "tests/cli/log_lines.h"

namespace lockstep::cli {
namespace {

using std::chrono::hours;

// One device with one sensor, whose readings are as old as is said.
class Sensor final : public edge::Driver {
 public:
  Sensor() {
    devices::DeviceInfo tank;
    tank.name = "tank";
    tank.signals.emplace_back().stream = 1;
    info_.push_back(std::move(tank));
  }
  const std::vector<devices::DeviceInfo>& devices() const override { return info_; }
  void sample(std::size_t, std::vector<edge::Sample>& samples) override {
    samples.push_back({.signal = 0, .value = 1, .ago = age});
  }
  Status actuate(std::size_t, std::string_view, double) override { return {}; }

  Duration age{};

 private:
  std::vector<devices::DeviceInfo> info_;
};

class News : public testing::Test {
 protected:
  static constexpr std::uint64_t kBuffer = 7;
  static constexpr std::uint32_t kAnHour = 3'600'000'000;  // microseconds

  void sense(Duration age) {
    sensor.age = age;
    std::vector<edge::Sample> samples;
    news.sample(0, samples);
  }
  void look(Duration age) {
    sensor.age = age;
    std::vector<edge::Sample> samples;
    news.look(0, samples);
    EXPECT_EQ(samples.size(), 1u);
  }
  void buffered(std::uint64_t sequence, std::uint64_t readings = 1) {
    news.emit({edge::kBuffered, {kBuffer, 1, sequence, readings, 0}});
  }
  FieldFigures settled(std::uint64_t sequence) {
    news.emit({edge::kBatchSettled, {kBuffer, 1, sequence}});
    return news.take_figures();
  }

  tests::LogLines lines;
  Sensor sensor;
  EdgeNews news{"e1", sensor, lines.log, true};
};

// The evidence is an hour old: a wait that is taken from it is seen.
TEST_F(News, EvidenceOfAnInstructionIsNoReading) {
  look(hours(1));
  sense({});
  look(hours(1));
  buffered(1);
  const FieldFigures figures = settled(1);
  EXPECT_EQ(figures.sensed, 1u);
  EXPECT_EQ(figures.committed, 1u);
  ASSERT_EQ(figures.waits_us.size(), 1u);
  EXPECT_LT(figures.waits_us[0], kAnHour);
}

TEST_F(News, AReadingWaitsFromWhenItWasShown) {
  sense(hours(1));
  buffered(1);
  const FieldFigures figures = settled(1);
  ASSERT_EQ(figures.waits_us.size(), 1u);
  EXPECT_GE(figures.waits_us[0], kAnHour);
}

TEST_F(News, WhatAFullDiskRefusedIsNotWaitedFor) {
  sense({});
  sense(hours(1));
  sense(hours(1));
  news.emit({edge::kReadingsRefused, {1, 2}});
  buffered(1);
  sense({});
  buffered(2);
  const FieldFigures figures = settled(2);
  EXPECT_EQ(figures.dropped, 2u);
  ASSERT_EQ(figures.waits_us.size(), 2u);
  EXPECT_LT(figures.waits_us[0], kAnHour);
  EXPECT_LT(figures.waits_us[1], kAnHour);
}

TEST_F(News, ABatchThatIsSaidAgainTakesNoOthersReadings) {
  sense(hours(1));
  buffered(1);
  sense({});
  buffered(1);
  EXPECT_EQ(settled(1).committed, 1u);
  buffered(2);
  const FieldFigures figures = settled(2);
  ASSERT_EQ(figures.waits_us.size(), 1u);
  EXPECT_LT(figures.waits_us[0], kAnHour);
}

// ---- lines -------------------------------------------------------------------------------------------

TEST_F(News, TellsWhichSettingsAreInUse) {
  news.emit({edge::kSlotSwitched, {1, 4}});
  news.emit({edge::kSlotRolledBack, {0, 3, 4}});
  news.emit({edge::kSlotRolledBack, {1, 0, 5}});
  news.emit({edge::kSlotRead, {0, 3, 2, 9}});
  news.emit({edge::kSlotRead, {0, 3, 2, 9}, "'a' does not read; the rest is in use"});
  EXPECT_EQ(lines.take(),
            "info e1: settings 4 in slot B are in use, on trial\n"
            "warning e1: settings 4 are rolled back; settings 3 in slot A are in use again\n"
            "warning e1: settings 5 are rolled back; it goes on without any\n"
            "warning e1: settings 3 in slot A: 'a' does not read; the rest is in use\n");
}

TEST_F(News, TellsWhenADiskHasRoomAgain) {
  news.emit({edge::kReadingsRefused, {1, 2}});
  news.emit({edge::kReadingsRefused, {1, 5}});
  lines.take();
  buffered(1);
  buffered(2);
  EXPECT_EQ(
      lines.take(),
      "warning e1: there is room again; 7 readings were not taken meanwhile, and no hub knows of them\n");
}

// A store that is opened again without room tells what it had before.
TEST_F(News, DoesNotTakeAnOldBatchForRoom) {
  buffered(1);
  news.emit({edge::kReadingsRefused, {1, 2}});
  lines.take();
  buffered(1);
  EXPECT_EQ(lines.take(), "");
  buffered(2);
  EXPECT_EQ(
      lines.take(),
      "warning e1: there is room again; 2 readings were not taken meanwhile, and no hub knows of them\n");
}

TEST_F(News, TellsWhenTroubleWithTheHubIsOver) {
  news.emit({edge::kHubFound, {1}});
  news.emit({edge::kHubLost, {1}});
  news.emit({edge::kHubFound, {2}});
  EXPECT_EQ(lines.take(),
            "info e1: reports to hub 1\n"
            "warning e1: hub 1 does not lead any more, or does not answer; its readings wait here\n"
            "warning e1: reports to hub 2 again\n");
}

TEST_F(News, WarnsThatADeviceFellBack) {
  news.emit({edge::kFallbackTaken, {0}});
  EXPECT_EQ(lines.take(),
            "warning e1: tank: no hub was heard for so long that the set points of the settings' fallback "
            "are set\n");
}

}  // namespace
}  // namespace lockstep::cli
