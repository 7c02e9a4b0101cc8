// Plants obey conservation laws, repeat to the last bit, and fail as told.
#include "edge/devices/plant.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "edge/devices/motor.h"
#include "edge/devices/tank.h"

namespace lockstep::devices {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<Plant> plant(std::string_view kind, std::uint64_t seed, double drift = 0) {
  auto made = make_plant(kind, "e1/it", seed, drift);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::uint64_t hash_of(const std::vector<double>& values, std::uint64_t before) {
  for (const double value : values) {
    const auto bits = std::bit_cast<std::array<char, 8>>(value);
    before = hash64(BytesView(bits.data(), bits.size()), before);
  }
  return before;
}

// States and readings of a minute under commands that change every second.
std::uint64_t minute_hash(std::string_view kind, std::uint64_t seed) {
  const std::unique_ptr<Plant> it = plant(kind, seed);
  std::uint64_t hash = 0;
  for (int second = 0; second < 60; ++second) {
    for (const ActuatorInfo& actuator : it->info().actuators)
      EXPECT_TRUE(
          it->actuate(actuator.name, actuator.low + (actuator.high - actuator.low) * (second * 7 % 10) / 10));
    it->advance(seconds(second + 1));
    hash = hash_of(it->state(), hash);
    for (const std::optional<double>& reading : it->readings()) hash = hash_of({reading.value_or(-1)}, hash);
  }
  return hash;
}

TEST(Plant, repeats_to_the_last_bit_on_every_machine) {
  EXPECT_EQ(minute_hash("tank", 7), 16025324497056735068u);
  EXPECT_EQ(minute_hash("motor", 7), 4257339700070344865u);
  EXPECT_NE(minute_hash("tank", 8), minute_hash("tank", 7));
}

TEST(Plant, does_not_depend_on_how_often_it_is_looked_at) {
  for (const std::string_view kind : {"tank", "motor"}) {
    const auto often = plant(kind, 3), rarely = plant(kind, 3);
    for (int i = 1; i <= 1000; ++i) {
      often->advance(milliseconds(7 * i));
      (void)often->readings();
    }
    rarely->advance(milliseconds(7000));
    EXPECT_EQ(often->state(), rarely->state());
    EXPECT_EQ(often->readings(), rarely->readings());
    rarely->advance(milliseconds(10));  // never back
    EXPECT_EQ(often->state(), rarely->state());
  }
}

TEST(Tank, what_flows_in_and_not_out_is_in_it) {
  const Tank tank("t", 5, Tank::drawn(5, 0));
  const TankParameters& is = tank.parameters();
  const State slope = tank.slope({0.4, 310}, {0.5, 0}, {.load = 0, .ambient = 310});
  EXPECT_NEAR(slope[0] * is.area, 0.5 * is.inflow, 1e-12);
  // Mixing: the heat content changes by what the feed brings, nothing else.
  const double content = is.area * (slope[0] * 310 + 0.4 * slope[1]);
  EXPECT_NEAR(content, 0.5 * is.inflow * is.feed_temperature, 1e-9);
}

TEST(Tank, the_heater_s_energy_ends_in_the_water_or_in_the_air) {
  const Tank tank("t", 6, Tank::drawn(6, 0));
  const TankParameters& is = tank.parameters();
  const Outside outside{.load = 0, .ambient = 290};
  State state{0.5, 300};
  double lost = 0;
  for (int step = 0; step < 10'000; ++step) {
    const double before = state[1];
    state = advanced(tank, state, {0, 3000}, outside, 0.01);
    lost += is.loss * ((before + state[1]) / 2 - outside.ambient) * 0.01;
  }
  const double stored = kWaterDensity * kWaterHeatCapacity * is.area * 0.5 * (state[1] - 300);
  EXPECT_NEAR(stored + lost, is.efficiency * 3000 * 100, 1);
  EXPECT_GT(stored, 200'000);
}

TEST(Tank, comes_to_rest_where_inflow_is_outflow) {
  const Tank tank("t", 9, Tank::drawn(9, 0));
  const TankParameters& is = tank.parameters();
  State state{0.4, 300};
  for (int step = 0; step < 40'000; ++step)
    state = advanced(tank, state, {0.4, 4000}, {.load = 0.6, .ambient = 295}, 0.05);
  const double root = 0.4 * is.inflow / (0.6 * is.outflow);
  EXPECT_NEAR(state[0], 0.01 + root * root, 1e-6);
  const double flow = kWaterDensity * kWaterHeatCapacity * 0.4 * is.inflow;
  EXPECT_NEAR(state[1],
              (flow * is.feed_temperature + is.efficiency * 4000 + is.loss * 295) / (flow + is.loss), 1e-6);
}

TEST(Tank, runs_neither_over_nor_dry) {
  const Tank tank("t", 1, Tank::drawn(1, 0));
  State full{0.79, 300}, empty{0.05, 300};
  for (int step = 0; step < 10'000; ++step) {
    full = advanced(tank, full, {1, 0}, {.load = 0, .ambient = 290}, 0.05);
    empty = advanced(tank, empty, {0, 12'000}, {.load = 1, .ambient = 290}, 0.05);
  }
  EXPECT_EQ(full[0], tank.parameters().height);
  EXPECT_GE(empty[0], 0.01);
  EXPECT_LE(empty[1], 373.15);
}

TEST(Motor, electrical_power_is_work_friction_and_heat) {
  const Motor motor("m", 5, Motor::drawn(5, 0));
  const MotorParameters& is = motor.parameters();
  const State state{180, 320, 0.8, 0.1};
  const State slope = motor.slope(state, {36}, {.load = 0.8, .ambient = 300});
  const double resistance = is.resistance * (1 + 0.0039 * (320 - 293));
  const double current = (36 - is.constant * 180) / resistance;
  const double moving = 180.0 / 181;
  const double mechanical =
      180 * (is.inertia * slope[0] + (is.viscous * 180 + is.dry * moving) * 1.4 + 0.8 * moving);
  const double heat = is.heat_capacity * slope[1] + (320 - 300) / is.thermal_resistance;
  EXPECT_NEAR(36 * current, mechanical + heat, 1e-9);
}

TEST(Motor, comes_to_rest_where_torque_is_load_and_wears_faster_when_hot) {
  const Motor motor("m", 4, Motor::drawn(4, 0));
  State state{100, 300, 0.5, 0};
  const Outside outside{.load = 0.5, .ambient = 300};
  for (int step = 0; step < 60'000; ++step) {
    state = advanced(motor, state, {30}, outside, 0.01);
    state[3] = 0;
  }
  const State slope = motor.slope(state, {30}, outside);
  EXPECT_NEAR(slope[0], 0, 1e-4);
  EXPECT_NEAR(slope[1], 0, 1e-6);
  EXPECT_GT(state[0], 150);
  const double cool = motor.slope({150, 330, 1, 0}, {30}, outside)[3];
  EXPECT_NEAR(motor.slope({150, 375, 1, 0}, {30}, outside)[3], 2 * cool, 1e-12);
  EXPECT_LT(motor.slope({150, 330, 1, 0.5}, {30}, outside)[0],
            motor.slope({150, 330, 1, 0}, {30}, outside)[0]);
}

TEST(Motor, stands_still_without_voltage) {
  const auto it = plant("motor", 2);
  it->advance(seconds(60));
  EXPECT_LT(it->state()[0], 1);
  EXPECT_GE(it->state()[0], 0);
}

TEST(Sensor, is_noisy_around_the_truth_and_sometimes_silent) {
  const auto it = plant("tank", 11);
  ASSERT_TRUE(it->actuate("inlet", 0.45));
  double sum = 0, squares = 0;
  int shown = 0, silent = 0;
  for (int i = 1; i <= 5000; ++i) {
    it->advance(milliseconds(10 * i));
    const std::optional<double> level = it->readings()[0];
    if (!level) {
      ++silent;
      continue;
    }
    const double error = *level - it->state()[0];
    sum += error;
    squares += error * error;
    ++shown;
  }
  EXPECT_NEAR(sum / shown, 0, 0.001);
  EXPECT_NEAR(std::sqrt(squares / shown), 0.002, 0.0003);
  EXPECT_GT(silent, 5);
  EXPECT_LT(silent, 1000);
}

TEST(Sensor, drops_out_and_drifts_on_command) {
  const auto it = plant("motor", 12);
  it->set_fault(PlantFault::kSensorDropout, 0, true);
  it->set_fault(PlantFault::kSensorDrift, 1, true);
  it->advance(seconds(50));
  EXPECT_FALSE(it->readings()[0]);
  for (int i = 0; i < 3 && !it->readings()[1]; ++i) it->advance(seconds(51 + i));
  ASSERT_TRUE(it->readings()[1]);
  EXPECT_NEAR(*it->readings()[1] - it->state()[1], 0.1 * 200, 3);
  it->set_fault(PlantFault::kSensorDrift, 1, false);
  EXPECT_NEAR(*it->readings()[1], it->state()[1], 3);
}

TEST(Actuator, lags_behind_its_command_and_refuses_what_it_cannot_do) {
  const auto it = plant("tank", 1);
  ASSERT_TRUE(it->actuate("heater", 6000));
  it->advance(milliseconds(1500));
  EXPECT_NEAR(it->actuators()[1], 6000 * 0.632, 40);
  EXPECT_EQ(it->actuate("cooler", 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(it->actuate("heater", 12'001).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(it->actuate("heater", std::nan("")).error().code, ErrorCode::kInvalidArgument);
}

TEST(Sensor, sticks_on_command_at_what_it_shows) {
  const auto it = plant("tank", 12);
  it->advance(seconds(5));
  const double before = it->state()[1];
  it->set_fault(PlantFault::kSensorStuck, 1, true);
  ASSERT_TRUE(it->actuate("heater", 12'000));
  double shown = 0;
  for (int i = 0; i < 30; ++i) {
    it->advance(seconds(6 + i));
    const auto reading = it->readings()[1];
    if (!reading) continue;
    if (shown != 0) {
      EXPECT_EQ(*reading, shown);
    }
    shown = *reading;
  }
  EXPECT_NEAR(shown, before, 2);
  EXPECT_GT(it->state()[1], before + 5);
  it->set_fault(PlantFault::kSensorStuck, 1, false);
  for (int i = 36; i < 60 && !it->readings()[1]; ++i) it->advance(seconds(i));
  ASSERT_TRUE(it->readings()[1]);
  EXPECT_NEAR(*it->readings()[1], it->state()[1], 2);
}

TEST(Actuator, sticks_and_weakens_on_command) {
  const auto stuck = plant("tank", 1), weak = plant("tank", 1), sound = plant("tank", 1);
  stuck->set_fault(PlantFault::kActuatorStuck, 1, true);
  weak->set_fault(PlantFault::kActuatorWeak, 1, true);
  for (Plant* it : {stuck.get(), weak.get(), sound.get()}) {
    ASSERT_TRUE(it->actuate("heater", 9000));  // nobody is told
    it->advance(seconds(10));
  }
  EXPECT_EQ(stuck->actuators()[1], 0);
  EXPECT_LT(weak->state()[1], sound->state()[1]);
  EXPECT_GT(weak->state()[1], stuck->state()[1]);
  stuck->set_fault(PlantFault::kActuatorStuck, 1, false);
  stuck->advance(seconds(20));
  EXPECT_GT(stuck->actuators()[1], 8000);
}

TEST(Actuator, that_has_failed_lets_go_and_says_so_and_a_lagging_one_comes_later) {
  const auto failed = plant("tank", 1), lagging = plant("tank", 1), sound = plant("tank", 1);
  lagging->set_fault(PlantFault::kActuatorLagging, 1, true);
  for (Plant* it : {failed.get(), lagging.get(), sound.get()}) {
    ASSERT_TRUE(it->actuate("heater", 9000));
    it->advance(seconds(3));
  }
  EXPECT_LT(lagging->actuators()[1], sound->actuators()[1] / 2);
  EXPECT_GT(lagging->actuators()[1], 0);
  failed->set_fault(PlantFault::kActuatorFailed, 1, true);
  EXPECT_EQ(failed->actuate("heater", 6000).error().code, ErrorCode::kUnavailable);
  failed->advance(seconds(30));
  EXPECT_NEAR(failed->actuators()[1], 0, 1);
  failed->set_fault(PlantFault::kActuatorFailed, 1, false);
  ASSERT_TRUE(failed->actuate("heater", 6000));
}

TEST(MakePlant, says_what_kinds_there_are) {
  EXPECT_EQ(make_plant("kiln", "k", 1).error().message,
            "no plant of the kind \"kiln\"; there are: tank, motor");
  EXPECT_EQ(make_plant("tank", "k", 1, 2).error().code, ErrorCode::kInvalidArgument);
}

TEST(MakePlant, drift_makes_a_plant_weaker) {
  const auto sound = plant("motor", 3), worn = plant("motor", 3, 1);
  ASSERT_TRUE(sound->actuate("voltage", 30));
  ASSERT_TRUE(worn->actuate("voltage", 30));
  sound->advance(seconds(5));
  worn->advance(seconds(5));
  EXPECT_NE(sound->state()[0], worn->state()[0]);
  EXPECT_EQ(sound->info().set_point, worn->info().set_point);
}

}  // namespace
}  // namespace lockstep::devices
