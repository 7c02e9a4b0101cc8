// What every protocol of a node must give: the same bodies over all of them.
#include <cstring>
#include <limits>

#include "tests/api/protocol.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kOk = 1, kConstraint = 2, kSqlError = 3, kRefused = 4, kLimit = 5,
                        kVersionConflict = 6;

class Contract : public testing::TestWithParam<ProtocolKind> {
 protected:
  // Three members unless said otherwise; `leader_` is asked by default.
  void begin(ClusterOptions options = {}) {
    cluster_ = std::make_unique<RealCluster>(std::move(options));
    protocol_ = GetParam().make();
    protocol_->open(*cluster_);
    leader_ = cluster_->leader();
    at_leader_ = connect(leader_);
  }
  std::unique_ptr<Caller> connect(NodeId node, const std::string& token = {}) {
    return protocol_->connect(*cluster_, node, token);
  }
  wire::Reply ask(const wire::Request& request) { return at_leader_->ask(request).reply; }
  wire::WriteOutcome execute(const std::string& sql) {
    const wire::Reply reply = ask(write_request(sql));
    EXPECT_EQ(reply.status(), wire::DONE) << sql << ": " << reply.message();
    return reply.write();
  }
  std::int64_t count(const std::string& table) {
    const wire::Reply reply = ask(query_request("SELECT count(*) FROM " + table));
    EXPECT_EQ(reply.query().rows().rows_size(), 1) << reply.query().message();
    return reply.query().rows().rows_size() == 1 ? reply.query().rows().rows(0).values(0).integer() : -1;
  }
  // Polls: for what becomes true by itself.
  static bool soon(const std::function<bool()>& holds) {
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }

  std::unique_ptr<RealCluster> cluster_;
  std::unique_ptr<Protocol> protocol_;
  NodeId leader_;
  std::unique_ptr<Caller> at_leader_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, Contract,
                         testing::Values(native_protocol(), grpc_protocol(), http_protocol()),
                         [](const auto& kind) { return kind.param.name; });

wire::Value integer(std::int64_t value) {
  wire::Value out;
  out.set_integer(value);
  return out;
}
wire::Value real(double value) {
  wire::Value out;
  out.set_real(value);
  return out;
}
wire::Value text(std::string value) {
  wire::Value out;
  out.set_text(std::move(value));
  return out;
}
wire::Value blob(std::string value) {
  wire::Value out;
  out.set_blob(std::move(value));
  return out;
}

wire::Request batch(const std::vector<std::string>& statements) {
  wire::Request request;
  for (const std::string& sql : statements)
    request.mutable_write()->mutable_write()->add_statements()->set_sql(sql);
  return request;
}

TEST_P(Contract, AWriteIsReadBack) {
  begin({.nodes = 1});
  execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  const wire::WriteOutcome outcome = execute("INSERT INTO t(a) VALUES('x'), ('y') RETURNING id, a");
  ASSERT_EQ(outcome.kind(), wire::WriteOutcome::EXECUTED);
  ASSERT_EQ(outcome.result().outcome(), kOk);
  EXPECT_GT(outcome.index(), 0u);
  const wire::StatementResult& inserted = outcome.result().statements(0);
  EXPECT_EQ(inserted.changes(), 2);
  EXPECT_EQ(inserted.last_insert_rowid(), 2);
  EXPECT_EQ(inserted.rows().columns(1), "a");
  EXPECT_EQ(inserted.rows().rows(1).values(1).text(), "y");
  const wire::Reply read = ask(query_request("SELECT id AS number, a FROM t ORDER BY id"));
  ASSERT_EQ(read.query().outcome(), kOk);
  EXPECT_EQ(read.query().rows().columns(0), "number");
  EXPECT_EQ(read.query().rows().rows_size(), 2);
  EXPECT_GE(read.query().applied(), outcome.index());
}

TEST_P(Contract, ABatchIsAllOrNothing) {
  begin({.nodes = 1});
  execute("CREATE TABLE t(a UNIQUE)");
  const wire::Reply fine = ask(batch({"INSERT INTO t VALUES(1)", "INSERT INTO t VALUES(2)"}));
  EXPECT_EQ(fine.write().result().statements_size(), 2);
  const wire::Reply half = ask(batch({"INSERT INTO t VALUES(3)", "INSERT INTO t VALUES(1)"}));
  ASSERT_EQ(half.status(), wire::DONE);
  EXPECT_EQ(half.write().result().outcome(), kConstraint);
  EXPECT_EQ(half.write().result().failed_statement(), 1u);
  EXPECT_EQ(count("t"), 2);
}

TEST_P(Contract, ValuesOfEveryTypeComeBackAsTheyWere) {
  begin({.nodes = 1});
  execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  using Limits = std::numeric_limits<std::int64_t>;
  const std::vector<wire::Value> values = {wire::Value(),
                                           integer(0),
                                           integer(-1),
                                           integer(Limits::min()),
                                           integer(Limits::max()),
                                           integer((1ll << 53) + 1),
                                           real(0.1),
                                           real(-1.5e308),
                                           real(5e-324),
                                           real(3.0),
                                           text(""),
                                           text("plain"),
                                           text("grüße \xF0\x9F\x98\x80"),
                                           text(std::string("a\0b", 3)),
                                           text("\xFF\xFE not UTF-8 \x80"),
                                           text("\"quoted\\\" \n\x01"),
                                           blob(""),
                                           blob(std::string("\0\x01\xFF", 3)),
                                           blob(std::string(100'000, '\xAB'))};
  for (std::size_t at = 0; at < values.size(); ++at) {
    wire::Request request = write_request("INSERT INTO t(id, v) VALUES(?1, ?2)");
    wire::Statement& statement = *request.mutable_write()->mutable_write()->mutable_statements(0);
    *statement.add_parameters() = integer(static_cast<std::int64_t>(at));
    *statement.add_parameters() = values[at];
    const wire::Reply reply = ask(request);
    ASSERT_EQ(reply.write().result().outcome(), kOk) << at << ": " << reply.ShortDebugString();
  }
  const wire::Reply read = ask(query_request("SELECT v FROM t ORDER BY id"));
  ASSERT_EQ(read.query().rows().rows_size(), static_cast<int>(values.size())) << read.query().message();
  for (std::size_t at = 0; at < values.size(); ++at)
    EXPECT_EQ(read.query().rows().rows(static_cast<int>(at)).values(0).SerializeAsString(),
              values[at].SerializeAsString())
        << at;
}

TEST_P(Contract, AnAnswerOfManyRowsIsWhole) {
  begin({.nodes = 1});
  const wire::Reply read =
      ask(query_request("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                        "SELECT i, 'row ' || i FROM n"));
  ASSERT_EQ(read.query().rows().rows_size(), 5000) << read.query().message();
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(read.query().rows().rows(i).values(0).integer(), i + 1);
  const wire::Reply none = ask(query_request("SELECT 1 AS one WHERE false"));
  EXPECT_EQ(none.query().rows().rows_size(), 0);
  EXPECT_EQ(none.query().rows().columns_size(), 1);
}

TEST_P(Contract, ReadsAtAFollowerAreConfirmedOrLocal) {
  begin();
  const auto at_follower = connect(cluster_->follower());
  execute("CREATE TABLE t(a)");
  for (int i = 1; i <= 5; ++i) {
    execute("INSERT INTO t VALUES(1)");
    const wire::Reply read = at_follower->ask(query_request("SELECT count(*) FROM t")).reply;
    ASSERT_EQ(read.status(), wire::DONE) << read.message();
    EXPECT_EQ(read.query().rows().rows(0).values(0).integer(), i);
  }
  const wire::Reply local = at_follower->ask(query_request("SELECT count(*) FROM t", wire::LOCAL)).reply;
  ASSERT_EQ(local.query().outcome(), kOk);
  EXPECT_EQ(local.query().rows().rows(0).values(0).integer(), 5);  // the reads above waited for it
  EXPECT_GT(local.query().staleness_ns(), 0u);
  EXPECT_EQ(ask(query_request("SELECT 1", wire::LOCAL)).query().staleness_ns(), 0u);
}

TEST_P(Contract, VersionsCountWritesAndGuardThem) {
  begin();
  const auto at_follower = connect(cluster_->follower());
  execute("CREATE TABLE t(a)");
  const wire::WriteOutcome outcome = execute("INSERT INTO t VALUES(1)");
  ASSERT_EQ(outcome.result().versions_size(), 1);
  EXPECT_EQ(outcome.result().versions(0).table(), "t");
  const std::uint64_t version = outcome.result().versions(0).version();
  wire::Request get;
  get.mutable_get_version()->set_table("t");
  EXPECT_EQ(ask(get).version(), version);
  EXPECT_TRUE(soon([&] { return at_follower->ask(get).reply.version() == version; }));
  get.mutable_get_version()->set_table("nobody wrote it");
  EXPECT_EQ(ask(get).status(), wire::DONE);
  EXPECT_EQ(ask(get).version(), 0u);

  wire::Request guarded = write_request("INSERT INTO t VALUES(2)");
  wire::TableVersion& expected = *guarded.mutable_write()->mutable_write()->add_expected();
  expected.set_table("t");
  expected.set_version(version);
  EXPECT_EQ(ask(guarded).write().result().outcome(), kOk);
  const wire::Reply conflict = ask(guarded);
  EXPECT_EQ(conflict.status(), wire::DONE);
  EXPECT_EQ(conflict.write().result().outcome(), kVersionConflict);
  EXPECT_EQ(count("t"), 2);
}

TEST_P(Contract, ARetryInASessionIsAnsweredFromTheRecord) {
  begin();
  execute("CREATE TABLE t(a)");
  wire::Request open;
  open.mutable_open_session();
  const std::uint64_t session = ask(open).session();
  ASSERT_GT(session, 0u);
  wire::Request request = write_request("INSERT INTO t VALUES(1)");
  wire::Write& write = *request.mutable_write()->mutable_write();
  write.set_session(session);
  write.set_sequence(1);
  const wire::Reply first = ask(request);
  EXPECT_FALSE(first.write().deduplicated());
  const wire::Reply again = ask(request);
  EXPECT_TRUE(again.write().deduplicated());
  EXPECT_EQ(again.write().result().outcome(), kOk);
  EXPECT_EQ(count("t"), 1);
  write.set_sequence(2);
  write.set_first_incomplete(2);
  EXPECT_EQ(ask(request).write().kind(), wire::WriteOutcome::EXECUTED);
  write.set_sequence(1);
  EXPECT_EQ(ask(request).write().kind(), wire::WriteOutcome::SEQUENCE_EXPIRED);
  wire::Request close;
  close.mutable_close_session()->set_session(session);
  EXPECT_EQ(ask(close).status(), wire::DONE);
  write.set_sequence(3);
  EXPECT_EQ(ask(request).write().kind(), wire::WriteOutcome::SESSION_UNKNOWN);
  EXPECT_EQ(count("t"), 2);
}

TEST_P(Contract, AStrongWriteIsDurableAtEveryVoter) {
  begin();
  wire::Request request = write_request("CREATE TABLE t(a)");
  request.mutable_write()->set_mode(wire::STRONG);
  EXPECT_EQ(ask(request).write().result().outcome(), kOk);
}

wire::Request paused_write(const std::string& sql, std::uint32_t milliseconds) {
  wire::Request request = write_request(sql);
  request.mutable_write()->set_pause_before_commit_ms(milliseconds);
  return request;
}

// A two-phase write is two entries of the log.
TEST_P(Contract, AWriteMayAskForAPauseOfItsOwn) {
  begin();
  const std::uint64_t before = execute("CREATE TABLE t(a)").index();
  const auto asked = std::chrono::steady_clock::now();
  const wire::Reply paused = ask(paused_write("INSERT INTO t VALUES(1)", 200));
  EXPECT_GE(std::chrono::steady_clock::now() - asked, 200ms);
  ASSERT_EQ(paused.status(), wire::DONE) << paused.message();
  EXPECT_EQ(paused.write().result().outcome(), kOk);
  EXPECT_EQ(execute("INSERT INTO t VALUES(2)").index(), before + 3);
  const wire::Reply endless = ask(paused_write("INSERT INTO t VALUES(3)", 60'001));
  EXPECT_EQ(endless.status(), wire::BAD_REQUEST);
  EXPECT_EQ(endless.message(), "expected a pause of at most 60000 ms");
  EXPECT_EQ(count("t"), 2);
}

TEST_P(Contract, APauseOfZeroReplacesTheClusters) {
  begin({.pause_before_commit = 20ms});
  execute("CREATE TABLE t(a)");
  const std::uint64_t before = ask(paused_write("INSERT INTO t VALUES(1)", 0)).write().index();
  EXPECT_EQ(ask(paused_write("INSERT INTO t VALUES(2)", 0)).write().index(), before + 1);
  execute("INSERT INTO t VALUES(3)");
  EXPECT_EQ(ask(paused_write("INSERT INTO t VALUES(4)", 0)).write().index(), before + 4);
}

TEST_P(Contract, AFollowerNamesTheLeader) {
  begin();
  const auto at_follower = connect(cluster_->follower());
  wire::Request open;
  open.mutable_open_session();
  for (const wire::Request& request : {write_request("CREATE TABLE t(a)"), open}) {
    const wire::Reply reply = at_follower->ask(request).reply;
    EXPECT_EQ(reply.status(), wire::NOT_LEADER) << reply.message();
    EXPECT_EQ(NodeId(reply.leader()), leader_);
  }
}

TEST_P(Contract, WithoutALeaderWritesAndConfirmedReadsFailAndLocalReadsDoNot) {
  begin();
  execute("CREATE TABLE t(a)");
  const NodeId survivor = cluster_->follower();
  const auto at_survivor = connect(survivor);
  ASSERT_TRUE(soon([&] {
    return at_survivor->ask(query_request("SELECT count(*) FROM t", wire::LOCAL)).reply.query().outcome() ==
           kOk;
  }));
  for (const NodeId node : cluster_->members())
    if (node != survivor) cluster_->kill(node);
  EXPECT_TRUE(soon([&] {
    return at_survivor->ask(write_request("INSERT INTO t VALUES(1)")).reply.status() == wire::NO_LEADER;
  }));
  EXPECT_EQ(at_survivor->ask(query_request("SELECT 1")).reply.status(), wire::NO_LEADER);
  const wire::Reply local = at_survivor->ask(query_request("SELECT count(*) FROM t", wire::LOCAL)).reply;
  EXPECT_EQ(local.query().rows().rows(0).values(0).integer(), 0);
}

TEST_P(Contract, WhatSqlSaysIsAnOutcomeNotAFailure) {
  begin({.nodes = 1});
  execute("CREATE TABLE t(a UNIQUE)");
  execute("INSERT INTO t VALUES(1)");
  const wire::WriteOutcome constraint = execute("INSERT INTO t VALUES(1)");
  EXPECT_EQ(constraint.result().outcome(), kConstraint);
  EXPECT_NE(constraint.result().message(), "");
  EXPECT_EQ(execute("INSERT INTO nowhere VALUES(1)").result().outcome(), kSqlError);
  EXPECT_EQ(execute("complete nonsense").result().outcome(), kSqlError);
  EXPECT_EQ(execute("ATTACH 'x' AS y").result().outcome(), kRefused);
  const wire::Reply bad_query = ask(query_request("SELECT nothing FROM nowhere"));
  EXPECT_EQ(bad_query.status(), wire::DONE);
  EXPECT_EQ(bad_query.query().outcome(), kSqlError);
  EXPECT_NE(ask(query_request("INSERT INTO t VALUES(7)")).query().outcome(), kOk);
  EXPECT_EQ(count("t"), 1);
}

TEST_P(Contract, WhatCanNeverBeAcceptedIsRefusedForGood) {
  begin({.nodes = 1});
  execute("CREATE TABLE t(a)");
  wire::Request empty;
  empty.mutable_write()->mutable_write();
  EXPECT_EQ(ask(empty).status(), wire::BAD_REQUEST);
  wire::Request unnumbered = write_request("INSERT INTO t VALUES(1)");
  unnumbered.mutable_write()->mutable_write()->set_session(1);
  EXPECT_EQ(ask(unnumbered).status(), wire::BAD_REQUEST);
  const wire::Request huge = write_request("INSERT INTO t VALUES('" + std::string(17 << 20, 'x') + "')");
  EXPECT_EQ(ask(huge).status(), wire::BAD_REQUEST);
  EXPECT_EQ(count("t"), 0);
}

TEST_P(Contract, ALargeValueIsFineAndALargeTextOfSqlIsAnOutcome) {
  begin({.nodes = 1});
  execute("CREATE TABLE t(a)");
  constexpr std::size_t kSize = 5 << 20;  // more than a message of gRPC may have by default
  wire::Request request = write_request("INSERT INTO t VALUES(?1)");
  *request.mutable_write()->mutable_write()->mutable_statements(0)->add_parameters() =
      text(std::string(kSize, 'x'));
  EXPECT_EQ(ask(request).write().result().outcome(), kOk);
  const wire::Reply read = ask(query_request("SELECT a FROM t"));
  ASSERT_EQ(read.query().rows().rows_size(), 1) << read.query().message();
  EXPECT_EQ(read.query().rows().rows(0).values(0).text().size(), kSize);
  EXPECT_EQ(execute("INSERT INTO t VALUES('" + std::string(2 << 20, 'x') + "')").result().outcome(), kLimit);
}

TEST_P(Contract, StatusSaysWhoLeads) {
  begin();
  wire::Request request;
  request.mutable_status();
  const wire::StatusReply leads = ask(request).node_status();
  EXPECT_EQ(NodeId(leads.node()), leader_);
  EXPECT_EQ(NodeId(leads.leader()), leader_);
  EXPECT_EQ(leads.role(), 4u);
  EXPECT_GT(leads.term(), 0u);
  EXPECT_GT(leads.commit_index(), 0u);
  const NodeId follower = cluster_->follower();
  const wire::StatusReply follows = connect(follower)->ask(request).reply.node_status();
  EXPECT_EQ(NodeId(follows.node()), follower);
  EXPECT_EQ(follows.role(), 1u);
  EXPECT_EQ(NodeId(follows.leader()), leader_);
}

TEST_P(Contract, ATokenOpensTheDoorAndItsRoleSaysHowFar) {
  auto tokens = std::make_shared<api::TokenTable>();
  tokens->add_token("reader", api::Access::kRead, "look");
  tokens->add_token("writer", api::Access::kWrite, "touch");
  begin({.nodes = 1, .tokens = tokens});
  const wire::Request query = query_request("SELECT 1");
  const wire::Request write = write_request("CREATE TABLE t(a)");
  EXPECT_FALSE(connect(leader_)->ask(query).let_in);
  EXPECT_FALSE(connect(leader_, "wrong")->ask(query).let_in);
  const auto reader = connect(leader_, "look");
  EXPECT_EQ(reader->ask(query).reply.status(), wire::DONE);
  EXPECT_EQ(reader->ask(write).reply.status(), wire::FORBIDDEN);
  const auto writer = connect(leader_, "touch");
  EXPECT_EQ(writer->ask(write).reply.status(), wire::DONE);
  EXPECT_EQ(writer->ask(query).reply.status(), wire::DONE);
}

}  // namespace
}  // namespace lockstep::tests
