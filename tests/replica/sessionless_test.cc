// Writes of no session: executed once per attempt, never mistaken for one another.
#include <gtest/gtest.h>

#include "tests/replica/stranger.h"
#include "tests/replica/test_cluster.h"

namespace lockstep::tests {
namespace {

wire::Request insert(std::uint64_t session, std::uint64_t sequence) {
  wire::Request request;
  wire::Write& write = *request.mutable_write()->mutable_write();
  write.set_session(session);
  write.set_sequence(sequence);
  write.add_statements()->set_sql("INSERT INTO t(a) VALUES(1)");
  return request;
}

std::int64_t rows_of(const client::Completion& done) {
  return done.reply.query().rows().rows(0).values(0).integer();
}

class SessionlessWrites : public testing::TestWithParam<wire::WriteMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, SessionlessWrites, testing::Values(wire::QUORUM, wire::STRONG));

TEST_P(SessionlessWrites, AreExecutedOncePerAttempt) {
  service::NodeConfig config;
  config.write_mode = GetParam();
  TestCluster cluster(71, 3, config);
  Stranger* stranger = Stranger::enter(cluster.world());
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    wire::Request request = insert(0, 0);
    const wire::Reply reply = stranger->ask(cluster.world(), cluster.leader(), request);
    EXPECT_EQ(reply.status(), wire::DONE);
    EXPECT_EQ(reply.write().kind(), wire::WriteOutcome::EXECUTED);
    EXPECT_FALSE(reply.write().deduplicated());
    EXPECT_EQ(reply.write().result().statements(0).last_insert_rowid(), attempt);
  }
  EXPECT_EQ(rows_of(cluster.query("SELECT count(*) FROM t")), 3);
  cluster.world().run_for(std::chrono::seconds(1));
  const auto digest = cluster.node(NodeId(1)).replica().digest();
  for (const NodeId member : cluster.members()) EXPECT_EQ(cluster.node(member).replica().digest(), digest);
}

TEST(SessionlessWrite, NeedsNeitherSessionNorSequence) {
  TestCluster cluster(72);
  Stranger* stranger = Stranger::enter(cluster.world());
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  const NodeId leader = cluster.leader();
  wire::Request open;
  open.mutable_open_session();
  const std::uint64_t session = stranger->ask(cluster.world(), leader, open).session();
  wire::Request unnumbered = insert(session, 0);
  EXPECT_EQ(stranger->ask(cluster.world(), leader, unnumbered).status(), wire::BAD_REQUEST);
  wire::Request nameless = insert(0, 1);
  EXPECT_EQ(stranger->ask(cluster.world(), leader, nameless).write().kind(),
            wire::WriteOutcome::SESSION_UNKNOWN);
  EXPECT_EQ(rows_of(cluster.query("SELECT count(*) FROM t")), 0);
}

}  // namespace
}  // namespace lockstep::tests
