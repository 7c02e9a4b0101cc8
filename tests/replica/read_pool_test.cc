// Stories about who reads next: clients take turns, and nobody fills the queue for everybody.
#include "core/replica/read_pool.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "core/service/waiting_reads.h"
#include "sim/disk_image.h"

namespace lockstep::tests {
namespace {

// Runs a job when it is told to.
class PatientLanes final : public env::Lanes {
 public:
  void submit(env::LaneId, std::unique_ptr<env::Job> job) override { jobs_.push_back(std::move(job)); }
  bool run_one() {
    if (jobs_.empty()) return false;
    const std::unique_ptr<env::Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    job->run();
    job->done();
    return true;
  }

 private:
  std::deque<std::unique_ptr<env::Job>> jobs_;
};

class NoParticipant final : public sql::Participant {
 public:
  void reset() override {}
  void row(std::uint32_t, BytesView, BytesView) override {}
  void flush(sql::StateWriter&) override {}
};

constexpr NodeId kGreedy{100};
constexpr NodeId kModest{200};

// A pool of one reader over an empty database.
class ReadPool : public testing::Test {
 protected:
  void SetUp() override {
    sql::initialise_sqlite(7);
    auto machine = database_->open_machine(participant_);
    ASSERT_TRUE(machine);
    machine_ = *std::move(machine);
  }

 private:
  sim::DiskImage disk_{1};
  NoParticipant participant_;
  std::unique_ptr<sql::Database> database_ = sql::Database::create(disk_, {});
  std::unique_ptr<sql::Machine> machine_;

 protected:
  PatientLanes lanes;
  replica::ReadPool pool{lanes, *database_, 1};
};

TEST_F(ReadPool, AClientWithManyHeavyQueriesDoesNotKeepAnotherFromItsTurn) {
  std::string answered;
  const auto ask = [&](NodeId client, const std::string& sql, char sign, std::int64_t expected) {
    pool.submit(client, {sql, {}}, std::make_shared<sql::Withdrawal>(),
                [&answered, sign, expected](const Result<sql::QueryResult>& result) {
                  ASSERT_TRUE(result);
                  EXPECT_EQ(result->outcome, sql::Outcome::kOk) << result->message;
                  // What another left over is asked again, and is still that query.
                  EXPECT_EQ(result->rows.rows, (std::vector<std::vector<sql::Value>>{{expected}})) << sign;
                  answered += sign;
                });
  };
  const std::string heavy =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT count(*) FROM n";
  for (int i = 0; i < 5; ++i) ask(kGreedy, heavy, 'H', 50'000);
  for (int i = 0; i < 2; ++i) ask(kModest, "SELECT 1", 'm', 1);
  for (pool.start(); lanes.run_one();) pool.start();
  EXPECT_EQ(answered, "HmHmHHH");
}

// A query that nobody waits for is not begun, and does not hold up those behind it.
TEST_F(ReadPool, WhatWasWithdrawnIsNotBegun) {
  std::string ended;
  const auto ask = [&](NodeId client, const std::string& sql, char sign) {
    auto withdrawal = std::make_shared<sql::Withdrawal>();
    pool.submit(client, {sql, {}}, withdrawal, [&ended, sign](const Result<sql::QueryResult>& result) {
      ASSERT_TRUE(result);
      ended += result->outcome == sql::Outcome::kOk ? sign : '-';
    });
    return withdrawal;
  };
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  const auto begun = ask(kGreedy, endless, 'b');
  pool.start();
  const auto waiting = ask(kGreedy, endless, 'w');
  ask(kGreedy, "SELECT 1", 'g');
  ask(kModest, "SELECT 1", 'm');
  waiting->withdraw();
  pool.drop_withdrawn();
  EXPECT_EQ(ended, "-");
  begun->withdraw();  // it is on its lane: what runs there ends
  while (lanes.run_one()) pool.start();
  EXPECT_EQ(ended, "--gm");
}

// A database whose reader cannot begin at first.
class ShyDatabase final : public sql::Database {
 public:
  Result<std::unique_ptr<sql::Machine>> open_machine(sql::Participant&) override { return nullptr; }
  Result<std::unique_ptr<sql::Reader>> open_reader() override { return std::make_unique<ShyReader>(); }

 private:
  class ShyReader final : public sql::Reader {
   public:
    Result<std::vector<sql::QueryResult>> query(std::span<const sql::Statement> statements,
                                                const sql::QueryLimits&) override {
      std::vector<sql::QueryResult> results;
      if (++tries_ <= 3) return results;
      for (const sql::Statement& statement : statements) results.emplace_back().message = statement.text;
      return results;
    }
    Result<std::vector<sql::QueryResult>> query_briefly(std::span<const sql::Statement>) override {
      return std::vector<sql::QueryResult>{};
    }
    Result<std::uint64_t> version(const std::string&) override { return 0; }

   private:
    int tries_ = 0;
  };
};

TEST(ShyReadPool, WhatCouldNotBeginIsAskedAgainInItsOrderUnlessItWasWithdrawn) {
  PatientLanes lanes;
  ShyDatabase database;
  replica::ReadPool pool(lanes, database, 1);
  std::string ended;
  const auto ask = [&](NodeId client, const std::string& text) {
    auto withdrawal = std::make_shared<sql::Withdrawal>();
    pool.submit(client, {text, {}}, withdrawal, [&ended, text](const Result<sql::QueryResult>& result) {
      ASSERT_TRUE(result);
      ended += result->outcome == sql::Outcome::kOk ? result->message : "-";
      EXPECT_TRUE(result->outcome != sql::Outcome::kOk || result->message == text);
    });
    return withdrawal;
  };
  ask(kGreedy, "a");
  const auto impatient = ask(kGreedy, "b");
  ask(kModest, "m");
  ask(kGreedy, "c");
  pool.start();
  EXPECT_TRUE(lanes.run_one());
  EXPECT_EQ(ended, "");
  impatient->withdraw();
  pool.drop_withdrawn();
  EXPECT_EQ(ended, "-");
  for (pool.start(); lanes.run_one();) pool.start();
  EXPECT_EQ(ended, "-amc");
}

service::Caller caller_of(NodeId client, std::uint64_t call = 1) {
  return {.client = client, .call = call, .what = wire::Request::kQuery, .since = Instant()};
}

TEST(WaitingReads, OneClientMayHaveHalfOfWhatWaits) {
  service::WaitingReads reads({.most = 4, .longest = std::chrono::seconds(60)});
  const auto admit = [&](NodeId client) {
    return reads.admit(caller_of(client), Duration::zero(), Instant());
  };
  const auto first = admit(kGreedy);
  ASSERT_TRUE(first);
  EXPECT_TRUE(admit(kGreedy));
  EXPECT_EQ(admit(kGreedy).error().message, "more than 2 reads of this client are waiting");
  EXPECT_TRUE(admit(kModest));
  EXPECT_TRUE(admit(kModest));
  EXPECT_EQ(admit(NodeId(300)).error().message, "more than 4 reads are waiting");
  EXPECT_TRUE(reads.end(*first));
  EXPECT_TRUE(admit(NodeId(300)));
}

TEST(WaitingReads, EndWhenTheirTimeIsOverOrTheirClientGoes) {
  using std::chrono::seconds;
  service::WaitingReads reads({.most = 10, .longest = seconds(60)});
  const Instant start{};
  const auto short_one = reads.admit(caller_of(kGreedy, 1), seconds(1), start);
  const auto long_one = reads.admit(caller_of(kGreedy, 2), Duration::zero(), start);
  const auto other = reads.admit(caller_of(kModest, 3), seconds(500), start);
  EXPECT_EQ(reads.deadline(), start + seconds(1));
  EXPECT_TRUE(reads.expire(start + std::chrono::milliseconds(999)).empty());
  const auto late = reads.expire(start + seconds(1));
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late.front().call, 1u);
  EXPECT_TRUE(reads.withdrawal(*short_one)->withdrawn());
  EXPECT_FALSE(reads.end(*short_one)) << "its client has been told";
  EXPECT_EQ(reads.deadline(), start + seconds(60));
  EXPECT_FALSE(reads.withdraw(kModest, 2)) << "somebody else's";
  const auto withdrawn = reads.withdraw(kModest, 3);
  ASSERT_TRUE(withdrawn);
  EXPECT_EQ(withdrawn->client, kModest);
  EXPECT_FALSE(reads.withdraw(kModest, 3)) << "once";
  EXPECT_TRUE(reads.withdraw_all_of(kGreedy));
  EXPECT_FALSE(reads.is_awaited(*long_one));
  EXPECT_FALSE(reads.end(*long_one));
  EXPECT_FALSE(reads.end(*other));
  EXPECT_FALSE(reads.withdraw_all_of(kGreedy));
}

}  // namespace
}  // namespace lockstep::tests
