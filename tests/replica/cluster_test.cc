// Stories of a three-node cluster in the simulator: writes, reads, failover, recovery, exactly-once.
#include <gtest/gtest.h>

#include "tests/replica/completions.h"
#include "tests/replica/test_cluster.h"

namespace lockstep::tests {
namespace {

using std::chrono::seconds;

TEST(Cluster, AWriteIsReadBackFromEveryNode) {
  TestCluster cluster(1);
  expect_executed(cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)"));
  expect_executed(cluster.execute("INSERT INTO t VALUES(1, 'x')"));
  for (const NodeId member : cluster.members())
    EXPECT_EQ(first_integer(cluster.query("SELECT a FROM t", {.level = wire::LINEARIZABLE, .at = member})), 1);
}

TEST(Cluster, VersionsCountWriteStatements) {
  TestCluster cluster(2);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)");
  cluster.execute("INSERT INTO t VALUES(1)");
  cluster.execute("INSERT INTO t VALUES(2)");
  EXPECT_EQ(cluster.version("t", cluster.leader()), 3u);
  EXPECT_EQ(cluster.version("nothing"), 0u);
}

TEST(Cluster, AFailedStatementIsAnAnswerNotAFault) {
  TestCluster cluster(3);
  const auto done = cluster.execute("INSERT INTO missing VALUES(1)");
  EXPECT_EQ(done.reply.write().result().outcome(), static_cast<std::uint32_t>(sql::Outcome::kSqlError));
  expect_executed(cluster.execute("CREATE TABLE t(a)"));
}

TEST(Cluster, AcknowledgedWritesSurviveTheLeadersDeath) {
  TestCluster cluster(4);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)");
  for (int i = 0; i < 20; ++i) {
    expect_executed(cluster.execute(cat("INSERT INTO t VALUES(", i, ")")));
    if (i % 5 == 4) {
      const NodeId leader = cluster.leader();
      cluster.world().kill(leader);
      cluster.world().schedule_after(seconds(1), [&cluster, leader] { cluster.world().start(leader); });
    }
  }
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 20);
}

TEST(Cluster, AllNodesLosePowerAndNothingAcknowledgedIsMissing) {
  TestCluster cluster(5);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, r INTEGER DEFAULT (random()))");
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) expect_executed(cluster.execute(cat("INSERT INTO t(a) VALUES(", round * 10 + i, ")")));
    for (const NodeId member : cluster.members()) cluster.world().power_loss(member);
    for (const NodeId member : cluster.members()) cluster.world().start(member);
  }
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 50);
  cluster.world().run_for(seconds(2));
  const auto digest = cluster.node(NodeId(1)).replica().digest();
  for (const NodeId member : cluster.members()) EXPECT_EQ(cluster.node(member).replica().digest(), digest);
}

TEST(Cluster, ALeaderWhoseDiskHangsGivesWay) {
  TestCluster cluster(15);
  expect_executed(cluster.execute("CREATE TABLE t(a)"));
  const NodeId hung = cluster.leader();
  cluster.world().probes().arm({.point = "raft.before_persist", .node = hung, .decide = [](const sim::ProbeHit&) {
                                  return sim::ProbeDecision{sim::ProbeDecision::Kind::kHold, std::chrono::hours(24)};
                                }});
  expect_executed(cluster.execute("INSERT INTO t VALUES(1)"));
  EXPECT_NE(cluster.leader(), hung);
}

TEST(Cluster, StrongWritesNeedEveryVoter) {
  service::NodeConfig config;
  config.write_mode = wire::STRONG;
  TestCluster cluster(6, 3, config);
  expect_executed(cluster.execute("CREATE TABLE t(a)"));
  const NodeId leader = cluster.leader();
  const NodeId follower = leader == NodeId(1) ? NodeId(2) : NodeId(1);
  cluster.world().kill(follower);
  const auto refused = cluster.execute("INSERT INTO t VALUES(1)");
  EXPECT_EQ(refused.reply.write().kind(), wire::WriteOutcome::ABORTED);
  cluster.world().start(follower);
  expect_executed(cluster.execute("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 1);
}

TEST(Cluster, LocalReadsAreServedWithoutALeader) {
  TestCluster cluster(7);
  cluster.execute("CREATE TABLE t(a)");
  cluster.execute("INSERT INTO t VALUES(7)");
  cluster.world().run_for(seconds(1));
  cluster.world().kill(NodeId(1));
  cluster.world().kill(NodeId(2));
  cluster.world().run_for(seconds(2));
  const auto local = cluster.query("SELECT a FROM t", {.level = wire::LOCAL, .at = NodeId(3)});
  EXPECT_EQ(first_integer(local), 7);
  EXPECT_GT(local.reply.query().staleness_ns(), 1'000'000'000u);
}

TEST(Cluster, ALongRunDropsTheLogPrefix) {
  service::NodeConfig config;
  config.replica.drop_prefix_entries = 32;
  TestCluster cluster(8, 3, config);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)");
  for (int i = 0; i < 200; ++i) expect_executed(cluster.execute(cat("INSERT INTO t VALUES(", i, ")")));
  cluster.world().run_for(seconds(1));
  for (const NodeId member : cluster.members()) EXPECT_GT(cluster.status(member).first_index(), 100u);
  for (const NodeId member : cluster.members()) {
    cluster.world().power_loss(member);
    cluster.world().start(member);
  }
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 200);
}

TEST(Cluster, ABatchIsAllOrNothingAndMayExpectVersions) {
  TestCluster cluster(11);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)");
  wire::TableVersion expected;
  expected.set_table("t");
  expected.set_version(1);
  expect_executed(cluster.execute("INSERT INTO t VALUES(1)", {.expected = {expected}, .mode = {}}));
  const auto stale = cluster.execute("INSERT INTO t VALUES(2)", {.expected = {expected}, .mode = {}});
  EXPECT_EQ(stale.reply.write().result().outcome(), static_cast<std::uint32_t>(sql::Outcome::kVersionConflict));
  const auto half = cluster.execute_all({"INSERT INTO t VALUES(3)", "INSERT INTO t VALUES(1)"});
  EXPECT_EQ(half.reply.write().result().outcome(), static_cast<std::uint32_t>(sql::Outcome::kConstraint));
  EXPECT_EQ(half.reply.write().result().failed_statement(), 1u);
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 1);
  EXPECT_EQ(cluster.version("t", cluster.leader()), 2u);
}

TEST(Cluster, WithoutAQuorumWritesAreRefusedAndVersionsStillAnswered) {
  TestCluster cluster(12);
  cluster.execute("CREATE TABLE t(a)");
  cluster.world().run_for(seconds(1));
  cluster.world().kill(NodeId(1));
  cluster.world().kill(NodeId(2));
  cluster.world().run_for(seconds(2));
  const auto refused = cluster.execute("INSERT INTO t VALUES(1)", {}, seconds(2));
  EXPECT_NE(refused.conclusion, client::Conclusion::kDone);
  const auto read = cluster.query("SELECT a FROM t", {.level = wire::LINEARIZABLE, .at = NodeId(3)}, seconds(2));
  EXPECT_EQ(read.conclusion, client::Conclusion::kFailed);
  EXPECT_EQ(read.reply.status(), wire::NO_LEADER);
  EXPECT_EQ(cluster.version("t", NodeId(3)), 1u);
  EXPECT_EQ(cluster.version("unknown", NodeId(3)), 0u);
}

TEST(Cluster, ATransactionWhoseLeaderDiesInThePauseIsAbortedByTheNext) {
  service::NodeConfig config;
  config.transactions.pause_before_commit = seconds(1);
  TestCluster cluster(13, 3, config);
  cluster.execute("CREATE TABLE t(a)");
  const NodeId leader = cluster.leader();
  cluster.world().schedule_after(std::chrono::milliseconds(500), [&cluster, leader] { cluster.world().kill(leader); });
  const auto done = cluster.execute("INSERT INTO t VALUES(1)");
  EXPECT_EQ(done.reply.write().kind(), wire::WriteOutcome::ABORTED);
  cluster.world().start(leader);
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 0);
  for (const NodeId member : cluster.members()) EXPECT_TRUE(cluster.node(member).replica().undecided().empty());
}

TEST(Cluster, AWriteIsExecutedOnceHoweverOftenFramesAreLostAndRepeated) {
  TestCluster cluster(14);
  cluster.execute("CREATE TABLE t(a INTEGER)");
  for (const auto kind : {sim::Verdict::Kind::kDrop, sim::Verdict::Kind::kDuplicate, sim::Verdict::Kind::kReorder})
    cluster.world().network().add_rule(std::make_unique<sim::RandomFault>(
        sim::FaultOptions{.filter = {},
                          .parts_per_million = 100'000,
                          .kind = kind,
                          .least_extra = std::chrono::milliseconds(1),
                          .most_extra = std::chrono::milliseconds(300)}));
  for (int i = 0; i < 50; ++i) expect_executed(cluster.execute(cat("INSERT INTO t VALUES(", i, ")")));
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 50);
  EXPECT_EQ(first_integer(cluster.query("SELECT count(DISTINCT a) FROM t")), 50);
}

TEST(Cluster, VacuumAndAnalyzeRunOnEveryReplica) {
  TestCluster cluster(17);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  for (int i = 0; i < 20; ++i) cluster.execute(cat("INSERT INTO t VALUES(", i, ", ", i % 3, ")"));
  cluster.execute("CREATE INDEX t_b ON t(b)");
  cluster.execute("DELETE FROM t WHERE a < 10");
  for (const auto what : {wire::Maintain::VACUUM, wire::Maintain::ANALYZE})
    EXPECT_EQ(cluster.maintain(what).conclusion, client::Conclusion::kDone);
  cluster.world().run_for(seconds(1));
  for (const NodeId member : cluster.members()) {
    EXPECT_EQ(cluster.node(member).replica().digest(), cluster.node(NodeId(1)).replica().digest());
    EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 't'", {.level = wire::LOCAL, .at = member})), 1);
    EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t", {.level = wire::LOCAL, .at = member})), 10);
  }
}

TEST(Cluster, ADatabaseTooLargeForVacuumIsNotVacuumed) {
  service::NodeConfig config;
  config.replica.apply.max_vacuum_bytes = 100'000;
  TestCluster cluster(19, 3, config);
  cluster.execute("CREATE TABLE t(a)");
  EXPECT_EQ(cluster.maintain(wire::Maintain::VACUUM).conclusion, client::Conclusion::kDone);
  expect_executed(cluster.execute("INSERT INTO t VALUES(zeroblob(100000))"));
  const auto refused = cluster.maintain(wire::Maintain::VACUUM);
  EXPECT_EQ(refused.conclusion, client::Conclusion::kFailed);
  EXPECT_EQ(refused.reply.status(), wire::BAD_REQUEST);
  EXPECT_NE(refused.reply.message().find("expected a database of at most 100000 bytes"), std::string::npos)
      << refused.reply.message();
  EXPECT_EQ(cluster.maintain(wire::Maintain::ANALYZE).conclusion, client::Conclusion::kDone);
}

TEST(Cluster, AfterClosingItsSessionAClientOpensAnother) {
  TestCluster cluster(18);
  cluster.execute("CREATE TABLE t(a)");
  EXPECT_EQ(cluster.close_session().conclusion, client::Conclusion::kDone);
  expect_executed(cluster.execute("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 1);
}

class FeedLog final : public service::FeedSubscriber {
 public:
  void on_rows(std::span<const sql::RowChange> changes) override {
    for (const sql::RowChange& change : changes)
      lines.push_back(cat(change.table, ' ', change.before.size(), "->", change.after.size()));
  }
  void on_role(const raft::RoleChanged& change) override { leads |= change.role == raft::Role::kLeader; }
  std::vector<std::string> lines;
  bool leads = false;
};

TEST(Cluster, TheAppliedFeedTellsRowsAndRoles) {
  service::NodeConfig config;
  config.replica.apply.sql.feed = true;
  FeedLog feed;
  TestCluster cluster(15, 1, config);
  cluster.node(NodeId(1)).feed().subscribe(feed);
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  cluster.execute("INSERT INTO t VALUES(1, 2)");
  cluster.execute("UPDATE t SET b = 3");
  cluster.execute("DELETE FROM t");
  EXPECT_TRUE(feed.leads);
  EXPECT_EQ(feed.lines, (std::vector<std::string>{"t 0->2", "t 2->2", "t 2->0"}));
}

TEST(Cluster, OneNodeIsAClusterToo) {
  TestCluster cluster(16, 1);
  expect_executed(cluster.execute("CREATE TABLE t(a)"));
  expect_executed(cluster.execute("INSERT INTO t VALUES(1)"));
  cluster.world().power_loss(NodeId(1));
  cluster.world().start(NodeId(1));
  EXPECT_EQ(first_integer(cluster.query("SELECT count(*) FROM t")), 1);
}

TEST(Cluster, TheSameSeedIsTheSameRun) {
  const auto run = [](std::uint64_t seed) {
    TestCluster cluster(seed);
    cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, r DEFAULT (random()))");
    for (int i = 0; i < 10; ++i) cluster.execute(cat("INSERT INTO t(a) VALUES(", i, ")"));
    return cluster.world().recorder().hash();
  };
  EXPECT_EQ(run(9), run(9));
  EXPECT_NE(run(9), run(10));
}

}  // namespace
}  // namespace lockstep::tests
