// Stories about two-phase writes of a busy cluster: each is decided, whatever else the leader has to do.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/replica/completions.h"
#include "tests/replica/stranger.h"
#include "tests/replica/test_cluster.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

wire::Request insert(std::uint64_t call, const std::string& text, std::uint32_t pause_ms) {
  wire::Request request;
  request.set_call(call);
  wire::WriteRequest& write = *request.mutable_write();
  write.mutable_write()->add_statements()->set_sql(cat("INSERT INTO t VALUES('", text, "')"));
  write.set_pause_before_commit_ms(pause_ms);
  return request;
}

const wire::Reply* reply_to(const Stranger& stranger, std::uint64_t call) {
  const auto found = std::ranges::find(stranger.replies, call, &wire::Reply::call);
  return found == stranger.replies.end() ? nullptr : &*found;
}

// The leader cannot commit for a moment, and takes no more than it has; the decision comes due in that
// moment.
TEST(TwoPhase, ADecisionIsNotRefusedForWhatWaitsToBeCommitted) {
  service::NodeConfig config;
  config.replica.raft.max_uncommitted_bytes = 8 << 10;
  TestCluster cluster(91, 3, config);
  expect_executed(cluster.execute("CREATE TABLE t(a)"));
  Stranger* stranger = Stranger::enter(cluster.world());
  const NodeId leader = cluster.leader();
  stranger->say(leader, insert(1, "prepared", 300).SerializeAsString());
  cluster.world().run_for(280ms);
  for (const NodeId member : cluster.members())
    if (member != leader) cluster.world().stall(member, 100ms);
  for (std::uint64_t call = 2; call < 20; ++call)
    stranger->say(leader, insert(call, std::string(1000, 'x'), 0).SerializeAsString());
  cluster.world().run_for(1s);

  ASSERT_EQ(cluster.leader(), leader);
  ASSERT_NE(reply_to(*stranger, 19), nullptr);
  EXPECT_EQ(reply_to(*stranger, 19)->status(), wire::OVERLOADED) << "there was no room";
  ASSERT_NE(reply_to(*stranger, 1), nullptr);
  EXPECT_EQ(reply_to(*stranger, 1)->write().kind(), wire::WriteOutcome::EXECUTED);
  EXPECT_TRUE(cluster.node(leader).replica().undecided().empty());
}

}  // namespace
}  // namespace lockstep::tests
