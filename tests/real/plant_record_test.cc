// A plant that is carried on from life to life is the plant that it would have been in one; whoever reads the
// record has it, too.
#include "scenarios/real/plant_record.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "tests/temporary_directory.h"

namespace lockstep::real {
namespace {

using std::chrono::seconds;

class PlantRecords : public testing::Test {
 protected:
  // Of plants that have run for so long.
  PlantRecord running(Duration since) {
    return {.began = net::SystemClock().monotonic_now() - since,
            .lasting = seconds(3600),
            .devices = {{.kind = "tank", .name = "tank1", .seed = 7, .window = seconds(1)},
                        {.kind = "motor", .name = "motor2", .seed = 8, .window = seconds(2)}},
            .commands = {}};
  }
  void append(std::string_view text) { std::ofstream(path_, std::ios::app) << text; }

  tests::TemporaryDirectory directory_;
  std::string path_ = directory_ / "plants";
};

TEST_F(PlantRecords, ComeBackAsTheyWereWritten) {
  PlantRecord record = running(seconds(5));
  record.commands = {{.at = Duration(1), .device = 1, .actuator = "voltage", .value = 0.1 + 0.2},
                     {.at = seconds(2), .device = 0, .actuator = "heater", .value = 1e-300}};
  ASSERT_TRUE(write_plant_record(path_, record));
  const auto read = read_plant_record(path_);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
}

TEST_F(PlantRecords, WhatAnEdgeTellsItsPlantsIsThereForItsNextLife) {
  ASSERT_TRUE(write_plant_record(path_, running(seconds(5))));
  {
    const auto plants = RecordedPlants::open(path_);
    ASSERT_TRUE(plants) << plants.error().message;
    EXPECT_EQ((*plants)->devices()[1].window, Duration(seconds(2)));
    ASSERT_TRUE((*plants)->actuate(0, "heater", 9'000));
    EXPECT_FALSE((*plants)->actuate(0, "heater", 90'000)) << "beyond its range: not taken, so not recorded";
  }
  const auto record = read_plant_record(path_);
  ASSERT_TRUE(record);
  ASSERT_EQ(record->commands.size(), 1u);
  EXPECT_EQ(record->commands[0].value, 9'000);
  EXPECT_GE(record->commands[0].at, Duration(seconds(5)));
}

TEST_F(PlantRecords, TimeAndCommandsOfEarlierLivesHaveMovedThePlant) {
  PlantRecord cold = running(seconds(600));
  PlantRecord heated = cold;
  heated.commands = {{.at = seconds(1), .device = 0, .actuator = "inlet", .value = 0.3},
                     {.at = seconds(1), .device = 0, .actuator = "heater", .value = 12'000}};
  const auto temperature = [&](const PlantRecord& record) {
    EXPECT_TRUE(write_plant_record(path_, record));
    const auto plants = RecordedPlants::open(path_);
    std::vector<edge::Sample> samples;
    (*plants)->sample(0, samples);
    return samples.at(1).value;
  };
  EXPECT_GT(temperature(heated), temperature(cold) + 3);
}

TEST_F(PlantRecords, ALineThatAProcessHasDiedOverCountsForNothing) {
  ASSERT_TRUE(write_plant_record(path_, running(seconds(5))));
  append("told 100 0 inlet 0.25\ntold 200 0 inl");
  const auto before = read_plant_record(path_);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->commands.size(), 1u);
  const auto plants = RecordedPlants::open(path_);
  ASSERT_TRUE(plants) << plants.error().message;
  ASSERT_TRUE((*plants)->actuate(1, "voltage", 3));
  const auto after = read_plant_record(path_);
  ASSERT_TRUE(after) << after.error().message;
  ASSERT_EQ(after->commands.size(), 2u);
  EXPECT_EQ(after->commands[1].actuator, "voltage");
}

TEST_F(PlantRecords, SensorsShowNothingWhenItsTimeIsOver) {
  PlantRecord record = running(seconds(5));
  record.lasting = seconds(4);
  ASSERT_TRUE(write_plant_record(path_, record));
  const auto plants = RecordedPlants::open(path_);
  std::vector<edge::Sample> samples;
  (*plants)->sample(0, samples);
  EXPECT_TRUE(samples.empty());
}

TEST_F(PlantRecords, AnotherFileIsRefusedWithItsLine) {
  const auto refused = [&](std::string_view text) {
    std::filesystem::remove(path_);
    append(text);
    const auto read = read_plant_record(path_);
    return read ? std::string("it was taken") : read.error().message;
  };
  EXPECT_NE(refused("plants 2 0 0\n").find("line 1: expected a record of plants"), std::string::npos);
  EXPECT_NE(refused("plants 1 0 0\ndevice tank t 7 x\n").find("line 2"), std::string::npos);
  EXPECT_NE(refused("plants 1 0 0\ndevice tank t 7 1\ntold 1 1 inlet 0\n").find("line 3"), std::string::npos);
  EXPECT_NE(refused("plants 1 0 0\n").find("with a device"), std::string::npos);
  EXPECT_NE(refused("").find("with a device"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::real
