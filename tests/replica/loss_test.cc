// Members whose directory has lost a part: what others or the log can bring back is made good, the rest is
// named.
#include <gtest/gtest.h>

#include "tests/replica/test_cluster.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kOne{1};

// Fifty rows; the log keeps about as many entries as it is told.
TestCluster filled(std::uint64_t seed, std::uint32_t nodes, std::uint64_t drop_prefix_entries) {
  service::NodeConfig config;
  config.replica.drop_prefix_entries = drop_prefix_entries;
  return TestCluster(seed, nodes, config);
}

void fill(TestCluster& cluster) {
  cluster.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)");
  for (int a = 1; a <= 50; ++a) cluster.execute(cat("INSERT INTO t VALUES(", a, ")"));
  cluster.world().run_for(1s);
}

// The process dies, the files go, another begins.
void lose(TestCluster& cluster, std::string_view directory) {
  cluster.world().kill(kOne);
  sim::DiskImage& disk = cluster.world().disk(kOne);
  const auto names = disk.list(directory);
  ASSERT_TRUE(names && !names->empty());
  for (const std::string& name : *names) ASSERT_TRUE(disk.remove(cat(directory, "/", name)));
  cluster.world().start(kOne);
  cluster.world().run_for(5s);
}

std::string failure_of(TestCluster& cluster) {
  const Error* failure = cluster.node(kOne).failure();
  return failure == nullptr ? "" : failure->message;
}

TEST(Loss, AMemberOfOneWithoutItsLogSaysSo) {
  TestCluster cluster = filled(91, 1, 2048);
  fill(cluster);
  lose(cluster, "kv");
  EXPECT_TRUE(failure_of(cluster).starts_with("expected the log behind a database that has applied entry 5"))
      << failure_of(cluster);
}

TEST(Loss, AMemberOfThreeWithoutItsLogHasForgottenItsVotesAndDoesNotBegin) {
  TestCluster cluster = filled(92, 3, 2048);
  fill(cluster);
  lose(cluster, "kv");
  EXPECT_NE(failure_of(cluster).find("forgotten its votes"), std::string::npos) << failure_of(cluster);
  EXPECT_EQ(cluster.query("SELECT count(*) FROM t").conclusion, client::Conclusion::kDone)
      << "the others go on";
}

TEST(Loss, ADatabaseIsMadeAgainFromAWholeLog) {
  TestCluster cluster = filled(93, 1, 2048);
  fill(cluster);
  lose(cluster, "db");
  EXPECT_EQ(failure_of(cluster), "");
  EXPECT_EQ(cluster.query("SELECT count(*) FROM t").reply.query().rows().rows(0).values(0).integer(), 50);
}

TEST(Loss, ADatabaseIsNotMadeAgainFromHalfALog) {
  TestCluster cluster = filled(94, 1, 8);
  fill(cluster);
  ASSERT_GT(cluster.node(kOne).replica().view().first, LogIndex(8));
  lose(cluster, "db");
  EXPECT_NE(failure_of(cluster).find("before which the log was dropped; it has applied nothing"),
            std::string::npos)
      << failure_of(cluster);
}

}  // namespace
}  // namespace lockstep::tests
