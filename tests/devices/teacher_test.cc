// The teacher holds the set point inside the envelope, better than a plain controller could.
#include "edge/devices/teacher.h"

#include <gtest/gtest.h>

#include "edge/devices/physics.h"

namespace lockstep::devices {
namespace {

struct Outcome {
  double cost = 0;    // mean after the first ten windows
  double beyond = 0;  // share of windows beyond the envelope
};

Outcome under_teacher(std::string_view kind, std::uint64_t seed, double drift) {
  auto plant = std::move(*make_plant(kind, "p", seed, drift));
  auto teacher = make_teacher(*drawn_parameters(kind, seed, drift), seed);
  const DeviceInfo info = plant->info();
  Outcome out;
  for (int window = 0; window < 120; ++window) {
    const Duration now = info.window * window;
    const std::vector<double> commands = teacher->command(now, plant->state(), plant->actuators());
    for (std::size_t i = 0; i < commands.size(); ++i)
      EXPECT_TRUE(plant->actuate(info.actuators[i].name, commands[i]));
    plant->advance(now + info.window);
    if (window < 10) continue;
    out.cost += tracking_cost(info, plant->state()) / 110;
    for (std::size_t i = 0; i < info.signals.size(); ++i) {
      const double value = plant->state()[i];
      if (value < info.signals[i].safe_low || value > info.signals[i].safe_high) out.beyond += 1.0 / 110;
    }
  }
  return out;
}

TEST(Teacher, keeps_plants_near_the_set_point_and_inside_the_envelope) {
  for (const std::string_view kind : {"tank", "motor"}) {
    double mean = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const Outcome outcome = under_teacher(kind, seed, 0);
      EXPECT_EQ(outcome.beyond, 0) << kind << " " << seed;
      mean += outcome.cost / 10;
    }
    RecordProperty(std::string(kind), std::to_string(mean));
    EXPECT_LT(mean, 4) << kind;
  }
}

TEST(Teacher, knows_worn_plants_too) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    EXPECT_LT(under_teacher("tank", seed, 0.5).cost, 20);
    EXPECT_LT(under_teacher("motor", seed, 0.5).cost, 20);
  }
}

TEST(Parameters, are_not_drawn_for_what_does_not_exist) {
  EXPECT_EQ(drawn_parameters("kiln", 1, 0).error().code, ErrorCode::kNotFound);
}

TEST(TrackingCost, is_squared_thousandths_and_a_hundredfold_beyond_the_envelope) {
  DeviceInfo info;
  info.signals = {{.name = "x", .unit = "m", .low = 0, .high = 10, .safe_low = 1, .safe_high = 9}};
  info.controlled = "x";
  info.set_point = 5;
  const double near = 5.01, out = 9.01;
  EXPECT_NEAR(tracking_cost(info, std::span(&near, 1)), 1, 1e-9);
  EXPECT_NEAR(tracking_cost(info, std::span(&out, 1)), 401.0 * 401 + 100, 1e-6);
}

}  // namespace
}  // namespace lockstep::devices
