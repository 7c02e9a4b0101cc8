// Stories of a standalone node: the same protocol and rules as in a cluster, group commit, reads beside
// writes.
#include <gtest/gtest.h>

#include "core/raft/types.h"
#include "tests/replica/completions.h"
#include "tests/replica/stranger.h"
#include "tests/replica/test_standalone.h"

namespace lockstep::tests {
namespace {

using std::chrono::seconds;

TEST(Standalone, ServesTheWholeProtocol) {
  TestStandalone alone(1);
  expect_executed(alone.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, r DEFAULT (random()))"));
  expect_executed(alone.execute("INSERT INTO t(a) VALUES(1)"));
  expect_executed(alone.execute("INSERT INTO t(a) VALUES(2)", {.expected = {}, .mode = wire::STRONG}));
  EXPECT_EQ(first_integer(alone.query("SELECT count(*) FROM t")), 2);
  EXPECT_EQ(first_integer(alone.query("SELECT count(*) FROM t", {.level = wire::LOCAL, .at = {}})), 2);
  EXPECT_EQ(alone.version("t"), 3u);
  EXPECT_EQ(alone.version("nothing"), 0u);
  for (const auto what : {wire::Maintain::VACUUM, wire::Maintain::ANALYZE})
    EXPECT_EQ(alone.maintain(what).conclusion, client::Conclusion::kDone);
  const wire::StatusReply status = alone.status();
  EXPECT_EQ(status.role(), static_cast<std::uint32_t>(raft::Role::kLeader));
  EXPECT_EQ(NodeId(status.leader()), TestStandalone::kNode);
  EXPECT_EQ(status.applied_index(), status.last_index());
  EXPECT_TRUE(status.can_serve());
  EXPECT_EQ(alone.node().database().durable(), alone.node().database().applied());
}

// A VACUUM takes as long as it takes; each attempt of a client that waits would have it done once more.
TEST(Standalone, MaintenanceThatIsAskedForAgainWhileItIsUnderWayIsDoneOnce) {
  TestStandalone alone(5);
  Stranger* stranger = Stranger::enter(alone.world());
  alone.execute("CREATE TABLE t(a)");
  const std::uint64_t before = alone.status().last_index();
  wire::Request vacuum;
  vacuum.set_call(7);
  vacuum.mutable_maintain()->set_what(wire::Maintain::VACUUM);
  for (int attempt = 0; attempt < 5; ++attempt) stranger->say(TestStandalone::kNode, vacuum.SerializeAsString());
  alone.world().run_for(seconds(1));
  ASSERT_EQ(stranger->replies.size(), 1u);
  EXPECT_EQ(stranger->replies.front().status(), wire::DONE);
  EXPECT_EQ(alone.status().last_index(), before + 1);
  // It is over: the next one is another.
  stranger->say(TestStandalone::kNode, vacuum.SerializeAsString());
  alone.world().run_for(seconds(1));
  EXPECT_EQ(alone.status().last_index(), before + 2);
}

TEST(Standalone, RefusesWhatAClusterRefuses) {
  TestStandalone alone(2);
  alone.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)");
  const auto outcome = [&](const std::string& sql, client::WriteOptions options = {}) {
    return static_cast<sql::Outcome>(alone.execute(sql, std::move(options)).reply.write().result().outcome());
  };
  EXPECT_EQ(outcome("PRAGMA synchronous=OFF"), sql::Outcome::kRefused);
  EXPECT_EQ(outcome("ATTACH 'x' AS y"), sql::Outcome::kRefused);
  EXPECT_EQ(outcome("INSERT INTO missing VALUES(1)"), sql::Outcome::kSqlError);
  wire::TableVersion stale;
  stale.set_table("t");
  stale.set_version(7);
  EXPECT_EQ(outcome("INSERT INTO t VALUES(1)", {.expected = {stale}, .mode = {}}),
            sql::Outcome::kVersionConflict);
  EXPECT_EQ(alone.version("t"), 1u);
}

TEST(Standalone, AnswersARetryFromTheSessionAlsoAfterPowerLoss) {
  TestStandalone alone(3);
  Stranger* stranger = Stranger::enter(alone.world());
  alone.execute("CREATE TABLE t(a)");
  wire::Request open;
  open.mutable_open_session();
  const std::uint64_t session = stranger->ask(alone.world(), TestStandalone::kNode, open).session();
  wire::Request insert;
  wire::Write& write = *insert.mutable_write()->mutable_write();
  write.set_session(session);
  write.set_sequence(1);
  write.add_statements()->set_sql("INSERT INTO t VALUES(1)");
  EXPECT_FALSE(stranger->ask(alone.world(), TestStandalone::kNode, insert).write().deduplicated());
  alone.world().power_loss(TestStandalone::kNode);
  alone.world().start(TestStandalone::kNode);
  alone.world().run_for(seconds(1));
  EXPECT_TRUE(stranger->ask(alone.world(), TestStandalone::kNode, insert).write().deduplicated());
  write.set_session(0);
  write.set_sequence(0);
  EXPECT_FALSE(stranger->ask(alone.world(), TestStandalone::kNode, insert).write().deduplicated());
  EXPECT_EQ(first_integer(alone.query("SELECT count(*) FROM t")), 2);
}

class FullDisk final : public sim::DiskFaults {
 public:
  sim::DiskFault on_call(const sim::DiskCall& call) override {
    return call.operation == sim::DiskOperation::kWrite ? sim::DiskFault::kNoSpace : sim::DiskFault::kNone;
  }
};

TEST(Standalone, AFullDiskStopsTheNodeWithASentenceAndLosesNothing) {
  TestStandalone alone(4);
  Stranger* stranger = Stranger::enter(alone.world());
  expect_executed(alone.execute("CREATE TABLE t(a)"));
  FullDisk full;
  alone.world().disk(TestStandalone::kNode).set_faults(&full);
  wire::Request insert;
  insert.mutable_write()->mutable_write()->add_statements()->set_sql("INSERT INTO t VALUES(1)");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const wire::Reply reply = stranger->ask(alone.world(), TestStandalone::kNode, insert);
    EXPECT_EQ(reply.status(), wire::STOPPED);
    EXPECT_NE(reply.message().find("this node has stopped "), std::string::npos) << reply.message();
  }
  alone.world().disk(TestStandalone::kNode).set_faults(nullptr);
  alone.world().kill(TestStandalone::kNode);
  alone.world().start(TestStandalone::kNode);
  expect_executed(alone.execute("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(first_integer(alone.query("SELECT max(a) FROM t")), 2);
}

TEST(Standalone, AWalWithoutItsDatabaseIsNotThrownAway) {
  for (const bool is_empty : {false, true}) {
    TestStandalone alone(7);
    expect_executed(alone.execute("CREATE TABLE t(a)"));
    alone.world().kill(TestStandalone::kNode);
    sim::DiskImage& disk = alone.world().disk(TestStandalone::kNode);
    const auto size = [&] { return *(*disk.open("db/main.sqlite-wal", env::OpenMode::kMustExist))->size(); };
    const std::uint64_t wal = size();
    ASSERT_GT(wal, 0u);
    ASSERT_TRUE(disk.remove("db/main.sqlite"));
    if (is_empty) {
      ASSERT_TRUE(disk.open("db/main.sqlite", env::OpenMode::kCreateNew));
    }
    alone.world().start(TestStandalone::kNode);
    alone.world().run_for(seconds(1));
    const Error* failure = alone.node().failure();
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->code, ErrorCode::kCorrupt);
    EXPECT_NE(failure->message.find("db/main.sqlite-wal"), std::string::npos) << failure->message;
    EXPECT_EQ(size(), wal);
  }
}

TEST(Standalone, CountsItsTransactions) {
  TestStandalone alone(8);
  expect_executed(alone.execute("CREATE TABLE t(a)"));
  const std::uint64_t before = alone.status().applied_entries();
  expect_executed(alone.execute("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(alone.status().applied_entries(), before + 1);
  EXPECT_GE(alone.status().applied_batches(), 2u);
}

// ---- group commit -----------------------------------------------------------------------------------------

// How many syncs the disk saw for `total` writes of which `outstanding` were always under way.
std::uint64_t syncs_for(std::size_t total, std::size_t outstanding) {
  TestStandalone alone(5);
  expect_executed(alone.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)"));
  const std::uint64_t before = alone.world().disk(TestStandalone::kNode).counters().syncs;
  std::size_t begun = 0;
  std::size_t done = 0;
  std::function<void()> next = [&] {
    if (begun == total) return;
    const std::string insert = cat("INSERT INTO t VALUES(", begun++, ")");
    alone.client().write({statement(insert)}, {}, seconds(60), [&](const client::Completion& completion) {
      expect_executed(completion);
      ++done;
      next();
    });
  };
  for (std::size_t i = 0; i < outstanding; ++i) next();
  while (done < total && alone.world().step()) {
  }
  return alone.world().disk(TestStandalone::kNode).counters().syncs - before;
}

TEST(Standalone, OneWriterPaysOneSyncPerWrite) {
  const std::uint64_t syncs = syncs_for(200, 1);
  EXPECT_GE(syncs, 200u);
  EXPECT_LE(syncs, 210u);  // and a checkpoint's
}

TEST(Standalone, WritersThatCameTogetherShareASync) {
  EXPECT_LE(syncs_for(1600, 16), 400u);
  EXPECT_LE(syncs_for(1600, 64), 120u);
}

// ---- reads beside writes ----------------------------------------------------------------------------------

TEST(Standalone, SixtyFourClientsNeverMeetALockedDatabase) {
  service::StandaloneConfig config;
  config.apply.sql.checkpoint_frames = 20;
  config.apply.readers = 4;
  TestStandalone alone(6, config);
  expect_executed(alone.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b)"));
  constexpr std::size_t kClients = 64;
  constexpr std::int64_t kEach = 20;
  std::int64_t written = 0;
  std::int64_t read = 0;
  std::function<void(std::size_t, std::int64_t)> turn = [&](std::size_t who, std::int64_t round) {
    if (round == kEach) return;
    const auto key = static_cast<std::int64_t>(who) * kEach + round;
    alone.client().write({statement(cat("INSERT INTO t VALUES(", key, ", zeroblob(500))"))}, {}, seconds(60),
                         [&, who, round](const client::Completion& completion) {
                           expect_executed(completion);
                           ++written;
                           turn(who, round + 1);
                         });
    const std::int64_t acknowledged = written;
    alone.client().query(statement("SELECT count(*) FROM t"), {}, seconds(60),
                         [&, acknowledged](const client::Completion& completion) {
                           EXPECT_EQ(completion.reply.query().outcome(), 1u)
                               << completion.reply.ShortDebugString();
                           EXPECT_GE(first_integer(completion), acknowledged);
                           ++read;
                         });
  };
  for (std::size_t who = 0; who < kClients; ++who) turn(who, 0);
  while ((written < 64 * kEach || read < 64 * kEach) && alone.world().step()) {
  }
  EXPECT_EQ(first_integer(alone.query("SELECT count(*) FROM t")), 64 * kEach);
}

}  // namespace
}  // namespace lockstep::tests
