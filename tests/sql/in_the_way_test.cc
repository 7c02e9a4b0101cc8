// Stories about connections that meet in the WAL index: a thread that loses its processor there keeps others
// waiting, and stops nobody. Nothing sleeps within SQLite here, so its own tries are over in microseconds.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "storage/sql/machine.h"
#include "storage/sql/reader.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

// https://sqlite.org/walformat.html, section 2.
constexpr std::size_t kWriteSlot = 0;
constexpr std::size_t kChangesAt = 8;  // in the first copy of the header

// The writer's thread, stopped between the two copies of the header.
class StoppedWriter {
 public:
  explicit StoppedWriter(WalIndex& index) : index_(index) {
    EXPECT_TRUE(index_.try_lock_exclusive(kWriteSlot, 1));
    tear();
  }
  ~StoppedWriter() {
    tear();
    index_.unlock_exclusive(kWriteSlot, 1);
  }
  StoppedWriter(const StoppedWriter&) = delete;
  StoppedWriter& operator=(const StoppedWriter&) = delete;

 private:
  void tear() { index_.region(0, false)[kChangesAt] ^= std::byte{1}; }

  WalIndex& index_;
};

// Calls `on_try` whenever a connection that was opened meanwhile begins a statement, or sleeps between two
// tries of one, as SQLite does where it looks for a snapshot.
class Tries {
 public:
  explicit Tries(std::function<void()> on_try) {
    on_try_ = std::move(on_try);
    EXPECT_EQ(sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch)), SQLITE_OK);
  }
  ~Tries() {
    sqlite3_reset_auto_extension();
    on_try_ = nullptr;
  }
  Tries(const Tries&) = delete;
  Tries& operator=(const Tries&) = delete;

 private:
  static int watch(sqlite3* db, const char**, const void*) {
    sqlite3_vfs* vfs = nullptr;
    EXPECT_EQ(sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs), SQLITE_OK);
    vfs->xSleep = [](sqlite3_vfs*, int microseconds) {
      tell();
      return microseconds;
    };
    const auto begins = [](unsigned, void*, void*, void*) {
      tell();
      return 0;
    };
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, begins, nullptr);
  }
  static void tell() {
    if (on_try_) on_try_();
  }
  static inline std::function<void()> on_try_;
};

class InTheWay : public testing::Test {
 protected:
  void SetUp() override {
    initialise_sqlite(7);
    auto opened = SqliteMachine::open(disk, shared, {}, none);
    ASSERT_TRUE(opened) << opened.error().message;
    machine = std::move(*opened);
    ASSERT_TRUE(apply(1, "CREATE TABLE t(a)"));
    ASSERT_TRUE(apply(2, "INSERT INTO t VALUES(7)"));
  }

  Result<ApplyReport> apply(std::uint64_t index, const std::string& text) {
    const EntryStamp stamp = stamp_of(index);
    return machine->apply({&stamp, 1},
                          [&](std::size_t, EntryScope& scope) { scope.execute(Batch{stmt(text)}, {}); });
  }
  std::unique_ptr<Reader> open_reader() {
    auto reader = SqliteReader::open(disk, shared, {});
    EXPECT_TRUE(reader) << reader.error().message;
    return reader ? std::move(*reader) : nullptr;
  }

  sim::DiskImage disk{1};
  NoParticipant none;
  SharedFile shared;
  std::unique_ptr<Machine> machine;
};

TEST_F(InTheWay, AQueryThatFindsAHalfWrittenHeaderHasNotHappened) {
  const auto reader = open_reader();
  const std::vector<Statement> asked{stmt("SELECT a FROM t")};
  {
    const StoppedWriter writer(shared.wal_index);
    const auto nothing = reader->query(asked, {});
    ASSERT_TRUE(nothing) << nothing.error().message;
    EXPECT_TRUE(nothing->empty());
    const auto nothing_either = reader->query_briefly(asked);
    ASSERT_TRUE(nothing_either) << nothing_either.error().message;
    EXPECT_TRUE(nothing_either->empty());
  }
  const auto results = reader->query(asked, {});
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->size(), 1u);
  EXPECT_EQ(results->front().rows.rows, (std::vector<std::vector<Value>>{{std::int64_t{7}}}));
  EXPECT_EQ(results->front().applied, LogIndex(2));
  EXPECT_TRUE(apply(3, "INSERT INTO t VALUES(8)"));
}

TEST_F(InTheWay, AReaderIsOpenedWhenTheHeaderIsWhole) {
  std::optional<StoppedWriter> writer(shared.wal_index);
  int tries = 0;
  const Tries watched([&] {
    if (++tries == 200) writer.reset();  // SQLite gives up after a hundred
  });
  const auto reader = open_reader();
  ASSERT_TRUE(reader);
  EXPECT_GE(tries, 200);
  EXPECT_TRUE(reader->query(stmt("SELECT a FROM t"), {}));
}

// Of the writer's slot: its holder lets go after so many statements have begun.
class SlotHolder {
 public:
  SlotHolder(WalIndex& index, int tries) : index_(index), left_(tries) {
    EXPECT_TRUE(index_.try_lock_exclusive(kWriteSlot, 1));
  }
  void on_try() {
    if (--left_ == 0) index_.unlock_exclusive(kWriteSlot, 1);
  }
  bool holds() const { return left_ > 0; }

 private:
  WalIndex& index_;
  int left_;
};

TEST_F(InTheWay, AWriterWaitsForAReaderThatHoldsItsSlot) {
  std::optional<SlotHolder> reader;
  const Tries watched([&] {
    if (reader && reader->holds()) reader->on_try();
  });
  machine.reset();
  machine = *SqliteMachine::open(disk, shared, {}, none);
  for (const bool vacuums : {false, true}) {
    reader.emplace(shared.wal_index, 3);
    const auto done = vacuums ? machine->maintain(stamp_of(4), Machine::Maintenance::kVacuum)
                              : apply(3, "INSERT INTO t VALUES(8)");
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_FALSE(reader->holds());
  }
}

// Readers in the midst of choosing a mark: all of them are taken as soon as the writer has let go of its own.
class MarkHolder {
 public:
  explicit MarkHolder(WalIndex& index) : index_(index) {}
  void on_try() {
    if (has_let_go_) return;
    for (std::size_t slot = kFirstMark; slot < WalIndex::kSlots; ++slot)
      if (!held_.contains(slot) && index_.try_lock_exclusive(slot, 1)) held_.insert(slot);
    if (held_.size() == WalIndex::kSlots - kFirstMark && ++tries_ == 200) let_go();
  }
  bool has_let_go() const { return has_let_go_; }

 private:
  static constexpr std::size_t kFirstMark = 3;
  void let_go() {
    for (const std::size_t slot : held_) index_.unlock_exclusive(slot, 1);
    has_let_go_ = true;
  }

  WalIndex& index_;
  std::set<std::size_t> held_;
  int tries_ = 0;
  bool has_let_go_ = false;
};

TEST_F(InTheWay, AWriterThatWasRolledBackWaitsForReadersThatChooseAMark) {
  std::optional<MarkHolder> readers;
  int statements = 0;
  const Tries watched([&] {
    if (readers && ++statements > 1) readers->on_try();  // the first begins
  });
  machine.reset();
  machine = *SqliteMachine::open(disk, shared, {}, none);
  ASSERT_TRUE(apply(3, "CREATE TABLE u(a UNIQUE)"));
  ASSERT_TRUE(apply(4, "INSERT INTO u VALUES(1)"));
  readers.emplace(shared.wal_index);
  const auto done = apply(5, "INSERT OR ROLLBACK INTO u VALUES(1)");
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_TRUE(readers->has_let_go());
}

TEST_F(InTheWay, ABriefAttemptWaitsForNobody) {
  const EntryStamp stamp = stamp_of(3);
  const auto briefly = [&] {
    return machine->apply_briefly({&stamp, 1}, [&](std::size_t, EntryScope& scope) {
      scope.execute(Batch{stmt("INSERT INTO t VALUES(8)")}, {});
    });
  };
  ASSERT_TRUE(shared.wal_index.try_lock_exclusive(kWriteSlot, 1));
  const auto nothing = briefly();
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_FALSE(nothing->has_value());
  shared.wal_index.unlock_exclusive(kWriteSlot, 1);
  const auto done = briefly();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->has_value());
}

// A reader that never ends keeps the WAL from beginning anew; the next start does not need that reader's
// consent.
class LongWal : public testing::Test {
 protected:
  static constexpr std::uint32_t kCheckpointFrames = 4;

  void SetUp() override { initialise_sqlite(7); }

  std::unique_ptr<Machine> open(SharedFile& shared) {
    auto machine = SqliteMachine::open(disk_, shared, options_, none_);
    EXPECT_TRUE(machine) << machine.error().message;
    return machine ? std::move(*machine) : nullptr;
  }
  Status write(Machine& machine, std::uint64_t index) {
    const EntryStamp stamp = stamp_of(index);
    const Batch batch{stmt("CREATE TABLE IF NOT EXISTS t(a)"), stmt("INSERT INTO t VALUES(zeroblob(40000))")};
    const auto applied =
        machine.apply({&stamp, 1}, [&](std::size_t, EntryScope& scope) { scope.execute(batch, {}); });
    if (!applied) return std::unexpected(applied.error());
    return machine.checkpoint_if_due();
  }
  // While somebody reads; until there are so many frames, or it fails.
  Status fill(SharedFile& shared, std::uint32_t frames) {
    const auto machine = open(shared);
    EXPECT_TRUE(write(*machine, ++written_));
    const auto reader = *Connection::open(disk_, shared, {.path = options_.path});
    EXPECT_TRUE(reader->run("BEGIN; SELECT count(*) FROM t"));
    Status done;
    while (done && shared.wal_index.committed().frames < frames) done = write(*machine, ++written_);
    return done;
  }

  Options options_{.checkpoint_frames = kCheckpointFrames};
  std::uint64_t written_ = 0;

 private:
  sim::DiskImage disk_{1};
  NoParticipant none_;
};

TEST_F(LongWal, IsCopiedAtTheNextStart) {
  {
    SharedFile shared;
    EXPECT_TRUE(fill(shared, 1000));
  }
  SharedFile shared;
  const auto machine = open(shared);
  ASSERT_TRUE(machine);
  EXPECT_TRUE(write(*machine, ++written_));
  EXPECT_LT(shared.wal_index.committed().frames, 100u);
}

// It is as long as its index may be. What has no place in the index must not stand in the file: SQLite would
// want that place again at every start.
TEST_F(LongWal, ThatHasNoRoomIsCopiedAtTheNextStartToo) {
  constexpr std::size_t kRegions = 1;  // some 4,000 frames
  {
    SharedFile shared{.wal_index = WalIndex(kRegions)};
    const Status full = fill(shared, 1'000'000);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::kTooLarge) << full.error().message;
  }
  SharedFile shared{.wal_index = WalIndex(kRegions)};
  const auto machine = open(shared);
  ASSERT_TRUE(machine);
  EXPECT_EQ(machine->applied(), LogIndex(written_ - 1)) << "all that was applied is there, and no more";
  EXPECT_TRUE(write(*machine, written_));
  EXPECT_LT(shared.wal_index.committed().frames, 100u);
}

}  // namespace
}  // namespace lockstep::sql
