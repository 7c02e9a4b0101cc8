// The store against a plain map, while the disk fails and the process or the power dies at any call.
#include <gtest/gtest.h>

#include <optional>

#include "base/prng.h"
#include "sim/disk_image.h"
#include "storage/kv/store.h"
#include "tests/kv/dump.h"
#include "tests/kv/model.h"

namespace lockstep::kv {
namespace {

// Fails the n-th call from now, and all after it.
class FailAt final : public sim::DiskFaults {
 public:
  void arm(std::uint64_t calls, sim::DiskFault fault) {
    left_ = calls;
    fault_ = fault;
  }
  void disarm() { left_.reset(); }
  bool fired() const { return left_ && *left_ == 0; }
  sim::DiskFault on_call(const sim::DiskCall&) override {
    if (!left_) return sim::DiskFault::kNone;
    if (*left_ > 0 && --*left_ > 0) return sim::DiskFault::kNone;
    return fault_;
  }

 private:
  std::optional<std::uint64_t> left_;
  sim::DiskFault fault_ = sim::DiskFault::kNone;
};

class Lives {
 public:
  explicit Lives(std::uint64_t seed) : random_(seed, Purpose("kv.crash_test"), 0), disk_(seed) {
    disk_.set_faults(&faults_);
    options_.segment_bytes = 1000 + random_.next_below(6000);
    options_.ready_bytes = random_.next_chance(300'000) ? 0 : 4096 + random_.next_below(8192);
  }

  void run(int lives) {
    for (int life = 0; life < lives && !::testing::Test::HasFatalFailure(); ++life) {
      SCOPED_TRACE(cat("life ", life));
      open_once_without_crash();
      if (::testing::Test::HasFatalFailure()) return;
      arm(120);
      live();
      store_.reset();
      die();
      if (random_.next_chance(300'000)) crash_during_recovery();
    }
  }

  std::uint64_t crashes = 0;
  std::uint64_t torn_tails = 0;
  std::uint64_t kept_unacknowledged = 0;
  std::uint64_t crashes_in_clean_up = 0;

 private:
  void arm(std::uint64_t calls) {
    constexpr sim::DiskFault kFaults[] = {sim::DiskFault::kGone, sim::DiskFault::kIo,
                                          sim::DiskFault::kNoSpace};
    const std::uint64_t fault = random_.next_below(3);
    const std::uint64_t after = 1 + random_.next_below(calls);
    faults_.arm(after, kFaults[fault]);
  }

  void die() {
    faults_.disarm();
    ++crashes;
    if (random_.next_chance(250'000)) {
      disk_.process_crash();
    } else {
      disk_.power_loss();
    }
  }

  void crash_during_recovery() {
    arm(30);
    (void)Store::open(disk_, options_);
    die();
  }

  void open_once_without_crash() {
    Recovery recovery;
    auto store = Store::open(disk_, options_, &recovery);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    if (recovery.torn_tail_bytes > 0) ++torn_tails;
    const std::string found = dump(*store_);
    if (in_flight_ && found == in_flight_->dump() && *in_flight_ != acknowledged_) {
      acknowledged_ = *in_flight_;
      ++kept_unacknowledged;
    }
    in_flight_.reset();
    ASSERT_EQ(found, acknowledged_.dump());
    if (random_.next_chance(200'000)) {  // what was found once is durable, although no write followed
      store_.reset();
      disk_.power_loss();
      auto again = Store::open(disk_, options_);
      ASSERT_TRUE(again) << again.error().message;
      store_ = std::move(*again);
      ASSERT_EQ(dump(*store_), acknowledged_.dump());
    }
  }

  // Works until the armed fault strikes.
  void live() {
    while (!faults_.fired()) {
      if (random_.next_chance(300'000)) {
        const std::size_t budget = 200 + random_.next_below(4000);
        const auto cleaned = store_->clean_step(budget);
        if (!cleaned) ++crashes_in_clean_up;
      } else if (random_.next_chance(50'000)) {
        take_id();
      } else {
        write();
      }
    }
    // Only after a failed read this one reaches the disk, and fails there.
    if (!in_flight_) in_flight_ = acknowledged_;
    Batch batch;
    batch.put(1, "after", "the failure");
    if (*in_flight_ == acknowledged_) in_flight_->put(1, "after", "the failure");
    EXPECT_FALSE(store_->write(batch));
  }

  void take_id() {
    const auto id = store_->next_id();
    if (!id) return;
    EXPECT_GT(*id, last_id_);
    last_id_ = *id;
  }

  void write() {
    std::vector<Batch> batches(1 + random_.next_below(3));
    in_flight_ = acknowledged_;
    for (Batch& batch : batches)
      for (std::uint64_t n = random_.next_below(6); n > 0; --n)
        change_randomly(random_, 6000, batch, *in_flight_);
    if (store_->write(batches)) acknowledged_ = *in_flight_;
    if (!faults_.fired()) in_flight_.reset();
  }

  Stream random_;
  sim::DiskImage disk_;
  FailAt faults_;
  Options options_;
  std::unique_ptr<Store> store_;
  Model acknowledged_;
  std::optional<Model> in_flight_;  // what an unanswered write would have made of it
  std::uint64_t last_id_ = 0;
};

TEST(Crash, EveryAcknowledgedWriteIsThereAndNoWriteIsThereInPart) {
  std::uint64_t crashes = 0, torn = 0, kept = 0, in_clean_up = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    Lives lives(seed);
    lives.run(20);
    if (HasFatalFailure()) return;
    crashes += lives.crashes;
    torn += lives.torn_tails;
    kept += lives.kept_unacknowledged;
    in_clean_up += lives.crashes_in_clean_up;
  }
  // The cases that matter did happen.
  EXPECT_GE(crashes, 6000u);
  EXPECT_GE(torn, 100u);
  EXPECT_GE(kept, 100u);
  EXPECT_GE(in_clean_up, 500u);
  RecordProperty("crashes", static_cast<int>(crashes));
}

TEST(Model, RandomBatchesScansAndReopeningsAgreeWithAMap) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    Stream random(seed, Purpose("kv.model_test"), 0);
    sim::DiskImage disk(seed);
    const Options options{.segment_bytes = 2000 + random.next_below(20'000)};
    auto store = Store::open(disk, options);
    ASSERT_TRUE(store);
    Model model;
    for (int step = 0; step < 200; ++step) {
      Batch batch;
      for (std::uint64_t n = random.next_below(8); n > 0; --n) change_randomly(random, 3000, batch, model);
      ASSERT_TRUE((*store)->write(batch));
      if (random.next_chance(300'000)) {
        const std::size_t budget = random.next_below(3000);
        ASSERT_TRUE((*store)->clean_step(budget));
      }
      if (random.next_chance(100'000)) {
        store->reset();
        store = Store::open(disk, options);
        ASSERT_TRUE(store) << store.error().message;
      }
      ASSERT_EQ(dump(**store), model.dump());
    }
  }
}

TEST(Poison, AFailedSyncFailsEveryLaterCall) {
  class FailSync final : public sim::DiskFaults {
   public:
    sim::DiskFault on_call(const sim::DiskCall& call) override {
      return armed && call.operation == sim::DiskOperation::kSync ? sim::DiskFault::kIo
                                                                  : sim::DiskFault::kNone;
    }
    bool armed = false;
  };
  sim::DiskImage disk(1);
  FailSync faults;
  disk.set_faults(&faults);
  auto store = Store::open(disk, {});
  ASSERT_TRUE(store);
  Batch batch;
  batch.put(1, "k", "v");
  ASSERT_TRUE((*store)->write(batch));
  faults.armed = true;
  EXPECT_FALSE((*store)->write(batch));
  faults.armed = false;
  EXPECT_EQ((*store)->write(batch).error().code, ErrorCode::kPoisoned);
  EXPECT_EQ((*store)->get(1, "k").error().code, ErrorCode::kPoisoned);
  EXPECT_EQ((*store)->clean_step().error().code, ErrorCode::kPoisoned);
  EXPECT_EQ((*store)->next_id().error().code, ErrorCode::kPoisoned);
}

}  // namespace
}  // namespace lockstep::kv
