// A node that leaves in good order: what it took is answered, what comes later is sent elsewhere, nothing is
// lost.
#include <gtest/gtest.h>

#include "tests/replica/stranger.h"
#include "tests/replica/test_cluster.h"
#include "tests/replica/test_standalone.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

wire::Request insert(int a) {
  wire::Request request;
  request.mutable_write()->mutable_write()->add_statements()->set_sql(
      cat("INSERT INTO t(a) VALUES(", a, ")"));
  return request;
}

bool run_until(sim::World& world, const bool& condition) {
  for (int i = 0; i < 1'000 && !condition; ++i) world.run_for(1ms);
  return condition;
}

TEST(Retiring, ALeaderAnswersWhatItTookThenStepsDown) {
  service::NodeConfig config;
  config.transactions.pause_before_commit = 100ms;
  TestCluster cluster(81, 3, config);
  Stranger* stranger = Stranger::enter(cluster.world());
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  const NodeId leader = cluster.leader();
  stranger->replies.clear();
  wire::Request taken = insert(1);
  stranger->say(leader, taken.SerializeAsString());
  cluster.world().run_for(20ms);
  ASSERT_TRUE(stranger->replies.empty()) << "the write is in its pause";

  bool retired = false;
  cluster.node(leader).retire([&] { retired = true; });
  wire::Request late = insert(2);
  stranger->say(leader, late.SerializeAsString());
  cluster.world().run_for(20ms);
  ASSERT_EQ(stranger->replies.size(), 1u);
  EXPECT_EQ(stranger->replies[0].status(), wire::NOT_READY);
  EXPECT_FALSE(retired) << "before the accepted write is answered";

  ASSERT_TRUE(run_until(cluster.world(), retired));
  ASSERT_EQ(stranger->replies.size(), 2u);
  EXPECT_EQ(stranger->replies[1].write().kind(), wire::WriteOutcome::EXECUTED);
  EXPECT_NE(cluster.node(leader).replica().view().role, raft::Role::kLeader);
  cluster.world().kill(leader);
  const auto done = cluster.query("SELECT count(*), max(a) FROM t");
  EXPECT_EQ(done.reply.query().rows().rows(0).values(0).integer(), 1);
  EXPECT_EQ(done.reply.query().rows().rows(0).values(1).integer(), 1);
}

TEST(Retiring, AClientOfTheLibraryNoticesNothingButAPause) {
  TestCluster cluster(82);
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  const NodeId leader = cluster.leader();
  bool retired = false;
  cluster.node(leader).retire([&] { retired = true; });
  const auto done = cluster.execute("INSERT INTO t(a) VALUES(1)");
  EXPECT_EQ(done.conclusion, client::Conclusion::kDone);
  EXPECT_TRUE(retired);
}

TEST(Retiring, TheNextLeaderStandsWithoutATimeout) {
  TestCluster cluster(83, 3);
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  cluster.world().run_for(100ms);  // the followers have it
  const NodeId former = cluster.leader();
  cluster.node(former).retire([] {});
  cluster.world().run_for(raft::Config{}.election_timeout / 3);
  int serving = 0;
  for (const NodeId member : {NodeId(1), NodeId(2), NodeId(3)})
    if (cluster.node(member).replica().view().can_serve) {
      EXPECT_NE(member, former);
      ++serving;
    }
  EXPECT_EQ(serving, 1);
}

TEST(Pause, AWriteMayAskForOneOfItsOwn) {
  TestCluster cluster(84);
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  Stranger* stranger = Stranger::enter(cluster.world());
  const NodeId leader = cluster.leader();
  stranger->replies.clear();
  wire::Request slow = insert(1);
  slow.mutable_write()->set_pause_before_commit_ms(300);
  stranger->say(leader, slow.SerializeAsString());
  wire::Request fast = insert(2);
  fast.set_call(7);
  stranger->say(leader, fast.SerializeAsString());
  cluster.world().run_for(250ms);
  ASSERT_EQ(stranger->replies.size(), 1u) << "the other one is in its pause";
  EXPECT_EQ(stranger->replies[0].call(), 7u);
  cluster.world().run_for(250ms);
  ASSERT_EQ(stranger->replies.size(), 2u);
  EXPECT_EQ(stranger->replies[1].write().kind(), wire::WriteOutcome::EXECUTED);
  wire::Request endless = insert(3);
  endless.mutable_write()->set_pause_before_commit_ms(60'001);
  EXPECT_EQ(stranger->ask(cluster.world(), leader, endless).status(), wire::BAD_REQUEST);
}

TEST(Retiring, AStandaloneNodeAnswersWhatItTook) {
  TestStandalone alone(85);
  alone.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  Stranger* stranger = Stranger::enter(alone.world());
  stranger->replies.clear();
  const LogIndex before = alone.node().database().applied();
  bool retired = false;
  for (int call = 1; call <= 3; ++call) {
    wire::Request request = insert(call);
    request.set_call(static_cast<std::uint64_t>(call));
    stranger->say(TestStandalone::kNode, request.SerializeAsString());
    alone.world().run_for(50ms);
    if (call == 2) alone.node().retire([&] { retired = true; });
  }
  ASSERT_TRUE(run_until(alone.world(), retired));
  ASSERT_EQ(stranger->replies.size(), 3u);
  EXPECT_EQ(stranger->replies[2].status(), wire::NOT_READY);
  EXPECT_EQ(alone.node().database().durable(), before + 2);
}

TEST(Retiring, AStandaloneNodeLeavesOneFileWithEverythingInIt) {
  TestStandalone alone(86);
  alone.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  alone.execute("INSERT INTO t(a) VALUES(7)");
  alone.query("SELECT * FROM t");  // a reader's connection is open, too
  sim::DiskImage& disk = alone.world().disk(TestStandalone::kNode);
  EXPECT_EQ(disk.list("db"),
            (std::vector<std::string>{"main.sqlite", "main.sqlite-mark", "main.sqlite-wal"}));
  bool retired = false;
  alone.node().retire([&] { retired = true; });
  alone.query("SELECT count(*) FROM t");  // brings a turn; reads are answered to the end
  ASSERT_TRUE(run_until(alone.world(), retired));
  alone.world().kill(TestStandalone::kNode);
  EXPECT_EQ(disk.list("db"), (std::vector<std::string>{"main.sqlite", "main.sqlite-mark", "main.sqlite-seals"}));
  alone.world().power_loss(TestStandalone::kNode);
  alone.world().start(TestStandalone::kNode);
  EXPECT_EQ(alone.query("SELECT max(a) FROM t").reply.query().rows().rows(0).values(0).integer(), 7);
}

TEST(Retiring, AFollowerIsReadyAtOnceAndItsDatabaseDurable) {
  TestCluster cluster(83);
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  cluster.execute("INSERT INTO t(a) VALUES(1)");
  NodeId follower(1);
  if (follower == cluster.leader()) follower = NodeId(2);
  bool retired = false;
  cluster.node(follower).retire([&] { retired = true; });
  ASSERT_TRUE(run_until(cluster.world(), retired));
  cluster.world().power_loss(follower);
  cluster.world().start(follower);
  const auto local = cluster.query("SELECT count(*) FROM t", {.level = wire::LOCAL, .at = follower});
  EXPECT_EQ(local.conclusion, client::Conclusion::kDone);
}

}  // namespace
}  // namespace lockstep::tests
