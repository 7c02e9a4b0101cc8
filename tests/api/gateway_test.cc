// The one handler: every call ends once, whatever becomes of the node.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/api/real_cluster.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

TEST(Gateway, CarriesWritesAndQueries) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  const wire::Reply made = cluster.execute(node, "CREATE TABLE t(a)");
  ASSERT_EQ(made.status(), wire::DONE) << made.message();
  EXPECT_EQ(made.write().kind(), wire::WriteOutcome::EXECUTED);
  cluster.execute(node, "INSERT INTO t VALUES(5)");
  const wire::Reply read = cluster.call(node, query_request("SELECT a FROM t"));
  ASSERT_EQ(read.query().rows().rows_size(), 1) << read.query().message();
  EXPECT_EQ(read.query().rows().rows(0).values(0).integer(), 5);
}

TEST(Gateway, AFollowerNamesTheLeader) {
  RealCluster cluster({.nodes = 3});
  const NodeId leader = cluster.leader();
  const wire::Reply reply = cluster.execute(cluster.follower(), "CREATE TABLE t(a)");
  EXPECT_EQ(reply.status(), wire::NOT_LEADER);
  EXPECT_EQ(NodeId(reply.leader()), leader);
}

TEST(Gateway, TheRoleIsLookedAtBeforeTheNodeIsAsked) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  const wire::Reply reply = cluster.call(node, write_request("CREATE TABLE t(a)"), api::Access::kRead);
  EXPECT_EQ(reply.status(), wire::FORBIDDEN);
  EXPECT_EQ(
      cluster.call(node, query_request("SELECT count(*) FROM sqlite_schema"), api::Access::kRead).status(),
      wire::DONE);
}

// The gateway promises an end, not a reason: without a majority the leader may say first that it lost office.
// it.
TEST(Gateway, AWriteWithoutAMajorityTimesOutAndSaysSo) {
  RealCluster cluster({.nodes = 3});
  const NodeId leader = cluster.leader();
  for (const NodeId node : cluster.members())
    if (node != leader) cluster.kill(node);
  const wire::Reply reply =
      cluster.call(leader, write_request("CREATE TABLE t(a)"), api::Access::kAdmin, 50ms);
  // Nobody else is there: what the leader took stays open until it steps down.
  EXPECT_TRUE(reply.status() == wire::TIMED_OUT || reply.status() == wire::NO_LEADER ||
              reply.status() == wire::LEADERSHIP_LOST)
      << reply.status();
}

TEST(Gateway, RefusesMoreCallsThanItMayKeep) {
  RealCluster cluster({.nodes = 1, .gateway = {.max_outstanding = 2}});
  const NodeId node = cluster.leader();
  std::vector<wire::ReplyStatus> ends;
  std::atomic<int> ended = 0;
  cluster.on_loop([&] {
    for (int i = 0; i < 3; ++i) {
      wire::Request request = query_request("SELECT 1");
      cluster.gateway(node).call(request, api::Access::kRead, 20s, [&](wire::Reply& reply) {
        ends.push_back(reply.status());
        ++ended;
      });
    }
    EXPECT_TRUE(ends.empty()) << "answered inside call()";
  });
  while (ended < 3) cluster.on_loop([] {});
  std::sort(ends.begin(), ends.end());
  EXPECT_EQ(ends, (std::vector{wire::DONE, wire::DONE, wire::OVERLOADED}));
}

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

// A node has two readers: were they not free again, what follows would wait for them.
TEST(Gateway, AQueryThatHasNoAnswerInTimeIsEnded) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  for (int i = 0; i < 5; ++i) {
    const wire::Reply reply = cluster.call(node, query_request(kEndless), api::Access::kRead, 30ms);
    EXPECT_EQ(reply.status(), wire::TIMED_OUT);
    EXPECT_TRUE(reply.message().contains("the query was ended")) << reply.message();
  }
  EXPECT_EQ(cluster.call(node, query_request("SELECT 1"), api::Access::kRead, 60s).status(), wire::DONE);
}

TEST(Gateway, TheQueriesOfAGuestWhoGoesAreEnded) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  std::shared_ptr<api::Guest> guest;
  std::atomic<int> ended = 0;
  cluster.on_loop([&] {
    guest = cluster.gateway(node).receive_guest();
    for (int i = 0; i < 20; ++i) {
      wire::Request request = query_request(kEndless);
      cluster.gateway(node).call(
          request, api::Access::kRead, 60s,
          [&](wire::Reply& reply) {
            EXPECT_EQ(reply.status(), wire::TIMED_OUT);
            ++ended;
          },
          guest.get());
    }
  });
  cluster.on_loop([&] { guest.reset(); });
  while (ended < 20) cluster.on_loop([] {});
  EXPECT_EQ(cluster.call(node, query_request("SELECT 1"), api::Access::kRead, 60s).status(), wire::DONE);
}

TEST(Gateway, AQueryThatIsWithdrawnIsEndedAndNotAnswered) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  for (int i = 0; i < 5; ++i) {
    std::uint64_t number = 0;
    cluster.on_loop([&] {
      wire::Request request = query_request(kEndless);
      number = cluster.gateway(node).call(request, api::Access::kRead, 60s,
                                          [](wire::Reply&) { ADD_FAILURE() << "answered"; });
    });
    cluster.on_loop([&] { cluster.gateway(node).withdraw(number); });
  }
  EXPECT_EQ(cluster.call(node, query_request("SELECT 1"), api::Access::kRead, 60s).status(), wire::DONE);
}

// A guest with many queries does not keep another from its turn. Each of them is too much for a job that several share,
// and takes longer than a busy machine lets a thread wait; all of them together are a fraction of their minute.
TEST(Gateway, GuestsTakeTurns) {
  RealCluster cluster({.nodes = 1});
  const NodeId node = cluster.leader();
  const std::string heavy =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT max(i) FROM n";
  std::vector<std::shared_ptr<api::Guest>> guests;
  std::atomic<int> ended = 0;
  int before_modest = -1;
  const auto ask = [&](const api::Guest& guest, const std::string& sql, auto then) {
    wire::Request request = query_request(sql);
    cluster.gateway(node).call(
        request, api::Access::kRead, 60s,
        [&ended, then](wire::Reply& reply) {
          EXPECT_EQ(reply.status(), wire::DONE) << reply.message();
          then();
          ++ended;
        },
        &guest);
  };
  cluster.on_loop([&] {
    for (int i = 0; i < 2; ++i) guests.push_back(cluster.gateway(node).receive_guest());
    for (int i = 0; i < 40; ++i) ask(*guests[0], heavy, [] {});
    ask(*guests[1], "SELECT 1", [&] { before_modest = ended; });
  });
  while (ended < 41) cluster.on_loop([] {});
  EXPECT_LT(before_modest, 10);
  cluster.on_loop([&] { guests.clear(); });
}

TEST(Gateway, ItsEndAnswersWhatWaits) {
  RealCluster cluster({.nodes = 3});
  const NodeId leader = cluster.leader();
  wire::ReplyStatus status = wire::STATUS_NONE;
  cluster.on_loop([&] {
    wire::Request request = write_request("CREATE TABLE t(a)");
    cluster.gateway(leader).call(request, api::Access::kAdmin, 20s,
                                 [&](wire::Reply& reply) { status = reply.status(); });
  });
  cluster.kill(leader);
  EXPECT_TRUE(status == wire::STOPPED || status == wire::DONE) << status;
}

TEST(Gateway, KnowsItsSurroundings) {
  RealCluster cluster({.nodes = 3});
  const NodeId leader = cluster.leader();
  api::NodeFacts facts;
  cluster.on_loop([&] { facts = cluster.gateway(leader).facts(); });
  EXPECT_EQ(facts.self, leader);
  EXPECT_EQ(facts.peers.size(), 2u);
  EXPECT_GT(facts.transport.frames_sent, 0u);
  EXPECT_TRUE(std::any_of(facts.peers.begin(), facts.peers.end(),
                          [](const auto& peer) { return peer.second.connected; }));
}

}  // namespace
}  // namespace lockstep::tests
