// Stories about the Raft log in the KV store: what is restored is what was made durable.
#include <gtest/gtest.h>

#include "core/replica/log.h"
#include "sim/disk_image.h"

namespace lockstep::tests {
namespace {

using raft::Entry;
using raft::EntryKind;
using raft::Persist;
using replica::Log;

constexpr GroupId kGroup{1};

Entry entry(std::uint64_t index, std::uint64_t term) {
  return {LogIndex(index), Term(term), EntryKind::kCommand, SharedBytes(cat("entry ", index, " of term ", term))};
}

class LogStory : public testing::Test {
 protected:
  LogStory() { open(); }

  void open() {
    store_ = *kv::Store::open(disk_, {});
    log_.emplace(*store_, kGroup);
  }
  void lose_power() {
    log_.reset();
    store_.reset();
    disk_.power_loss();
    open();
  }
  void persist(Persist persist) { ASSERT_TRUE(log_->persist(std::span(&persist, 1))); }

  sim::DiskImage disk_{1};
  std::unique_ptr<kv::Store> store_;
  std::optional<Log> log_;
};

TEST_F(LogStory, ANewLogIsEmpty) {
  const auto restored = *log_->restore();
  EXPECT_EQ(restored.first_index, LogIndex(1));
  EXPECT_EQ(restored.last_index, LogIndex(0));
  EXPECT_EQ(restored.commit, LogIndex(0));
}

TEST_F(LogStory, TermVoteEntriesAndCommitSurvivePowerLossTogether) {
  persist({.ticket = {}, .term = {}, .hard_state = raft::HardState{Term(3), NodeId(2)}, .truncate_from = {},
           .entries = {entry(1, 1), entry(2, 3)}, .commit = LogIndex(1)});
  lose_power();
  const auto restored = *log_->restore();
  EXPECT_EQ(restored.hard_state, (raft::HardState{Term(3), NodeId(2)}));
  EXPECT_EQ(restored.last_index, LogIndex(2));
  EXPECT_EQ(restored.last_term, Term(3));
  EXPECT_EQ(restored.commit, LogIndex(1));
  const auto loaded = *log_->load({.first = LogIndex(1), .end = LogIndex(3), .limit_bytes = 1000});
  EXPECT_EQ(loaded, (std::vector{entry(1, 1), entry(2, 3)}));
}

TEST_F(LogStory, TruncationReplacesTheSuffix) {
  persist({.ticket = {}, .term = {}, .hard_state = {}, .truncate_from = {},
           .entries = {entry(1, 1), entry(2, 1), entry(3, 1)}, .commit = {}});
  persist({.ticket = {}, .term = {}, .hard_state = {}, .truncate_from = LogIndex(2), .entries = {entry(2, 2)}, .commit = {}});
  lose_power();
  const auto restored = *log_->restore();
  EXPECT_EQ(restored.last_index, LogIndex(2));
  EXPECT_EQ(restored.last_term, Term(2));
}

TEST_F(LogStory, ALoadStopsAtItsLimitButGivesOneEntryAtLeast) {
  persist({.ticket = {}, .term = {}, .hard_state = {}, .truncate_from = {},
           .entries = {entry(1, 1), entry(2, 1), entry(3, 1)}, .commit = {}});
  EXPECT_EQ(log_->load({.first = LogIndex(1), .end = LogIndex(4), .limit_bytes = 1})->size(), 1u);
  EXPECT_EQ(log_->load({.first = LogIndex(2), .end = LogIndex(4), .limit_bytes = 1000})->size(), 2u);
  EXPECT_TRUE(log_->load({.first = LogIndex(4), .end = LogIndex(9), .limit_bytes = 1000})->empty());
}

TEST_F(LogStory, ADroppedPrefixKeepsTheTermBeforeIt) {
  persist({.ticket = {}, .term = {}, .hard_state = {}, .truncate_from = {},
           .entries = {entry(1, 1), entry(2, 2), entry(3, 4)}, .commit = LogIndex(3)});
  ASSERT_TRUE(log_->drop_prefix(LogIndex(3), Term(2)));
  lose_power();
  const auto restored = *log_->restore();
  EXPECT_EQ(restored.first_index, LogIndex(3));
  EXPECT_EQ(restored.previous_term, Term(2));
  EXPECT_EQ(restored.last_index, LogIndex(3));
  EXPECT_TRUE(log_->load({.first = LogIndex(2), .end = LogIndex(3), .limit_bytes = 1000})->empty());
}

TEST_F(LogStory, AHoleInTheLogIsCorruption) {
  persist({.ticket = {}, .term = {}, .hard_state = {}, .truncate_from = {}, .entries = {entry(1, 1), entry(3, 1)}, .commit = {}});
  const auto restored = log_->restore();
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(restored.error().message, "expected log entry 2, found 3");
}

TEST_F(LogStory, GroupsDoNotSeeEachOther) {
  persist({.ticket = {}, .term = {}, .hard_state = raft::HardState{Term(3), NodeId(2)}, .truncate_from = {},
           .entries = {entry(1, 1)}, .commit = {}});
  Log other(*store_, GroupId(2));
  EXPECT_EQ(other.restore()->last_index, LogIndex(0));
  EXPECT_EQ(other.restore()->hard_state, raft::HardState{});
}

}  // namespace
}  // namespace lockstep::tests
