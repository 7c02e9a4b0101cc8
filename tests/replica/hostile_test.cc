// What peers and clients send by mistake or malice costs them that frame and nobody else anything.
#include <gtest/gtest.h>

#include "core/replica/log.h"
#include "core/replica/raft_wire.h"
#include "tests/replica/stranger.h"
#include "tests/replica/test_cluster.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Purpose kBytes{"test.hostile_bytes"};
constexpr Purpose kFlips{"test.hostile_flips"};

// A cluster with a stranger, whose calls are answered one at a time.
class Hostile {
 public:
  explicit Hostile(std::uint64_t seed) : cluster(seed) {
    stranger = Stranger::enter(cluster.world());
    leader = cluster.leader();
    wire::Request open;
    open.mutable_open_session();
    session = ask(open).session();
  }

  wire::Reply ask(wire::Request& request) { return stranger->ask(cluster.world(), leader, request); }

  wire::Request write_request(const std::string& sql) {
    wire::Request request;
    wire::Write& write = *request.mutable_write()->mutable_write();
    write.set_session(session);
    write.set_sequence(++sequence_);
    write.add_statements()->set_sql(sql);
    return request;
  }
  wire::Reply write(const std::string& sql) {
    wire::Request request = write_request(sql);
    return ask(request);
  }
  sql::Outcome outcome(const std::string& sql) {
    return static_cast<sql::Outcome>(write(sql).write().result().outcome());
  }
  sql::Outcome query(const std::string& sql) {
    wire::Request request;
    request.mutable_query()->mutable_statement()->set_sql(sql);
    return static_cast<sql::Outcome>(ask(request).query().outcome());
  }
  // All members live, agree and serve.
  void expect_unharmed() {
    EXPECT_EQ(cluster.execute("CREATE TABLE IF NOT EXISTS still_here(a)").conclusion,
              client::Conclusion::kDone);
    cluster.world().run_for(seconds(2));
    const auto first = cluster.status(cluster.members()[0]);
    for (const NodeId member : cluster.members()) {
      EXPECT_TRUE(cluster.world().is_alive(member));
      EXPECT_EQ(cluster.status(member).applied_index(), first.applied_index());
      EXPECT_EQ(cluster.status(member).digest(), first.digest());
    }
  }

  TestCluster cluster;
  Stranger* stranger = nullptr;
  NodeId leader;
  std::uint64_t session = 0;

 private:
  std::uint64_t sequence_ = 0;
};

Bytes random_bytes(std::uint64_t object, std::uint64_t size) {
  Bytes bytes;
  for (std::uint64_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(draw(7, kBytes, object, i)));
  return bytes;
}

// A few bits flipped, and sometimes the end cut off.
Bytes damaged(Bytes bytes, std::uint64_t object) {
  for (std::uint64_t i = 0; i < 3 && !bytes.empty(); ++i) {
    const std::uint64_t bits = draw(7, kFlips, object, i);
    bytes[bits % bytes.size()] ^= static_cast<char>(1u << ((bits >> 32) % 8));
  }
  if (draw(7, kFlips, object, 3) % 4 == 0) bytes.resize(bytes.size() / 2);
  return bytes;
}

// ---- requests ----------------------------------------------------------------------------------------

TEST(HostileClient, RandomAndDamagedRequestsHarmNobody) {
  Hostile hostile(31);
  hostile.write("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  const Bytes good =
      hostile.write_request("INSERT INTO t(b) VALUES(randomblob(10)) RETURNING *").SerializeAsString();
  for (std::uint64_t i = 0; i < 500; ++i) {
    hostile.stranger->say(hostile.leader, random_bytes(i, i % 60));
    hostile.stranger->say(hostile.cluster.members()[i % 3], damaged(good, i));
    hostile.cluster.world().run_for(milliseconds(1));
  }
  hostile.expect_unharmed();
}

TEST(HostileClient, StrangeSqlIsAnswered) {
  Hostile hostile(32);
  hostile.write("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  EXPECT_NE(hostile.outcome("PRAGMA journal_mode=DELETE"), sql::Outcome::kOk);
  EXPECT_NE(hostile.outcome("INSERT INTO t VALUES(1, 1); DROP TABLE t"), sql::Outcome::kOk);
  EXPECT_NE(hostile.outcome("COMMIT"), sql::Outcome::kOk);
  EXPECT_EQ(hostile.outcome("WITH RECURSIVE x(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM x) "
                            "INSERT INTO t(b) SELECT i FROM x WHERE i < 0"),
            sql::Outcome::kLimit);
  EXPECT_EQ(
      hostile.query("WITH RECURSIVE x(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM x) SELECT sum(i) FROM x"),
      sql::Outcome::kLimit);
  EXPECT_EQ(hostile.query("WITH RECURSIVE x(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM x LIMIT 1000) "
                          "SELECT hex(zeroblob(1000000)) FROM x"),
            sql::Outcome::kLimit);
  for (const std::string& text :
       {std::string(), std::string("-- nothing"), std::string("SELECT 1\0SELECT", 15),
        std::string(3 << 20, '('), std::string(1000, ';')}) {
    EXPECT_TRUE(hostile.write(text).has_write());
    hostile.query(text);
  }
  hostile.expect_unharmed();
}

TEST(HostileClient, ResultsOfABatchAreBoundedTogether) {
  Hostile hostile(33);
  hostile.write("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  const std::string large = "INSERT INTO t(b) VALUES(1) RETURNING hex(zeroblob(1000000))";
  EXPECT_EQ(hostile.outcome(large), sql::Outcome::kOk);
  wire::Request many = hostile.write_request(large);
  for (int i = 0; i < 100; ++i) many.mutable_write()->mutable_write()->add_statements()->set_sql(large);
  EXPECT_EQ(hostile.ask(many).write().result().outcome(), static_cast<std::uint32_t>(sql::Outcome::kLimit));
  hostile.expect_unharmed();
}

TEST(HostileClient, ColumnNamesCountAsPartOfAResult) {
  Hostile hostile(34);
  const std::string name(200'000, 'n');
  EXPECT_EQ(hostile.outcome(cat("CREATE TABLE t(", name, " INTEGER)")), sql::Outcome::kOk);
  std::string stars = "*";
  for (int i = 0; i < 500; ++i) stars += ", *";
  EXPECT_EQ(hostile.outcome(cat("INSERT INTO t VALUES(1) RETURNING ", stars)), sql::Outcome::kLimit);
  EXPECT_EQ(hostile.query(cat("SELECT ", stars, " FROM t")), sql::Outcome::kLimit);
  hostile.expect_unharmed();
}

// A client that never says which answers it has got back; its row must stay one that SQLite can hold.
TEST(HostileClient, ASessionThatKeepsEveryAnswerLosesTheOldest) {
  Hostile hostile(35);
  hostile.write("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  wire::Request first = hostile.write_request("INSERT INTO t(b) VALUES(1) RETURNING hex(zeroblob(3000000))");
  EXPECT_EQ(hostile.ask(first).write().kind(), wire::WriteOutcome::EXECUTED);
  EXPECT_TRUE(hostile.ask(first).write().deduplicated());
  for (int i = 0; i < 7; ++i)
    EXPECT_EQ(hostile.outcome("INSERT INTO t(b) VALUES(1) RETURNING hex(zeroblob(3000000))"),
              sql::Outcome::kOk);
  EXPECT_EQ(hostile.ask(first).write().kind(), wire::WriteOutcome::SEQUENCE_EXPIRED);
  hostile.expect_unharmed();
}

// The stored answer quotes it, and a retry reads it back.
TEST(HostileClient, AnErrorThatQuotesWhatIsNotUtf8CanBeAnsweredTwice) {
  Hostile hostile(36);
  hostile.write("CREATE TABLE t(a)");
  wire::Request request = hostile.write_request("INSERT INTO t VALUES(json_extract('{}', ?1))");
  request.mutable_write()->mutable_write()->mutable_statements(0)->add_parameters()->set_text("\xff\xfe");
  const wire::Reply refused = hostile.ask(request);
  EXPECT_NE(refused.write().result().outcome(), static_cast<std::uint32_t>(sql::Outcome::kOk));
  EXPECT_NE(refused.write().result().message().find('\xff'), std::string::npos);
  EXPECT_TRUE(hostile.ask(request).write().deduplicated());
  hostile.expect_unharmed();
}

TEST(HostileClient, AWriteTooLargeToReplicateIsRefused) {
  Hostile hostile(37);
  wire::Request request = hostile.write_request(std::string(60 << 20, ' '));
  EXPECT_EQ(hostile.ask(request).status(), wire::BAD_REQUEST);
  wire::Request many = hostile.write_request("SELECT ?1");
  for (int i = 0; i < 1'000'000; ++i)
    many.mutable_write()->mutable_write()->mutable_statements(0)->add_parameters()->set_integer(i);
  EXPECT_NE(hostile.ask(many).write().result().outcome(), static_cast<std::uint32_t>(sql::Outcome::kOk));
  hostile.expect_unharmed();
}

TEST(HostileClient, NumbersAtTheirLimitsAreOrdinaryAnswers) {
  Hostile hostile(38);
  hostile.write("CREATE TABLE t(a)");
  constexpr std::uint64_t kMost = ~0ull;
  const auto with = [&](std::uint64_t session, std::uint64_t sequence, std::uint64_t first_incomplete) {
    wire::Request request = hostile.write_request("INSERT INTO t VALUES(1)");
    wire::Write& write = *request.mutable_write()->mutable_write();
    write.set_session(session);
    write.set_sequence(sequence);
    write.set_first_incomplete(first_incomplete);
    return hostile.ask(request).write().kind();
  };
  EXPECT_EQ(with(kMost, 1, 1), wire::WriteOutcome::SESSION_UNKNOWN);
  EXPECT_EQ(with(hostile.session, kMost, 1), wire::WriteOutcome::EXECUTED);
  EXPECT_EQ(with(hostile.session, 5, 10), wire::WriteOutcome::SEQUENCE_EXPIRED);
  EXPECT_EQ(with(hostile.session, 5, kMost), wire::WriteOutcome::SEQUENCE_EXPIRED);
  wire::Request close;
  close.mutable_close_session()->set_session(kMost);
  EXPECT_EQ(hostile.ask(close).status(), wire::DONE);
  hostile.expect_unharmed();
}

TEST(HostileClient, ARequestLargerThanAFrameFailsInTheClient) {
  TestCluster cluster(39);
  EXPECT_EQ(cluster.execute(std::string(70 << 20, ' ')).conclusion, client::Conclusion::kFailed);
}

// ---- replies -----------------------------------------------------------------------------------------

TEST(HostileServer, RandomAndDamagedRepliesHarmNoClient) {
  const Instant start{seconds(1)};
  client::Client client({.nodes = {NodeId(1), NodeId(2)}, .seed = 3}, start);
  wire::Statement statement;
  statement.set_sql("INSERT INTO t VALUES(1)");
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const Instant now = start + milliseconds(i);
    if (i % 10 == 0) client.write({statement}, {}, now, now + seconds(1));
    wire::Reply reply;
    reply.set_call(i % 40);
    reply.set_status(static_cast<wire::ReplyStatus>(draw(9, kBytes, i, 0) % 40));
    reply.set_leader(draw(9, kBytes, i, 1) % 5);
    if (i % 3 == 0) reply.set_session(i);
    if (i % 3 == 1) reply.mutable_write()->set_kind(static_cast<wire::WriteOutcome::Kind>(i % 7));
    client.on_reply(NodeId(i % 4),
                    i % 2 == 0 ? reply.SerializeAsString() : damaged(reply.SerializeAsString(), i), now);
    client.on_deadline(now);
    client.take_outgoing();
    client.take_completions();
  }
  client.on_deadline(start + seconds(100));
  EXPECT_EQ(client.deadline(), kNever);
}

// ---- peers -------------------------------------------------------------------------------------------

raft::Message message_of(std::uint64_t number, Term term) {
  const auto some = [number](std::uint64_t field) {
    constexpr std::uint64_t kValues[] = {0, 1, 2, 3, 1ull << 40, 1ull << 62, ~0ull - 1, ~0ull};
    return kValues[draw(5, kBytes, number, field) % 8];
  };
  raft::Message message{.from = NodeId(2), .to = NodeId(1), .term = term, .body = {}};
  switch (number % 6) {
    case 0:
      message.body = raft::VoteRequest{some(1) % 2 == 0, some(4) % 2 == 0, LogIndex(some(2)), Term(some(3))};
      break;
    case 1: message.body = raft::VoteResponse{some(1) % 2 == 0, some(2) % 2 == 0}; break;
    case 2:
      message.body = raft::AppendResponse{.success = some(1) % 2 == 0,
                                          .fenced = some(2) % 2 == 0,
                                          .match = LogIndex(some(3)),
                                          .rejected = LogIndex(some(4)),
                                          .hint_index = LogIndex(some(5)),
                                          .hint_term = Term(some(6)),
                                          .round = some(7)};
      break;
    case 3: message.body = raft::ReadIndexRequest{some(1)}; break;
    case 4: message.body = raft::TimeoutNow{}; break;
    default: message.body = raft::ReadIndexResponse{some(1), true, LogIndex(some(2))}; break;
  }
  return message;
}

TEST(HostilePeer, NumbersThatCouldWrapAroundAreRefused) {
  replica::RaftWire wire;
  const auto refused = [&wire](Term term, raft::AppendRequest append) {
    const raft::Message message{NodeId(2), NodeId(1), term, std::move(append)};
    return !wire.decode(NodeId(2), NodeId(1), Bytes(wire.encode(GroupId(1), message, {})));
  };
  EXPECT_FALSE(refused(Term(1), {}));
  EXPECT_TRUE(refused(Term(~0ull), {}));
  EXPECT_TRUE(refused(Term(1), {.previous_index = LogIndex(~0ull)}));
  EXPECT_TRUE(refused(Term(1), {.commit = LogIndex(~0ull)}));
  EXPECT_TRUE(refused(Term(1), {.round = ~0ull}));
  EXPECT_TRUE(refused(Term(1), {.everywhere = LogIndex(~0ull)}));
}

// Answers that were never asked for, with any numbers, in the own term and in all that can come.
TEST(HostilePeer, StrangeAnswersAndRequestsStopNobody) {
  TestCluster cluster(40, 1);
  ASSERT_EQ(cluster.execute("CREATE TABLE t(a)").conclusion, client::Conclusion::kDone);
  raft::Config config{.self = NodeId(1), .voters = {NodeId(1), NodeId(2), NodeId(3)}};
  replica::RaftWire wire;
  for (std::uint64_t round = 0; round < 20; ++round) {
    raft::Core core(config, raft::Restored{}, Instant{});
    raft::Effects effects;
    Instant now{};
    for (std::uint64_t i = 0; i < 300; ++i) {
      now += milliseconds(draw(6, kBytes, round, i) % 100);
      if (core.deadline() <= now) core.step({now, raft::DeadlineReached{}}, effects);
      if (effects.persist) core.step({now, raft::Persisted{effects.persist->ticket}}, effects);
      const std::uint64_t kind = draw(6, kBytes, round, i + 1000) % 4;
      const Term own = core.view().term;
      const Term term = kind == 0 ? own : kind == 1 ? own.next() : kind == 2 ? Term(1) : Term(1ull << 61);
      const raft::Message message = message_of(round * 1000 + i, i < 250 && kind == 3 ? own : term);
      const auto decoded = wire.decode(message.from, message.to, Bytes(wire.encode(GroupId(1), message, {})));
      if (decoded) core.step({now, decoded->message}, effects);
      if (effects.persist) core.step({now, raft::Persisted{effects.persist->ticket}}, effects);
    }
    EXPECT_LE(core.view().term, Term((1ull << 62) + 1));
  }
}

TEST(HostilePeer, RandomAndDamagedFramesAreDroppedOrDecoded) {
  replica::RaftWire wire;
  raft::AppendRequest append{
      .previous_index = LogIndex(3), .previous_term = Term(1), .entries = {}, .commit = LogIndex(3)};
  for (std::uint64_t i = 4; i < 8; ++i)
    append.entries.push_back(
        {LogIndex(i), Term(2), raft::EntryKind::kCommand, SharedBytes(Bytes("command"))});
  const Bytes good(wire.encode(GroupId(1), {NodeId(2), NodeId(1), Term(2), append}, {}));
  std::size_t decoded = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    decoded += wire.decode(NodeId(2), NodeId(1), damaged(good, i)).has_value();
    decoded += wire.decode(NodeId(2), NodeId(1), random_bytes(i, i % 50)).has_value();
  }
  EXPECT_GT(decoded, 0u);
  EXPECT_LT(decoded, 10'000u);
}

}  // namespace
}  // namespace lockstep::tests
