// A standalone node dies at every disk call of its life in turn, under load: what was acknowledged is there,
// once.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/replica/test_standalone.h"

namespace lockstep::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

enum class Death { kKill, kPowerLoss };

// Ends each of the first lives of a node at its n-th disk call: the call and all later ones have no effect.
class DeathAtCall final : public sim::DiskFaults {
 public:
  struct Options {
    Death death;
    std::uint64_t call = 1;
    int lives = 0;
    bool lying_syncs = false;
  };
  DeathAtCall(sim::World& world, Options options) : world_(world), options_(options), left_(options.lives) {
    world_.disk(TestStandalone::kNode).set_faults(this);
  }
  sim::DiskFault on_call(const sim::DiskCall& call) override {
    if (left_ > 0 && ++calls_ == options_.call) world_.schedule_after(Duration(), [this] { die(); });
    if (left_ > 0 && calls_ >= options_.call) return sim::DiskFault::kGone;
    if (options_.lying_syncs && call.operation == sim::DiskOperation::kSync) return sim::DiskFault::kLie;
    return sim::DiskFault::kNone;
  }
  bool over() const { return left_ == 0; }

 private:
  void die() {
    if (options_.death == Death::kKill) {
      world_.kill(TestStandalone::kNode);
    } else {
      world_.power_loss(TestStandalone::kNode);
    }
    world_.schedule_after(milliseconds(5), [this] {
      --left_;
      calls_ = 0;
      world_.start(TestStandalone::kNode);
    });
  }

  sim::World& world_;
  Options options_;
  int left_;
  std::uint64_t calls_ = 0;
};

// Inserts under load while the node dies again and again; then compares what it holds with what was answered.
class Trial {
 public:
  Trial(std::uint64_t seed, DeathAtCall::Options deaths)
      : alone_(seed, small_checkpoints()), created_(created(alone_)), deaths_(alone_.world(), deaths) {}

  // What is wrong; empty if nothing is.
  std::string run() {
    for (std::size_t i = 0; i < kOutstanding; ++i) insert();
    while (ended_ < begun_ && alone_.world().step()) {
    }
    return created_ ? compare() : "the table could not be created";
  }

 private:
  static constexpr std::size_t kOutstanding = 6;
  static constexpr std::int64_t kLeastInserts = 40;
  static constexpr std::int64_t kMostInserts =
      1500;  // a node that has stopped itself never comes to its next death

  static service::StandaloneConfig small_checkpoints() {
    service::StandaloneConfig config;
    config.apply.sql.checkpoint_frames = 12;
    return config;
  }
  // Not a key: a row that is inserted twice is to be seen.
  static bool created(TestStandalone& alone) {
    return alone.execute("CREATE TABLE t(a INTEGER)").conclusion == client::Conclusion::kDone;
  }

  void insert() {
    if (begun_ >= (deaths_.over() ? kLeastInserts : kMostInserts)) return;
    const std::int64_t row = begun_++;
    alone_.client().write({statement(cat("INSERT INTO t VALUES(", row, ")"))}, {}, seconds(5),
                          [this, row](const client::Completion& done) {
                            ++ended_;
                            const bool executed = done.conclusion == client::Conclusion::kDone;
                            if (executed) acknowledged_.insert(row);
                            if (done.conclusion == client::Conclusion::kFailed) failed_.insert(row);
                            insert();
                          });
  }

  std::string compare() {
    const auto all = alone_.query("SELECT a, count(*) FROM t GROUP BY a");
    std::map<std::int64_t, std::int64_t> found;
    std::int64_t rows = 0;
    for (const wire::Row& row : all.reply.query().rows().rows()) {
      found[row.values(0).integer()] = row.values(1).integer();
      rows += row.values(1).integer();
    }
    std::string wrong;
    if (all.conclusion != client::Conclusion::kDone) wrong += "the node does not serve at the end; ";
    for (const std::int64_t row : acknowledged_)
      if (!found.contains(row)) wrong += cat("acknowledged row ", row, " is lost; ");
    for (const auto& [row, count] : found) {
      if (count > 1) wrong += cat("row ", row, " was inserted ", count, " times; ");
      if (failed_.contains(row)) wrong += cat("row ", row, " was refused and is there; ");
    }
    const std::uint64_t version = alone_.version("t");
    if (version != 1 + static_cast<std::uint64_t>(rows))
      wrong += cat("version ", version, " after ", rows, " inserts; ");
    if (acknowledged_.size() < 10) wrong += cat("only ", acknowledged_.size(), " writes were acknowledged; ");
    return wrong;
  }

  TestStandalone alone_;
  bool created_;
  DeathAtCall deaths_;
  std::int64_t begun_ = 0;
  std::int64_t ended_ = 0;
  std::set<std::int64_t> acknowledged_;
  std::set<std::int64_t> failed_;
};

class StandaloneCrash : public testing::TestWithParam<Death> {};
INSTANTIATE_TEST_SUITE_P(Deaths, StandaloneCrash, testing::Values(Death::kKill, Death::kPowerLoss));

TEST_P(StandaloneCrash, LosesNoAcknowledgedWriteAndRepeatsNoneAtAnyDiskCall) {
  for (std::uint64_t call = 1; call <= 250; ++call)
    EXPECT_EQ(Trial(call, {.death = GetParam(), .call = call, .lives = 4}).run(), "")
        << "dying at call " << call;
}

// The trial can tell: with a disk that lies about its syncs, power losses must show.
TEST(StandaloneCrashTrial, NoticesWritesThatWereAcknowledgedBeforeTheyWereDurable) {
  int noticed = 0;
  for (std::uint64_t call = 40; call <= 120; call += 4)
    noticed +=
        Trial(call, {.death = Death::kPowerLoss, .call = call, .lives = 4, .lying_syncs = true}).run().empty()
            ? 0
            : 1;
  EXPECT_GE(noticed, 10);
}

}  // namespace
}  // namespace lockstep::tests
