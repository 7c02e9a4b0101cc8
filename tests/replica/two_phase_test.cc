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

// A leader whose database is behind its log for as long as clients write.
TEST(TwoPhase, WhatAnEarlierLeaderLeftIsAbortedUnderSteadyLoadToo) {
  TestCluster cluster(92);
  expect_executed(cluster.execute("CREATE TABLE t(a)"));
  Stranger* stranger = Stranger::enter(cluster.world());
  const NodeId former = cluster.leader();
  stranger->say(former, insert(1, "left", 60'000).SerializeAsString());
  cluster.world().run_for(100ms);
  cluster.world().kill(former);
  const NodeId next = cluster.members()[former == NodeId(1) ? 1 : 0];
  ASSERT_FALSE(cluster.node(next).replica().undecided().empty());

  cluster.world().probes().arm({.point = "replica.before_apply", .decide = [](const sim::ProbeHit&) {
                                  return sim::ProbeDecision{sim::ProbeDecision::Kind::kHold, 50ms};
                                }});
  std::uint64_t call = 1;
  for (int turn = 0; turn < 2000; ++turn) {
    cluster.world().run_for(1ms);
    for (const NodeId member : cluster.members())
      if (cluster.world().is_alive(member))
        stranger->say(member, insert(++call, "load", 0).SerializeAsString());
  }
  const NodeId leader = cluster.leader();
  EXPECT_LT(cluster.node(leader).replica().applied(), cluster.node(leader).replica().view().commit);
  EXPECT_TRUE(cluster.node(leader).replica().undecided().empty());
}

}  // namespace
}  // namespace lockstep::tests
