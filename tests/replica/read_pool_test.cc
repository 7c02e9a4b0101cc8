// Stories about who reads next: clients take turns, and nobody fills the queue for everybody.
#include "core/replica/read_pool.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "core/service/read_quota.h"
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

TEST(ReadPool, AClientWithManyHeavyQueriesDoesNotKeepAnotherFromItsTurn) {
  sql::initialise_sqlite(7);
  sim::DiskImage disk{1};
  NoParticipant participant;
  const auto database = sql::Database::create(disk, {});
  const auto machine = database->open_machine(participant);
  ASSERT_TRUE(machine);
  PatientLanes lanes;
  replica::ReadPool pool(lanes, *database, 1);
  std::string answered;
  const auto ask = [&](NodeId client, const std::string& sql, char sign) {
    pool.submit(client, {sql, {}}, [&answered, sign](const Result<sql::QueryResult>& result) {
      ASSERT_TRUE(result);
      EXPECT_EQ(result->outcome, sql::Outcome::kOk) << result->message;
      answered += sign;
    });
  };
  const std::string heavy =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT count(*) FROM n";
  for (int i = 0; i < 5; ++i) ask(kGreedy, heavy, 'H');
  for (int i = 0; i < 2; ++i) ask(kModest, "SELECT 1", 'm');
  for (pool.start(); lanes.run_one();) pool.start();
  EXPECT_EQ(answered, "HmHmHHH");
}

TEST(ReadQuota, OneClientMayHaveHalfOfWhatWaits) {
  service::ReadQuota quota(4);
  EXPECT_FALSE(quota.admit(kGreedy));
  EXPECT_FALSE(quota.admit(kGreedy));
  EXPECT_EQ(quota.admit(kGreedy), "more than 2 reads of this client are waiting");
  EXPECT_FALSE(quota.admit(kModest));
  EXPECT_FALSE(quota.admit(kModest));
  EXPECT_EQ(quota.admit(NodeId(300)), "more than 4 reads are waiting");
  quota.answered(kGreedy);
  EXPECT_FALSE(quota.admit(NodeId(300)));
}

}  // namespace
}  // namespace lockstep::tests
