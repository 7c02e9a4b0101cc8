// The whole of it in one world: three hubs, an edge with a plant, a cloud; links that lose and repeat, and
// deaths.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "edge/edge_process.h"
#include "edge/events.h"
#include "hub/cloud/cloud_process.h"
#include "hub/events.h"
#include "tests/hub/test_hubs.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeId kRealEdge{10'002};
constexpr NodeId kRealCloud{20'002};

// A tank that goes on while its edge is dead.
class TankDriver final : public edge::Driver {
 public:
  explicit TankDriver(sim::World& world) : world_(world), plant_(*devices::make_plant("tank", "tank", 1)) {
    info_.push_back(plant_->info());
  }
  const std::vector<devices::DeviceInfo>& devices() const override { return info_; }
  void sample(std::size_t, std::vector<edge::Sample>& samples) override {
    plant_->advance(world_.now().time_since_epoch());
    const auto readings = plant_->readings();
    for (std::size_t signal = 0; signal < readings.size(); ++signal)
      if (readings[signal]) samples.push_back({signal, *readings[signal]});
  }
  Status actuate(std::size_t, std::string_view actuator, double value) override {
    plant_->advance(world_.now().time_since_epoch());
    return plant_->actuate(actuator, value);
  }
  double controlled() const {
    const auto& signals = info_[0].signals;
    for (std::size_t i = 0; i < signals.size(); ++i)
      if (signals[i].name == info_[0].controlled) return plant_->state()[i];
    return 0;
  }
  double set_point() const { return info_[0].set_point; }

 private:
  sim::World& world_;
  std::unique_ptr<devices::Plant> plant_;
  std::vector<devices::DeviceInfo> info_;
};

class Whole {
 public:
  explicit Whole(std::uint64_t seed) : hubs(seed), driver(hubs.world()) {
    sim::ProcessOptions edge;
    edge.factory = [this](const env::Env& env) {
      edge::EdgeConfig config;
      config.name = "e2";
      config.link.hubs = hubs.members();
      return std::make_unique<edge::EdgeProcess>(env, std::move(config), driver);
    };
    hubs.world().add_process(kRealEdge, std::move(edge));
    hubs.world().start(kRealEdge);
    sim::ProcessOptions cloud_options;
    cloud_options.factory = [this](const env::Env& env) {
      auto process = std::make_unique<cloud::CloudProcess>(
          env, cloud::CloudConfig{.hubs = hubs.members(), .packages = {}});
      cloud = process.get();
      return process;
    };
    hubs.world().add_process(kRealCloud, std::move(cloud_options));
    hubs.world().start(kRealCloud);
  }

  void lose_and_repeat_frames() {
    for (const auto kind :
         {sim::Verdict::Kind::kDrop, sim::Verdict::Kind::kDuplicate, sim::Verdict::Kind::kReorder})
      hubs.world().network().add_rule(
          std::make_unique<sim::RandomFault>(sim::FaultOptions{.filter = {},
                                                               .parts_per_million = 30'000,
                                                               .kind = kind,
                                                               .least_extra = milliseconds(1),
                                                               .most_extra = milliseconds(300)}));
  }

  // Readings that became durable on the edge, by batch; those of a batch that was announced twice once.
  std::uint64_t buffered() const {
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> batches;
    for (const Seen& seen : hubs.events().of(edge::kBuffered, kRealEdge))
      batches[{seen.fields[1], seen.fields[2]}] = seen.fields[3];
    std::uint64_t sum = 0;
    for (const auto& [batch, readings] : batches) sum += readings;
    return sum;
  }
  std::uint64_t executed_twice() const {
    std::map<std::uint64_t, unsigned> times;
    for (const Seen& seen : hubs.events().of(edge::kExecuted, kRealEdge)) ++times[seen.fields[0]];
    std::uint64_t twice = 0;
    for (const auto& [id, count] : times) twice += count > 1 ? 1 : 0;
    return twice;
  }

  mutable TestHubs hubs;
  TankDriver driver;
  cloud::CloudProcess* cloud = nullptr;
};

TEST(Whole, ATankComesToItsSetPoint) {
  Whole whole(71);
  whole.hubs.run(seconds(120));
  EXPECT_NEAR(whole.driver.controlled(), whole.driver.set_point(), 3.0);
  const std::uint64_t instructions = whole.hubs.events().of(edge::kExecuted, kRealEdge).size();
  EXPECT_GT(instructions, 20u);
  EXPECT_EQ(whole.executed_twice(), 0u);
}

// Everything dies in turn on bad links; then all is well, and nothing is missing and nothing is there twice.
TEST(Whole, NothingIsLostAndNothingDoneTwiceOverDeathsAndBadLinks) {
  for (std::uint64_t seed = 80; seed < 86; ++seed) {
    Whole whole(seed);
    TestHubs& hubs = whole.hubs;
    whole.lose_and_repeat_frames();
    hubs.run(seconds(5));
    const NodeId victims[] = {hubs.leader(), kRealEdge, NodeId(2), kRealEdge, NodeId(3), NodeId(1)};
    for (const NodeId victim : victims) {
      hubs.world().power_loss(victim);
      hubs.run(milliseconds(700 + 37 * (seed % 10)));
      hubs.world().start(victim);
      hubs.run(seconds(4));
    }
    hubs.run(seconds(2));
    hubs.world().kill(kRealEdge);  // no new readings
    hubs.run(seconds(1));
    const std::uint64_t taken = whole.buffered();
    hubs.world().start(kRealEdge);
    const auto readings = [&] { return hubs.row("SELECT coalesce(sum(count), 0) FROM series_blocks"); };
    ASSERT_TRUE(hubs.run_until([&] {
      hubs.run(milliseconds(500));
      return std::stoull(readings()) >= taken;
    })) << seed;
    hubs.world().kill(kRealEdge);
    hubs.run(seconds(5));
    EXPECT_EQ(hubs.row("SELECT sum(count) = (SELECT sum(readings) FROM hub_streams) FROM series_blocks"), "1")
        << seed;
    EXPECT_LE(std::stoull(readings()), whole.buffered()) << seed;
    EXPECT_EQ(whole.executed_twice(), 0u) << seed;
    EXPECT_EQ(hubs.row("SELECT count(*) - count(DISTINCT window) FROM hub_instructions"), "0") << seed;
    // Every reading once: the times of one series are those of its readings.
    std::set<std::uint64_t> inputs;
    for (const Seen& seen : hubs.events().of(hub::kInstructionLogged)) {
      EXPECT_LT(seen.fields[4], seen.fields[0]) << seed;
      inputs.insert(seen.fields[1]);
    }
    EXPECT_GT(inputs.size(), 10u) << seed;
  }
}

TEST(Whole, SettingsReachTheEdgeAndSurviveItsDeath) {
  Whole whole(72);
  TestHubs& hubs = whole.hubs;
  hubs.leader();
  Bytes settings;
  ByteWriter(settings).sized("sampling/tank/period_ms").sized("50");
  whole.cloud->dispatch({.kind = wire::SETTINGS, .version = 1, .bytes = settings, .note = "faster"});
  ASSERT_TRUE(hubs.run_until(
      [&] { return hubs.row("SELECT settings_version FROM hub_edges WHERE name = 'e2'") == "1"; }));
  EXPECT_EQ(hubs.events().of(edge::kSlotSwitched, kRealEdge).size(), 1u);
  hubs.run(seconds(15));  // its probation
  hubs.world().power_loss(kRealEdge);
  hubs.run(seconds(1));
  hubs.world().start(kRealEdge);
  hubs.run(seconds(5));
  EXPECT_EQ(hubs.row("SELECT settings_version FROM hub_edges WHERE name = 'e2'"), "1");
}

}  // namespace
}  // namespace lockstep::tests
