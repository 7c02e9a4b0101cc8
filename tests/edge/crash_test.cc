// The edge dies at every disk call of its life in turn, under load: no reading lost or repeated, no
// instruction executed twice.
#include <gtest/gtest.h>

#include "tests/edge/field.h"

namespace lockstep::edge {
namespace {

enum class Death { kKill, kPowerLoss };

struct Deaths {
  Death death = Death::kPowerLoss;
  std::uint64_t call = 1;  // of each life
  int lives = 3;
  bool lying_syncs = false;
};

// Ends each of the first lives at its n-th disk call: the call and all later ones have no effect.
class DeathAtCall final : public sim::DiskFaults {
 public:
  DeathAtCall(Field& field, Deaths deaths) : field_(field), deaths_(deaths), left_(deaths.lives) {
    field_.world.disk(kEdge).set_faults(this);
  }
  ~DeathAtCall() override { field_.world.disk(kEdge).set_faults(nullptr); }
  sim::DiskFault on_call(const sim::DiskCall& call) override {
    if (left_ > 0 && ++calls_ == deaths_.call) field_.world.schedule_after(Duration(), [this] { die(); });
    if (left_ > 0 && calls_ >= deaths_.call) return sim::DiskFault::kGone;
    if (deaths_.lying_syncs && call.operation == sim::DiskOperation::kSync) return sim::DiskFault::kLie;
    return sim::DiskFault::kNone;
  }
  bool over() const { return left_ == 0; }

 private:
  void die() {
    if (deaths_.death == Death::kKill) {
      field_.world.kill(kEdge);
    } else {
      field_.world.power_loss(kEdge);
    }
    field_.world.schedule_after(milliseconds(50), [this] {
      --left_;
      calls_ = 0;
      field_.world.start(kEdge);
    });
  }

  Field& field_;
  Deaths deaths_;
  int left_;
  std::uint64_t calls_ = 0;
};

// Readings all the time, and instructions one after another, each repeated until its result is there.
class Trial {
 public:
  Trial(std::uint64_t seed, Deaths deaths)
      : field_({.seed = seed, .edge = small()}), deaths_(field_, deaths) {
    instruct();
  }

  // What is wrong; empty if nothing is.
  std::string run() {
    for (int i = 0; i < 600 && !deaths_.over(); ++i) field_.world.run_for(milliseconds(100));
    if (!deaths_.over()) return "the edge never came to its deaths";
    field_.world.run_for(seconds(15));
    std::string wrong = field_.compare();
    for (const auto& [name, stream] : field_.books.streams)
      if (stream.readings.size() < 10) wrong += cat("only ", stream.readings.size(), " batches came; ");
    for (const auto& [id, result] : field_.books.results) {
      const int executed = field_.events.executed[id];
      if (result.outcome() == wire::InstructionResult::DONE && executed != 1)
        wrong += cat("instruction ", id, " is said to be done and was executed ", executed, " times; ");
      if (result.outcome() == wire::InstructionResult::DONE && field_.events.ended[id] != 1)
        wrong += cat("the end of instruction ", id, " was not told; ");
    }
    if (field_.books.results.size() < 5)
      wrong += cat("only ", field_.books.results.size(), " results came; ");
    for (const std::string& reason : field_.events.stopped) wrong += cat("the edge stopped: ", reason, "; ");
    return wrong;
  }

 private:
  static EdgeConfig small() {
    EdgeConfig config;
    config.kv.segment_bytes = 20'000;  // so that segments are made and cleaned, too
    config.executions.evidence_after = milliseconds(20);
    return config;
  }
  void instruct() {
    if (field_.books.results.contains(next_)) ++next_;
    field_.send(heat(next_, 0.5));
    field_.world.schedule_after(milliseconds(80), [this] { instruct(); });
  }

  Field field_;
  DeathAtCall deaths_;
  std::uint64_t next_ = 1;
};

class EdgeCrash : public testing::TestWithParam<Death> {};
INSTANTIATE_TEST_SUITE_P(Deaths, EdgeCrash, testing::Values(Death::kKill, Death::kPowerLoss));

TEST_P(EdgeCrash, LosesAndRepeatsNothingAtAnyDiskCall) {
  for (std::uint64_t call = 1; call <= 200; ++call)
    EXPECT_EQ(Trial(call, {.death = GetParam(), .call = call}).run(), "") << "dying at call " << call;
}

// The trial can tell: with a disk that lies about its syncs, power losses must show.
TEST(EdgeCrashTrial, NoticesWhatWasSaidBeforeItWasDurable) {
  int noticed = 0;
  for (std::uint64_t call = 40; call <= 120; call += 4)
    noticed += Trial(call, {.call = call, .lives = 3, .lying_syncs = true}).run().empty() ? 0 : 1;
  EXPECT_GE(noticed, 10);
}

}  // namespace
}  // namespace lockstep::edge
