// Three members whose lanes are threads, busy: what the thread sanitizer looks at.
#include <gtest/gtest.h>

#include "tests/api/real_cluster.h"

namespace lockstep::tests {
namespace {

TEST(Lanes, WritesAndReadsOfAllLevelsCrossThemOnEveryMember) {
  RealCluster cluster({.nodes = 3});
  const NodeId leader = cluster.leader();
  ASSERT_EQ(cluster.execute(leader, "CREATE TABLE t(a INTEGER PRIMARY KEY, b)").status(), wire::DONE);
  constexpr int kRows = 100;
  for (int i = 1; i <= kRows; ++i) {
    const std::string insert = "INSERT INTO t(b) VALUES(hex(randomblob(100)))";
    ASSERT_EQ(cluster.execute(leader, insert).status(), wire::DONE);
    const NodeId reader = cluster.members()[static_cast<std::size_t>(i) % 3];
    const wire::Reply read =
        cluster.call(reader, query_request("SELECT count(*) FROM t", wire::LINEARIZABLE));
    ASSERT_EQ(read.query().rows().rows_size(), 1) << read.message() << read.query().message();
    EXPECT_EQ(read.query().rows().rows(0).values(0).integer(), i);
    cluster.call(reader, query_request("SELECT max(b) FROM t", wire::LOCAL));
  }
}

}  // namespace
}  // namespace lockstep::tests
