// Stories about connections that meet in the WAL index: a thread that loses its processor there keeps others
// waiting, and stops nobody. Nothing sleeps within SQLite here, so its own tries are over in microseconds.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

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
  auto writer = std::make_unique<StoppedWriter>(shared.wal_index);
  std::jthread goes_on([&writer] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    writer.reset();
  });
  const auto reader = open_reader();
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->query(stmt("SELECT a FROM t"), {}));
}

TEST_F(InTheWay, AWriterWaitsForAReaderThatHoldsItsSlot) {
  for (const bool vacuums : {false, true}) {
    ASSERT_TRUE(shared.wal_index.try_lock_exclusive(kWriteSlot, 1));
    std::jthread goes_on([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      shared.wal_index.unlock_exclusive(kWriteSlot, 1);
    });
    const auto done = vacuums ? machine->maintain(stamp_of(4), Machine::Maintenance::kVacuum)
                              : apply(3, "INSERT INTO t VALUES(8)");
    EXPECT_TRUE(done) << done.error().message;
  }
}

// A reader that never ends keeps the WAL from beginning anew; the next start does not need that reader's
// consent.
TEST(LongWal, IsCopiedAtTheNextStart) {
  initialise_sqlite(7);
  sim::DiskImage disk{1};
  Options options;
  options.checkpoint_frames = 4;
  NoParticipant none;
  const auto write = [&](Machine& machine, std::uint64_t index) {
    const EntryStamp stamp = stamp_of(index);
    EXPECT_TRUE(machine.apply({&stamp, 1}, [&](std::size_t, EntryScope& scope) {
      scope.execute(Batch{stmt("CREATE TABLE IF NOT EXISTS t(a)"), stmt("INSERT INTO t VALUES(1)")}, {});
    }));
    EXPECT_TRUE(machine.checkpoint_if_due());
  };
  {
    SharedFile shared;
    const auto machine = *SqliteMachine::open(disk, shared, options, none);
    write(*machine, 1);
    const auto reader = *Connection::open(disk, shared, {.path = options.path});
    ASSERT_TRUE(reader->run("BEGIN; SELECT count(*) FROM t"));
    for (std::uint64_t index = 2; index <= 1000; ++index) write(*machine, index);
    EXPECT_GT(shared.wal_index.committed().frames, 1000u);
    ASSERT_TRUE(reader->run("COMMIT"));
  }
  SharedFile shared;
  const auto machine = *SqliteMachine::open(disk, shared, options, none);
  write(*machine, 1001);
  EXPECT_LT(shared.wal_index.committed().frames, 10u);
}

}  // namespace
}  // namespace lockstep::sql
