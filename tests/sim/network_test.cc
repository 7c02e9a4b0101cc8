// Stories about the simulated network, between small processes of a world.
#include <gtest/gtest.h>

#include <set>

#include "tests/sim/actors.h"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

// Node 1 sends `count` numbered messages to node 2, one each millisecond.
class Pair {
 public:
  explicit Pair(std::uint64_t seed, Latency latency = {1ms, 4ms})
      : world({.seed = seed, .latency = latency}) {
    receiver.on_message = [this](ScriptedActor&, NodeId, BytesView payload) {
      received.emplace_back(payload);
    };
    sender.on_start = [this](ScriptedActor& self) { actor = &self; };
    run_script(world, 1, sender);
    run_script(world, 2, receiver);
  }
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      actor->send(2, cat(i));
      world.run_for(1ms);
    }
    world.run_for(10s);
  }
  void watch(const env::EventType& type) { world.recorder().subscribe(type, log); }

  Script sender, receiver;
  EventLog log;
  std::vector<std::string> received;
  World world;
  ScriptedActor* actor = nullptr;
};

std::vector<std::string> numbers(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(cat(i));
  return all;
}

TEST(Network, WithoutRulesEverythingArrivesOnceAndInOrder) {
  Pair pair(1, {1ms, 30ms});
  pair.watch(kFrameDelivered);
  pair.send(200);
  EXPECT_EQ(pair.received, numbers(200));
  EXPECT_EQ(pair.log.lines.size(), 200u);
  EXPECT_EQ(pair.log.lines[5].node, NodeId(2));
  EXPECT_EQ(pair.log.lines[5].fields[0], 6u) << "message ids count from one";
}

TEST(Network, LossTakesAboutTheGivenShareAndSaysSo) {
  Pair pair(1);
  pair.watch(kFrameDropped);
  pair.world.network().add_rule(std::make_unique<RandomFault>(FaultOptions{.parts_per_million = 300'000}));
  pair.send(1'000);
  EXPECT_NEAR(static_cast<double>(pair.received.size()), 700, 60);
  EXPECT_EQ(pair.received.size() + pair.log.lines.size(), 1'000u);
  EXPECT_EQ(pair.log.lines[0].fields[3], static_cast<std::uint64_t>(DropReason::kLost));
}

TEST(Network, ADuplicatedFrameArrivesTwiceUnderOneMessageId) {
  Pair pair(1);
  pair.watch(kFrameDelivered);
  pair.world.network().add_rule(std::make_unique<RandomFault>(
      FaultOptions{.parts_per_million = 1'000'000, .kind = Verdict::Kind::kDuplicate}));
  pair.send(50);
  EXPECT_EQ(pair.received.size(), 100u);
  std::map<std::uint64_t, int> deliveries;
  for (const auto& line : pair.log.lines) ++deliveries[line.fields[0]];
  for (const auto& [message, times] : deliveries) EXPECT_EQ(times, 2) << message;
}

TEST(Network, AFlippedBitIsNoticedByTheReceivingHostWhereverItFalls) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Pair pair(seed);
    pair.watch(kFrameDropped);
    pair.world.network().add_rule(std::make_unique<RandomFault>(
        FaultOptions{.parts_per_million = 1'000'000, .kind = Verdict::Kind::kCorrupt}));
    pair.send(20);
    EXPECT_TRUE(pair.received.empty());
    ASSERT_EQ(pair.log.lines.size(), 20u);
    EXPECT_EQ(pair.log.lines[0].fields[3], static_cast<std::uint64_t>(DropReason::kDamaged));
  }
}

TEST(Network, ADelayHoldsBackWhatFollowsAndAReorderingDoesNot) {
  for (const bool reorder : {false, true}) {
    Pair pair(4);
    pair.world.network().add_rule(std::make_unique<RandomFault>(
        FaultOptions{.parts_per_million = 100'000,
                     .kind = reorder ? Verdict::Kind::kReorder : Verdict::Kind::kDelay,
                     .least_extra = 50ms,
                     .most_extra = 60ms}));
    pair.send(200);
    EXPECT_EQ(pair.received.size(), 200u);
    EXPECT_EQ(pair.received == numbers(200), !reorder);
  }
}

TEST(Network, TheFirstRuleWithAnOpinionWins) {
  Pair pair(1);
  pair.watch(kFrameDropped);
  auto& network = pair.world.network();
  network.add_rule(std::make_unique<Partition>(std::vector<std::vector<NodeId>>{{NodeId(7)}, {NodeId(8)}}));
  const auto first =
      network.add_rule(std::make_unique<OneWayPartition>(LinkFilter{{NodeId(1)}, {NodeId(2)}}));
  network.add_rule(std::make_unique<RandomFault>(FaultOptions{.parts_per_million = 1'000'000}));
  pair.send(1);
  network.remove_rule(first);
  pair.send(1);
  ASSERT_EQ(pair.log.lines.size(), 2u);
  EXPECT_EQ(pair.log.lines[0].fields[3], static_cast<std::uint64_t>(DropReason::kPartitioned));
  EXPECT_EQ(pair.log.lines[1].fields[3], static_cast<std::uint64_t>(DropReason::kLost));
}

// Every host tells every other one its number; returns who heard whom.
std::set<std::string> who_heard_whom(std::unique_ptr<LinkRule> rule) {
  std::array<Script, 4> scripts;
  std::array<ScriptedActor*, 4> actors{};
  std::set<std::string> heard;
  World world({.seed = 5});
  for (std::uint64_t node = 1; node <= 4; ++node) {
    scripts[node - 1].on_start = [&actors, node](ScriptedActor& self) { actors[node - 1] = &self; };
    scripts[node - 1].on_message = [&heard](ScriptedActor& self, NodeId from, BytesView) {
      heard.insert(cat(from, ">", self.env.self));
    };
    run_script(world, node, scripts[node - 1]);
  }
  world.network().add_rule(std::move(rule));
  for (ScriptedActor* const actor : actors)
    for (std::uint64_t to = 1; to <= 4; ++to)
      if (NodeId(to) != actor->env.self) actor->send(to, "hello");
  world.run_for(1s);
  return heard;
}

TEST(Network, ASymmetricPartitionSeparatesItsGroupsAndNobodyElse) {
  const auto heard = who_heard_whom(
      std::make_unique<Partition>(std::vector<std::vector<NodeId>>{{NodeId(1)}, {NodeId(2), NodeId(3)}}));
  EXPECT_EQ(heard, (std::set<std::string>{"1>4", "2>3", "2>4", "3>2", "3>4", "4>1", "4>2", "4>3"}));
}

TEST(Network, AOneWayPartitionStopsOneDirectionOnly) {
  const auto heard = who_heard_whom(
      std::make_unique<OneWayPartition>(LinkFilter{{NodeId(1), NodeId(2)}, {NodeId(3), NodeId(4)}}));
  EXPECT_EQ(heard, (std::set<std::string>{"1>2", "2>1", "3>1", "3>2", "3>4", "4>1", "4>2", "4>3"}));
}

TEST(Network, FramesForTheDeadTheUnknownAndOtherClustersAreDroppedWithTheReason) {
  Script stranger;
  Pair pair(1);
  pair.watch(kFrameDropped);
  run_script(pair.world, 3, stranger, {.cluster = ClusterId(99)});
  pair.actor->send(3, "other cluster");
  pair.actor->send(77, "nobody");
  pair.actor->send(2, "dead");
  pair.world.kill(NodeId(2));
  pair.world.run_for(1s);
  std::set<std::uint64_t> reasons;
  for (const auto& line : pair.log.lines) reasons.insert(line.fields[3]);
  EXPECT_EQ(reasons, (std::set<std::uint64_t>{static_cast<std::uint64_t>(DropReason::kOtherCluster),
                                              static_cast<std::uint64_t>(DropReason::kNoSuchHost),
                                              static_cast<std::uint64_t>(DropReason::kReceiverDead)}));
}

TEST(Network, ANewHostShiftsNoDrawOfTheOldLinks) {
  const auto times = [](bool with_third) {
    Script third;
    Pair pair(11);
    pair.watch(kFrameDelivered);
    if (with_third) run_script(pair.world, 3, third);
    pair.send(50);
    std::vector<SimTime> all;
    for (const auto& line : pair.log.lines) all.push_back(line.time);
    return all;
  };
  EXPECT_EQ(times(false), times(true));
}

TEST(Network, AClogLosesNothingAndLetsEverythingComeInItsOrderWhenItIsOver) {
  Pair pair(1);
  pair.watch(kFrameDelivered);
  pair.world.network().add_rule(std::make_unique<Clog>(SimTime{100ms}));
  for (int i = 0; i < 150; ++i) {
    pair.actor->send(2, cat(i));
    pair.world.run_for(1ms);
  }
  pair.world.run_for(1s);
  EXPECT_EQ(pair.received, numbers(150));
  EXPECT_GE(pair.log.lines.front().time, SimTime{100ms});
}

TEST(Network, ASlowLinkCarriesItsBytesPerSecondAndLosesWhatFindsItsQueueFull) {
  Pair pair(1, {});
  pair.watch(kFrameDelivered);
  const std::uint64_t frame = kFrameHeaderBytes + 100;
  pair.world.network().add_rule(
      std::make_unique<Bandwidth>(Bandwidth::Limits{.bytes_per_second = frame * 10, .queue_bytes = frame * 5}));
  for (int i = 0; i < 8; ++i) pair.actor->send(2, Bytes(100, static_cast<char>('a' + i)));
  pair.world.run_for(10s);
  ASSERT_EQ(pair.log.lines.size(), 5u) << "three found five waiting";
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(pair.log.lines[i].time, SimTime{100ms * (i + 1)}) << i;
  pair.actor->send(2, Bytes(100, 'z'));
  pair.world.run_for(10s);
  EXPECT_EQ(pair.received.back(), Bytes(100, 'z')) << "an empty queue takes frames again";
}

TEST(Network, AResetLosesWhatIsUnderWayBothWaysAndNothingSentAfterwards) {
  Pair pair(1, {5ms, 5ms});
  pair.watch(kFrameDropped);
  pair.receiver.on_message = [&pair](ScriptedActor& self, NodeId, BytesView payload) {
    pair.received.emplace_back(payload);
    self.send(1, "answer");
  };
  pair.actor->send(2, "first");
  pair.world.run_for(8ms);  // its answer is under way
  pair.actor->send(2, "second");
  EXPECT_EQ(pair.world.network().reset(NodeId(1), NodeId(2)), 2u);
  EXPECT_EQ(pair.world.network().reset(NodeId(1), NodeId(2)), 0u) << "lost once";
  pair.actor->send(2, "third");
  pair.world.run_for(1s);
  EXPECT_EQ(pair.received, (std::vector<std::string>{"first", "third"}));
  ASSERT_EQ(pair.log.lines.size(), 2u);
  EXPECT_EQ(pair.log.lines[0].fields[3], static_cast<std::uint64_t>(DropReason::kConnectionReset));
}

}  // namespace
}  // namespace lockstep::sim
