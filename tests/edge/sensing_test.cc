// Readings on their way: once each at the hub, whatever the network, the disk or the buffer's size do.
#include <gtest/gtest.h>

#include "tests/edge/field.h"

namespace lockstep::edge {
namespace {

TEST(Sensing, EveryReadingComesToTheHubOnce) {
  Field field;
  field.world.run_for(minutes(1));
  EXPECT_EQ(field.compare(), "");
  EXPECT_GE(field.books.values.size(), 3u * 590);
  EXPECT_EQ(field.books.streams.size(), 2u);
  EXPECT_EQ(field.books.hello.name(), "e1");
  EXPECT_EQ(field.books.hello.devices(0).name(), "e1/tank");
  EXPECT_EQ(field.books.hello.devices(0).signals(1).unit(), "m");
}

TEST(Sensing, BatchesCloseAtTheirCountOrTheirTime) {
  Field field;
  field.devices.burst = 150;  // two sensors of stream 1: 300 readings at a time
  field.world.run_for(seconds(10));
  EXPECT_EQ(field.compare(), "");
  std::uint64_t most = 0;
  for (const auto& [name, batch] : field.events.batches) most = std::max(most, batch.readings);
  EXPECT_EQ(most, 200u);
  EXPECT_EQ(field.events.batches.begin()->second.readings, 150u);
}

TEST(Sensing, AnEdgeThatWasAloneForHoursBringsAllOfIt) {
  Field field({.edge = {.sample_period = seconds(1)}});
  field.world.run_for(seconds(10));
  const auto rule = field.cut();
  field.world.run_for(minutes(180));
  const std::size_t before = field.books.values.size();
  field.world.network().remove_rule(rule);
  field.world.run_for(minutes(2));
  EXPECT_EQ(field.compare(), "");
  EXPECT_GE(field.books.values.size(), before + 3 * 10'800);
  EXPECT_EQ(field.events.counts["readings_dropped"], 0);
}

TEST(Sensing, LostDuplicatedAndLateMessagesNeitherLoseNorRepeatAReading) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Field field({.seed = seed});
    const auto loss = field.disturb(sim::Verdict::Kind::kDrop, 200'000);
    const auto again = field.disturb(sim::Verdict::Kind::kDuplicate, 300'000);
    const auto late = field.disturb(sim::Verdict::Kind::kReorder, 300'000);
    field.world.run_for(minutes(1));
    for (const auto rule : {loss, again, late}) field.world.network().remove_rule(rule);
    field.world.run_for(seconds(20));
    EXPECT_EQ(field.compare(), "") << "seed " << seed;
    EXPECT_GE(field.books.values.size(), 3u * 750) << "seed " << seed;
  }
}

TEST(Sensing, WhatTheHubMissesGoesAgainBeforeItIsSilent) {
  EdgeConfig config;
  config.sensing.uplink.resend_least = config.sensing.uplink.resend_most = minutes(10);
  Field field({.edge = config});
  field.books.credit = 16;
  field.books.tells_gaps = true;
  field.world.run_for(seconds(5));
  const auto rule = field.cut();
  field.world.run_for(milliseconds(90));
  field.world.network().remove_rule(rule);
  field.world.run_for(seconds(5));
  EXPECT_EQ(field.compare(), "");
  EXPECT_GE(field.books.values.size(), 3u * 100);
}

TEST(Sensing, NoMoreThanTheCreditIsUnderWay) {
  Field field;
  field.books.credit = 2;
  const auto rule = field.cut();
  field.world.run_for(minutes(1));
  field.world.network().remove_rule(rule);
  // Beyond what the hub has: the edge cannot have heard of more.
  class Watch final : public sim::Observer {
   public:
    explicit Watch(const HubBooks& books) : books_(books) {}
    void on_event(const sim::Recorded& recorded) override {
      if (recorded.event.type != &kBatchSent) return;
      const auto& fields = recorded.event.fields;
      const auto stream = books_.streams.find({fields[0], static_cast<std::uint32_t>(fields[1])});
      const std::uint64_t received = stream == books_.streams.end() ? 0 : stream->second.received;
      most = std::max(most, fields[2] - std::min(fields[2], received));
    }
    std::uint64_t most = 0;

   private:
    const HubBooks& books_;
  } watch(field.books);
  field.world.recorder().subscribe_all(watch);
  field.world.run_for(minutes(1));
  EXPECT_EQ(field.compare(), "");
  EXPECT_EQ(watch.most, 2u);
  EXPECT_GE(field.books.values.size(), 3u * 1150);
}

TEST(Sensing, AnotherLeaderIsFoundAndGoesOnWhereTheHubIs) {
  Field field({.hubs = 3});
  field.world.run_for(seconds(5));
  for (const std::uint64_t leader : {2u, 3u, 1u, 3u}) {
    field.world.kill(field.books.leader);
    const NodeId former = field.books.leader;
    field.books.leader = NodeId(leader);
    field.world.run_for(seconds(8));
    field.world.start(former);
    field.world.run_for(seconds(2));
  }
  EXPECT_EQ(field.compare(), "");
  EXPECT_GE(field.books.values.size(), 3u * 440);
}

TEST(Thinning, KeepsOneInSoManyOrTheLeastAndTheGreatest) {
  edge::Run run{"s", {}};
  const double values[] = {5, 1, 9, 3, 2, 2, 2, 2, 7};
  for (int i = 0; i < 9; ++i) run.points.push_back({i, values[i]});
  const auto nth = thin({run}, Thinning::kEveryNth, 4);
  EXPECT_EQ(nth[0].points, (std::vector<series::Point>{{0, 5}, {4, 2}, {8, 7}}));
  const auto extremes = thin({run}, Thinning::kMinMax, 2);
  EXPECT_EQ(extremes[0].points, (std::vector<series::Point>{{1, 1}, {2, 9}, {4, 2}, {7, 2}, {8, 7}}));
  const auto again = decode_runs(encode_runs(extremes));
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)[0].points, extremes[0].points);
}

TEST(FullBuffer, DropsTheOldestOfTheLowestClassAndCountsIt) {
  EdgeConfig config;
  config.sensing.buffer.most_bytes = 60'000;
  Field field({.edge = config});
  field.world.run_for(seconds(5));
  const auto rule = field.cut();
  field.world.run_for(minutes(1));
  field.world.network().remove_rule(rule);
  field.world.run_for(minutes(1));
  EXPECT_EQ(field.compare(), "");
  std::uint64_t dropped[2] = {0, 0};
  for (const auto& [name, batch] : field.events.batches) dropped[std::get<1>(name)] += batch.dropped;
  EXPECT_GT(dropped[0], 0u);
  for (const auto& [name, stream] : field.books.streams) EXPECT_EQ(stream.dropped, dropped[name.second]);
  // Of stream 0 nothing is left before anything of stream 1 goes.
  EXPECT_GE(dropped[0], 500u);
}

TEST(FullBuffer, ThinsOldBatchesBeforeItDropsAny) {
  EdgeConfig config;
  config.sensing.collector.longest_wait = seconds(2);
  config.sensing.buffer.most_bytes = 50'000;
  config.sensing.buffer.policy = FullPolicy::kThin;
  Field field({.edge = config});
  const auto rule = field.cut();
  field.world.run_for(minutes(4));
  field.world.network().remove_rule(rule);
  field.world.run_for(minutes(1));
  EXPECT_EQ(field.compare(), "");
  std::size_t whole = 0, thinned = 0, gone = 0;
  for (const auto& [name, batch] : field.events.batches) {
    if (batch.dropped == 0)
      ++whole;
    else if (batch.dropped == batch.readings)
      ++gone;
    else
      ++thinned;
  }
  EXPECT_GT(thinned, 50u);
  EXPECT_EQ(gone, 0u);
  EXPECT_GT(whole, 20u);
}

TEST(FullDisk, StopsTakingReadingsCountsThemAndGoesOnWhenThereIsRoom) {
  EdgeConfig config;
  config.kv.ready_bytes = 0;  // a failed write would make room for many small ones
  Field field({.edge = config});
  field.world.run_for(seconds(5));
  std::uint64_t effects = 0;
  const auto rule =
      field.world.disk_rules(kEdge).add({.trouble = sim::DiskTrouble::kFull, .room = 100'000}, effects);
  field.cut();
  field.world.run_for(minutes(10));
  EXPECT_GT(effects, 0u);
  EXPECT_NE(field.process->lacks_room(), nullptr);
  field.world.disk_rules(kEdge).remove(rule);
  field.world.run_for(minutes(2));
  EXPECT_EQ(field.process->lacks_room(), nullptr);
  std::uint64_t buffered = 0;
  for (const auto& [name, batch] : field.events.batches) buffered += batch.readings;
  EXPECT_GT(field.events.refused, 1000u);
  EXPECT_EQ(field.events.stopped, std::vector<std::string>{});
  // Each reading was accepted or refused; what is open now is neither.
  EXPECT_LE(field.devices.shown - buffered - field.events.refused, 40u);
  EXPECT_GE(field.devices.shown, buffered + field.events.refused);
}

// Else the hub would take it for a new one, and give up what the old one was told to do.
TEST(FullDisk, TheEdgeSaysOfItsStoreWhatItSaidLast) {
  EdgeConfig config;
  config.kv.ready_bytes = 0;
  Field field({.edge = config});
  field.world.run_for(seconds(3));
  field.books.packages[3] = package_of({{"sampling/tank/period_ms", "50"}});
  field.publish(3);
  field.books.settled_floor = 6;
  field.send(heat(7, 0.5));
  field.world.run_for(seconds(20));
  const std::uint64_t store = field.books.hello.store();
  std::uint64_t effects = 0;
  const auto rule =
      field.world.disk_rules(kEdge).add({.trouble = sim::DiskTrouble::kFull, .room = 0}, effects);
  for (int i = 0; i < 1000 && field.process->is_open(); ++i) field.world.run_for(milliseconds(10));
  field.books.hello.Clear();
  field.world.run_for(milliseconds(900));
  EXPECT_FALSE(field.process->is_open());
  EXPECT_EQ(field.books.hello.store(), store);
  EXPECT_EQ(field.books.hello.settings_version(), 3u);
  EXPECT_EQ(field.books.hello.floor(), 6u);
  EXPECT_EQ(field.books.hello.newest(), 7u);
  field.world.disk_rules(kEdge).remove(rule);
  for (int i = 0; i < 4000 && !field.process->is_open(); ++i) {
    field.books.hello.Clear();
    field.world.run_for(milliseconds(10));
  }
  field.world.run_for(milliseconds(100));
  EXPECT_EQ(field.books.hello.store(), store) << "once more, now that it is open";
}

TEST(Store, OfAnotherEdgeIsRefused) {
  Field field;
  field.world.run_for(seconds(5));
  field.world.kill(kEdge);
  {
    auto store = kv::Store::open(field.world.disk(kEdge), {});
    ASSERT_TRUE(store);
    Bytes value;
    ByteWriter(value).u64(7).sized("e2");
    kv::Batch batch;
    batch.put(1, "buffer", value);
    ASSERT_TRUE((*store)->write(batch));
  }
  field.world.start(kEdge);
  field.world.run_for(seconds(5));
  EXPECT_EQ(field.events.stopped,
            std::vector<std::string>{"expected the store of edge 'e1', found that of 'e2'"});
}

TEST(Store, DamageIsRefusedByTheNameOfItsRow) {
  Field field;
  field.world.run_for(seconds(5));
  field.world.kill(kEdge);
  {
    auto store = kv::Store::open(field.world.disk(kEdge), {});
    ASSERT_TRUE(store);
    kv::Batch batch;
    batch.put(3, Bytes("\0\0\0\1\0\0\0\0\0\0\0\7", 12), "no blocks");
    ASSERT_TRUE((*store)->write(batch));
  }
  field.world.start(kEdge);
  field.world.run_for(seconds(5));
  ASSERT_EQ(field.events.stopped.size(), 1u);
  EXPECT_NE(field.events.stopped[0].find("batch 7 of stream 1"), std::string::npos)
      << field.events.stopped[0];
}

// ---- stores that lost what was synced ----------------------------------------------------------------

using Files = std::map<std::string, Bytes>;

Files files_of(env::Disk& disk) {
  Files files;
  const std::vector<std::string> names = *disk.list("kv");
  for (const std::string& name : names) {
    const auto file = disk.open(cat("kv/", name), env::OpenMode::kMustExist);
    Bytes& bytes = files[name];
    bytes.resize(*(*file)->size());
    EXPECT_EQ(*(*file)->read_at(0, bytes.data(), bytes.size()), bytes.size());
  }
  return files;
}

void put_back(env::Disk& disk, const Files& files) {
  const std::vector<std::string> names = *disk.list("kv");
  for (const std::string& name : names) ASSERT_TRUE(disk.remove(cat("kv/", name)));
  for (const auto& [name, bytes] : files) {
    const auto file = disk.open(cat("kv/", name), env::OpenMode::kCreate);
    ASSERT_TRUE((*file)->write_at(0, bytes));
  }
}

// Starts the edge, lets it run and kills it. All that it took, but for the last of it, came once.
void live(Field& field, Duration time, std::string_view what) {
  const std::uint64_t before = field.devices.shown;
  field.world.start(kEdge);
  field.world.run_for(time);
  EXPECT_EQ(field.events.stopped, std::vector<std::string>{});
  const std::uint64_t came = field.devices.shown - 10;  // what is on its way now has not
  EXPECT_GT(came, before + 20);
  for (std::uint64_t value = before + 1; value <= came; ++value)
    EXPECT_EQ(field.books.values[static_cast<double>(value)], 1) << value << ", " << what;
  field.world.kill(kEdge);
}

// Some of the cuts take just the one batch of each stream of which the store does not know that it is at the
// hub: as many as the next life sends at first.
TEST(Store, ThatLostSyncedBatchesBeginsBeyondTheNumbersThatItMayHaveForgotten) {
  EdgeConfig config;
  config.kv.ready_bytes = 0;  // so that the file ends with what was written last
  for (std::uint64_t bytes = 20; bytes <= 500; bytes += 20) {
    Field field({.edge = config});
    field.world.run_for(seconds(1));
    field.devices.silent = true;  // so that the store learns of all until then that the hub has it
    field.world.run_for(seconds(1));
    field.devices.silent = false;
    field.world.run_for(milliseconds(90));
    field.world.kill(kEdge);
    const std::string path = cat("kv/", field.world.disk(kEdge).list("kv")->back());
    const auto file = field.world.disk(kEdge).open(path, env::OpenMode::kMustExist);
    ASSERT_TRUE((*file)->truncate(*(*file)->size() - bytes));
    for (int life = 2; life <= 3; ++life) live(field, seconds(2), cat("life ", life, ", cut by ", bytes));
    EXPECT_EQ(field.books.streams.size(), 2u) << "each under the id that it had";
  }
}

// Whichever life has drawn the highest numbers.
TEST(Store, ThatComesBackFromTheSameCopyAgainAndAgainGivesEachReadingANumberOfItsOwn) {
  std::size_t most_ids = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Field field({.seed = seed});
    field.world.run_for(seconds(2));
    field.world.kill(kEdge);
    const Files copy = files_of(field.world.disk(kEdge));
    for (int life = 2; life <= 5; ++life) {
      live(field, seconds(2), cat("life ", life, ", seed ", seed));
      put_back(field.world.disk(kEdge), copy);
    }
    most_ids = std::max(most_ids, field.books.streams.size());
    for (const auto& [value, times] : field.books.values) EXPECT_EQ(times, 1) << value << ", seed " << seed;
  }
  EXPECT_GT(most_ids, 2u) << "a stream that meets a higher number goes on under an id of its own";
}

}  // namespace
}  // namespace lockstep::edge
