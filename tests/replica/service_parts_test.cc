// Stories about the parts of the service that have no I/O: batcher, two-phase writes, sessions.
#include <gtest/gtest.h>

#include "core/replica/replicated_state.h"
#include "core/service/batcher.h"
#include "core/service/transactions.h"

namespace lockstep::tests {
namespace {

using service::Batcher;
using service::Transactions;
using std::chrono::milliseconds;

constexpr Instant kNow{milliseconds(1000)};

raft::Propose::One proposal(std::uint64_t id, std::size_t bytes = 10) {
  return {raft::ProposalId(id), raft::EntryKind::kCommand, SharedBytes(Bytes(bytes, 'x'))};
}

TEST(Batcher, AnIdleLogTakesAWriteAtOnce) {
  Batcher batcher({});
  batcher.add(proposal(1), kNow);
  EXPECT_EQ(batcher.take_if_due(kNow, true).size(), 1u);
  EXPECT_EQ(batcher.deadline(), kNever);
}

TEST(Batcher, WhileASyncIsInFlightWritesGather) {
  Batcher batcher({.max_entries = 3, .max_bytes = 1000, .max_delay = milliseconds(2)});
  batcher.add(proposal(1), kNow);
  EXPECT_TRUE(batcher.take_if_due(kNow, false).empty());
  batcher.add(proposal(2), kNow);
  EXPECT_EQ(batcher.deadline(), kNow + milliseconds(2));
  EXPECT_TRUE(batcher.take_if_due(kNow + milliseconds(1), false).empty());
  EXPECT_EQ(batcher.take_if_due(kNow + milliseconds(2), false).size(), 2u);
}

TEST(Batcher, CountAndBytesCloseABatch) {
  Batcher by_count({.max_entries = 2, .max_bytes = 1000, .max_delay = milliseconds(2)});
  by_count.add(proposal(1), kNow);
  by_count.add(proposal(2), kNow);
  EXPECT_EQ(by_count.take_if_due(kNow, false).size(), 2u);
  Batcher by_bytes({.max_entries = 100, .max_bytes = 50, .max_delay = milliseconds(2)});
  by_bytes.add(proposal(1, 60), kNow);
  EXPECT_EQ(by_bytes.take_if_due(kNow, false).size(), 1u);
}

TEST(Transactions, AQuorumWriteWaitsForNobodyButThePause) {
  Transactions transactions({.pause_before_commit = milliseconds(200), .durable_timeout = milliseconds(2000)});
  transactions.prepared(LogIndex(5), false, {}, kNow);
  const auto first = transactions.advance(kNow, LogIndex(0));
  EXPECT_EQ(first.durable, std::vector{LogIndex(5)});
  EXPECT_TRUE(first.commit.empty());
  EXPECT_EQ(transactions.deadline(), kNow + milliseconds(200));
  EXPECT_EQ(transactions.advance(kNow + milliseconds(200), LogIndex(0)).commit, std::vector{LogIndex(5)});
  EXPECT_TRUE(transactions.advance(kNow + milliseconds(201), LogIndex(0)).commit.empty()) << "named once";
}

TEST(Transactions, AStrongWriteWaitsForEveryVoterOrIsAborted) {
  Transactions transactions({.pause_before_commit = {}, .durable_timeout = milliseconds(500)});
  transactions.prepared(LogIndex(5), true, {}, kNow);
  transactions.prepared(LogIndex(6), true, {}, kNow);
  const auto first = transactions.advance(kNow, LogIndex(5));
  EXPECT_EQ(first.commit, std::vector{LogIndex(5)});
  EXPECT_TRUE(first.abort.empty());
  EXPECT_EQ(transactions.advance(kNow + milliseconds(500), LogIndex(5)).abort, std::vector{LogIndex(6)});
}

// Rows as the database would keep them.
class Rows final : public sql::StateWriter {
 public:
  void put(std::uint32_t space, BytesView key, BytesView value) override { rows[{space, Bytes(key)}] = Bytes(value); }
  void erase(std::uint32_t space, BytesView key) override { rows.erase({space, Bytes(key)}); }
  void restore(replica::ReplicatedState& state) const {
    state.reset();
    for (const auto& [key, value] : rows) state.row(key.first, key.second, value);
  }
  std::map<std::pair<std::uint32_t, Bytes>, Bytes> rows;
};

using replica::ReplicatedState;
using Verdict = ReplicatedState::Admission::Verdict;

// A stored answer is a WriteOutcome in real life; sessions do not look inside.
TEST(Sessions, AnswersAreKeptFromFirstIncompleteOn) {
  ReplicatedState state(1000);
  state.open_session(7);
  for (std::uint64_t sequence : {1, 2, 3}) state.record(7, sequence, cat("answer ", sequence));
  EXPECT_EQ(state.admit(7, 2, 1).verdict, Verdict::kStored);
  EXPECT_EQ(*state.admit(7, 2, 1).stored, "answer 2");
  EXPECT_EQ(state.admit(7, 4, 3).verdict, Verdict::kExecute);
  EXPECT_EQ(state.admit(7, 2, 1).verdict, Verdict::kSequenceExpired);
  EXPECT_EQ(state.admit(7, 3, 1).verdict, Verdict::kStored);
}

TEST(Sessions, APipelinedWriteThatOvertookAnotherLosesNothing) {
  ReplicatedState state(1000);
  state.open_session(7);
  EXPECT_EQ(state.admit(7, 5, 4).verdict, Verdict::kExecute);
  state.record(7, 5, "five");
  EXPECT_EQ(state.admit(7, 4, 4).verdict, Verdict::kExecute);
}

TEST(Sessions, ExpireByEntryTimeWhenAnotherOpens) {
  ReplicatedState state(1000);
  state.advance_time(100);
  state.open_session(1);
  state.advance_time(1100);
  state.open_session(2);
  EXPECT_EQ(state.admit(1, 1, 1).verdict, Verdict::kExecute) << "idle for exactly the timeout";
  state.advance_time(3000);
  state.open_session(3);
  EXPECT_EQ(state.admit(1, 2, 1).verdict, Verdict::kSessionUnknown);
  EXPECT_EQ(state.session_count(), 1u);
}

TEST(Sessions, EntryTimeNeverGoesBack) {
  ReplicatedState state(1000);
  state.advance_time(500);
  state.advance_time(400);
  EXPECT_EQ(state.entry_time_ns(), 500);
}

TEST(Sessions, RowsBringEverythingBack) {
  ReplicatedState state(1000);
  Rows rows;
  state.advance_time(42);
  state.open_session(7);
  state.record(7, 1, "one");
  state.prepare(LogIndex(9), "a write");
  state.prepare(LogIndex(10), "another");
  state.flush(rows);
  EXPECT_EQ(*state.take_prepared(LogIndex(10)), "another");
  state.flush(rows);

  ReplicatedState restored(1000);
  rows.restore(restored);
  EXPECT_EQ(restored.entry_time_ns(), 42);
  EXPECT_EQ(restored.admit(7, 1, 1).verdict, Verdict::kStored);
  EXPECT_EQ(restored.undecided(), std::vector{LogIndex(9)});
  EXPECT_EQ(*restored.take_prepared(LogIndex(9)), "a write");
  EXPECT_FALSE(restored.take_prepared(LogIndex(9)));
}

// Counts what a flush writes besides the session's own row.
std::size_t answer_rows_written(ReplicatedState& state, Rows& rows) {
  class Counter final : public sql::StateWriter {
   public:
    explicit Counter(Rows& rows) : rows_(rows) {}
    void put(std::uint32_t space, BytesView key, BytesView value) override {
      count += key.size() == 16;
      rows_.put(space, key, value);
    }
    void erase(std::uint32_t space, BytesView key) override { rows_.erase(space, key); }
    std::size_t count = 0;

   private:
    Rows& rows_;
  };
  Counter counter(rows);
  state.flush(counter);
  return counter.count;
}

TEST(Sessions, AWriteCostsNoMoreWhenManyAnswersAreKept) {
  ReplicatedState state(1000);
  Rows rows;
  state.open_session(7);
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) {
    EXPECT_EQ(state.admit(7, sequence, 1).verdict, Verdict::kExecute);
    state.record(7, sequence, cat("answer ", sequence));
    EXPECT_EQ(answer_rows_written(state, rows), 1u);
  }
  ReplicatedState restored(1000);
  rows.restore(restored);
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) {
    const auto admission = restored.admit(7, sequence, 1);
    ASSERT_EQ(admission.verdict, Verdict::kStored);
    EXPECT_EQ(*admission.stored, cat("answer ", sequence));
  }
}

TEST(Sessions, ForgottenAnswersStayForgottenAndTheirRowsGo) {
  ReplicatedState state(1000);
  Rows rows;
  state.open_session(7);
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) state.record(7, sequence, "answer");
  state.flush(rows);
  const std::size_t before = rows.rows.size();
  EXPECT_EQ(state.admit(7, 90, 90).verdict, Verdict::kStored);
  state.flush(rows);
  EXPECT_LT(rows.rows.size(), before - 3);

  ReplicatedState restored(1000);
  rows.restore(restored);
  EXPECT_EQ(restored.admit(7, 89, 1).verdict, Verdict::kSequenceExpired);
  EXPECT_EQ(restored.admit(7, 90, 1).verdict, Verdict::kStored);
  // A restarted replica, too, leaves nothing behind.
  EXPECT_EQ(restored.admit(7, 500, 500).verdict, Verdict::kExecute);
  restored.flush(rows);
  EXPECT_EQ(rows.rows.size(), 1u) << "the session's own";
}

TEST(Sessions, AClosedSessionLeavesNoRow) {
  ReplicatedState state(1000);
  Rows rows;
  state.open_session(7);
  state.record(7, 1, "one");
  state.record(7, 50, "fifty");
  state.flush(rows);
  EXPECT_EQ(rows.rows.size(), 3u);
  state.close_session(7);
  state.flush(rows);
  EXPECT_TRUE(rows.rows.empty());
}

}  // namespace
}  // namespace lockstep::tests
