// Stories about files that hold less than they did: the node refuses by name, and a crash is not taken for a
// loss.
#include "storage/sql/watermark.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/prng.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

constexpr std::string_view kDatabase = "db/main.sqlite";
constexpr std::string_view kWal = "db/main.sqlite-wal";
constexpr std::string_view kMark = "db/main.sqlite-mark";
constexpr Purpose kWhere{"test.watermark.where"};

Options of_the_record(std::uint32_t checkpoint_frames = 1000) {
  return {.checkpoint_frames = checkpoint_frames, .sync_commits = true};
}

std::unique_ptr<env::File> file_of(sim::DiskImage& disk, std::string_view path) {
  return std::move(*disk.open(path, env::OpenMode::kMustExist));
}

void add_row(Node& node, int number) {
  node.must("INSERT INTO t(v) VALUES(?1)", {std::string(700, static_cast<char>('a' + number % 26))});
}

// Lives, and is killed.
void fill(sim::DiskImage& disk, const Options& options, int rows) {
  {
    Node node(disk, options);
    ASSERT_TRUE(node.open());
    node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
    for (int row = 0; row < rows; ++row) {
      add_row(node, row);
      ASSERT_TRUE(node.machine().checkpoint_if_due());
    }
  }
  disk.process_crash();
}

// What it says when it is opened; empty: it opens.
std::string refusal_of(sim::DiskImage& disk, const Options& options) {
  Node node(disk, options);
  const Status opened = node.open();
  if (opened) return {};
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << opened.error().message;
  return opened.error().message;
}

// From the third write to the main file on nothing reaches the disk.
class DiesInTheMainFile final : public sim::DiskFaults {
 public:
  sim::DiskFault on_call(const sim::DiskCall& call) override {
    if (call.operation == sim::DiskOperation::kWrite && call.path == kDatabase) ++writes_;
    return fired() ? sim::DiskFault::kGone : sim::DiskFault::kNone;
  }
  bool fired() const { return writes_ > 2; }

 private:
  int writes_ = 0;
};

class Watermarks : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { initialise_sqlite(1); }
  Options options(std::uint32_t checkpoint_frames) const {
    return {.checkpoint_frames = checkpoint_frames, .sync_commits = GetParam()};
  }
  // And one row more; then all of them are in the main file, and in the WAL as well.
  void fill_and_copy(sim::DiskImage& disk, int rows) {
    fill(disk, options(1000), rows);
    {
      Node node(disk, options(1));
      ASSERT_TRUE(node.open());
      add_row(node, rows);
      ASSERT_TRUE(node.machine().checkpoint_if_due());
    }
    disk.process_crash();
  }
};

INSTANTIATE_TEST_SUITE_P(OfARecordAndOfAMember, Watermarks, testing::Bool());

TEST_P(Watermarks, AMainFileThatLostItsEndIsRefused) {
  sim::DiskImage whole(1);
  fill(whole, options(30), 100);
  const std::uint64_t size = *file_of(whole, kDatabase)->size();
  ASSERT_GT(size, 10 * 4096u);
  for (const std::uint64_t lost :
       {std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{4096}, size / 2, size - 4096}) {
    sim::DiskImage disk(1);
    fill(disk, options(30), 100);
    ASSERT_TRUE(file_of(disk, kDatabase)->truncate(size - lost));
    const std::string said = refusal_of(disk, options(30));
    EXPECT_NE(said.find(kDatabase), std::string::npos) << lost;
    EXPECT_NE(said.find(cat("found ", size - lost)), std::string::npos) << said;
  }
}

TEST_P(Watermarks, WithoutAMarkTheFirstPageSaysHowLongTheFileIs) {
  sim::DiskImage disk(1);
  {
    Node node(disk, options(1));
    ASSERT_TRUE(node.open());
    node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
    for (int row = 0; row < 50; ++row) add_row(node, row);
    ASSERT_TRUE(node.machine().put_away());
  }
  ASSERT_TRUE(disk.remove(kMark));
  ASSERT_EQ(refusal_of(disk, options(1)), "");
  (void)disk.remove(kMark);
  (void)disk.remove(kWal);
  const std::uint64_t size = *file_of(disk, kDatabase)->size();
  ASSERT_TRUE(file_of(disk, kDatabase)->truncate(size - 4096));
  const std::string said = refusal_of(disk, options(1));
  EXPECT_NE(said.find("pages of 4096 bytes"), std::string::npos) << said;
}

TEST_P(Watermarks, APageThatRottedIsFoundAtTheStart) {
  sim::DiskImage disk(1);
  fill(disk, options(1), 100);
  const std::uint64_t size = *file_of(disk, kDatabase)->size();
  ASSERT_TRUE(disk.remove(kWal));  // what it holds too is not read from the main file
  int refused = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const std::uint64_t at = below(draw(3, kWhere, 0, i), size);
    disk.flip(kDatabase, at, 0x10);
    refused += refusal_of(disk, options(1)).empty() ? 0 : 1;
    disk.flip(kDatabase, at, 0x10);
  }
  EXPECT_GE(refused, 38);
  EXPECT_EQ(refusal_of(disk, options(1)), "");
}

TEST_P(Watermarks, AFileThatLosesItsEndUnderARunningNodeIsNotReadAsZeros) {
  sim::DiskImage disk(1);
  Node node(disk, options(1));
  ASSERT_TRUE(node.open());
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)");
  node.must("INSERT INTO t(v) VALUES(?1)", {std::string(40'000, 'x')});
  ASSERT_TRUE(node.machine().checkpoint_if_due());
  node.must("CREATE TABLE other(a)");  // the WAL begins anew
  const std::uint64_t size = *file_of(disk, kDatabase)->size();
  ASSERT_TRUE(file_of(disk, kDatabase)->truncate(size - 2 * 4096));
  const auto found = node.reader()->query(stmt("SELECT v FROM t"), QueryLimits{});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kCorrupt) << found.error().message;
}

TEST(Watermark, AWalThatIsDamagedWhereItWasSyncedIsRefused) {
  initialise_sqlite(1);
  constexpr int kRows = 60;
  sim::DiskImage disk(1);
  fill(disk, of_the_record(), kRows);
  const std::uint64_t size = *file_of(disk, kWal)->size();
  int refused = 0;
  for (std::uint64_t i = 0; i < 150; ++i) {
    // The last frame, too, and the header.
    const std::uint64_t at = i == 0 ? size - 1 : i == 1 ? 17 : below(draw(4, kWhere, 0, i), size);
    disk.flip(kWal, at, 0x10);
    {
      Node node(disk, of_the_record());
      const Status opened = node.open();
      refused += opened ? 0 : 1;
      if (opened) {
        EXPECT_EQ(node.number("SELECT count(*) FROM t"), kRows) << "offset " << at;
        FAIL() << "every byte of this WAL counts, offset " << at;
      }
      EXPECT_NE(opened.error().message.find(kWal), std::string::npos) << opened.error().message;
    }
    disk.flip(kWal, at, 0x10);
  }
  EXPECT_EQ(refused, 150);
  EXPECT_EQ(refusal_of(disk, of_the_record()), "") << "nothing was changed by refusing";
}

// Nobody knew how far the mark had reached the device: whoever finds the damage sees to it.
TEST(Watermark, DamageThatWasFoundOnceIsFoundAfterALossOfPowerToo) {
  initialise_sqlite(1);
  for (std::uint64_t world = 0; world < 30; ++world) {
    SCOPED_TRACE(world);
    sim::DiskImage disk(world);
    {
      Node node(disk, of_the_record());
      ASSERT_TRUE(node.open());
      node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
      for (int row = 0; row < 60; ++row) add_row(node, row);
      const std::uint64_t size = *file_of(disk, kWal)->size();
      disk.flip(kWal, size - 2000, 1);  // the last frame
      if (world % 2 == 0) {             // while it runs, or at the next start
        const auto found = node.reader()->query(stmt("SELECT count(v) FROM t"), QueryLimits{});
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, ErrorCode::kCorrupt);
      }
    }
    disk.process_crash();
    if (world % 2 == 1) {
      EXPECT_NE(refusal_of(disk, of_the_record()), "");
    }
    disk.power_loss();
    EXPECT_NE(refusal_of(disk, of_the_record()), "");
  }
}

// What is left of a WAL is older than the pages that a checkpoint has copied from its end.
TEST_P(Watermarks, AWalThatLostFramesThatWereCopiedIsRefused) {
  constexpr int kRows = 60;
  sim::DiskImage disk(1);
  fill_and_copy(disk, kRows);
  const std::uint64_t size = *file_of(disk, kWal)->size();
  ASSERT_GT(size, kRows * 4096u);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::uint64_t at = size / 2 + below(draw(5, kWhere, 0, i), size / 2);
    disk.flip(kWal, at, 0x10);
    const std::string said = refusal_of(disk, options(1000));
    EXPECT_NE(said.find("The main file holds all of them: remove"), std::string::npos) << at << said;
    disk.flip(kWal, at, 0x10);
  }
  disk.flip(kWal, 17, 0x10);  // without its header nothing of it is read, and nothing is missing
  Node node(disk, options(1000));
  ASSERT_TRUE(node.open());
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), kRows + 1);
}

// The frames of the former one were copied; the new one has fewer, and the same salts.
TEST_P(Watermarks, AWalThatBeginsWithTheSaltsOfATornHeaderIsNotTakenForTheFormerOne) {
  constexpr int kRows = 20;
  sim::DiskImage disk(1);
  fill_and_copy(disk, kRows);
  constexpr std::uint64_t kCheckpointSequence = 12;  // written before the salts, when the WAL begins anew
  disk.flip(kWal, kCheckpointSequence + 3, 1);
  {
    Node node(disk, options(1000));
    ASSERT_TRUE(node.open());
    add_row(node, kRows + 1);
    ASSERT_TRUE(node.machine().sync());
  }
  disk.process_crash();
  Node node(disk, options(1000));
  const Status opened = node.open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), kRows + 2);
}

// It ended in the middle of the main file, which is a mixture alone: after a kill, and after a loss of power that
// kept what was copied and, if it may, nothing else that was not synced.
TEST_P(Watermarks, HalfACheckpointNeedsItsWal) {
  for (std::uint64_t world = 0; world < 9; ++world) {
    SCOPED_TRACE(world);
    sim::DiskImage disk(world);
    fill(disk, options(1000), 40);
    {
      Node node(disk, options(1));
      ASSERT_TRUE(node.open());
      add_row(node, 40);
      DiesInTheMainFile death;
      disk.set_faults(&death);
      EXPECT_FALSE(node.machine().checkpoint_if_due());
      EXPECT_TRUE(death.fired());
      disk.set_faults(nullptr);
    }
    world == 0 ? disk.process_crash() : disk.power_loss();
    const std::uint64_t size = *file_of(disk, kWal)->size();
    for (const std::uint64_t at : {std::uint64_t{17}, size / 2, size - 1}) {
      disk.flip(kWal, at, 0x10);
      const std::string said = refusal_of(disk, options(1));
      EXPECT_NE(said, "") << at;
      EXPECT_EQ(said.find("To serve what is left"), std::string::npos) << said;
      EXPECT_EQ(said.find("remove db/main.sqlite-wal"), std::string::npos) << said;
      disk.flip(kWal, at, 0x10);
    }
    EXPECT_EQ(refusal_of(disk, options(1)), "");
  }
}

TEST(Watermark, AWalThatIsGoneOrShorterIsRefused) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  fill(disk, of_the_record(), 20);
  const std::uint64_t size = *file_of(disk, kWal)->size();
  ASSERT_TRUE(file_of(disk, kWal)->truncate(size - 1));
  EXPECT_NE(refusal_of(disk, of_the_record()).find(" in transactions that are whole"), std::string::npos);
  ASSERT_TRUE(file_of(disk, kWal)->truncate(0));
  EXPECT_NE(refusal_of(disk, of_the_record()).find("found no file or an empty one"), std::string::npos);
  ASSERT_TRUE(disk.remove(kWal));
  EXPECT_NE(refusal_of(disk, of_the_record()).find("found no file or an empty one"), std::string::npos);
}

TEST(Watermark, WhoeverRemovesTheMarkIsServedWhatIsLeft) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  fill(disk, of_the_record(), 20);
  ASSERT_TRUE(file_of(disk, kWal)->truncate(*file_of(disk, kWal)->size() - 1));
  ASSERT_NE(refusal_of(disk, of_the_record()), "");
  ASSERT_TRUE(disk.remove(kMark));
  Node node(disk, of_the_record());
  ASSERT_TRUE(node.open());
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), 19);
}

TEST(Watermark, ADamagedMarkPromisesNothing) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  fill(disk, of_the_record(), 20);
  for (const std::uint64_t copy : {0, 4096}) disk.flip(kMark, copy + 20, 1);
  std::atomic<std::uint64_t> main_bytes{0};
  const auto watermark = Watermark::open(disk, std::string(kDatabase), main_bytes);
  ASSERT_TRUE(watermark);
  EXPECT_EQ((*watermark)->mark(), Mark{});
  EXPECT_EQ(refusal_of(disk, of_the_record()), "");
}

TEST(Watermark, ATornCopyLeavesTheOther) {
  sim::DiskImage disk(1);
  std::atomic<std::uint64_t> main_bytes{0};
  for (const bool newer_is_torn : {false, true}) {
    const auto watermark = Watermark::open(disk, std::string(kDatabase), main_bytes);
    ASSERT_TRUE((*watermark)->fix({.main_bytes = 1}));
    ASSERT_TRUE((*watermark)->raise({.main_bytes = 2}));
    disk.flip(kMark, newer_is_torn ? 16 : 4096 + 16, 0xFF);
    const auto torn = Watermark::open(disk, std::string(kDatabase), main_bytes);
    EXPECT_EQ((*torn)->mark().main_bytes, newer_is_torn ? 1u : 2u);
    EXPECT_EQ(main_bytes.load(), newer_is_torn ? 1u : 2u);
    ASSERT_TRUE(disk.remove(kMark));
  }
}

// An older one asks for what is gone for good.
TEST(Watermark, AfterALossOfPowerNoMarkStandsThatIsOlderThanTheLastSyncedOne) {
  std::atomic<std::uint64_t> main_bytes{0};
  int unsynced = 0;
  for (std::uint64_t world = 0; world < 2000; ++world) {
    sim::DiskImage disk(world);
    {
      const auto watermark = Watermark::open(disk, std::string(kDatabase), main_bytes);
      ASSERT_TRUE((*watermark)->fix({.main_bytes = 1}));
      ASSERT_TRUE((*watermark)->raise({.main_bytes = 2}));
      ASSERT_TRUE((*watermark)->fix({.main_bytes = 3}));
      for (std::uint64_t bytes = 4; bytes < 9; ++bytes) ASSERT_TRUE((*watermark)->raise({.main_bytes = bytes}));
    }
    if (world % 2 == 1) {  // the next process takes up what the one before has not synced
      disk.process_crash();
      const auto watermark = Watermark::open(disk, std::string(kDatabase), main_bytes);
      ASSERT_TRUE((*watermark)->raise({.main_bytes = 9}));
    }
    disk.power_loss();
    const auto watermark = Watermark::open(disk, std::string(kDatabase), main_bytes);
    EXPECT_GE((*watermark)->mark().main_bytes, 3u) << world;
    unsynced += (*watermark)->mark().main_bytes > 3 ? 1 : 0;
  }
  EXPECT_GT(unsynced, 0);
}

// ---- crashes are not losses --------------------------------------------------------------------------

class DiesAt final : public sim::DiskFaults {
 public:
  explicit DiesAt(std::uint64_t call) : left_(call) {}
  sim::DiskFault on_call(const sim::DiskCall&) override {
    return ++calls_ > left_ ? sim::DiskFault::kGone : sim::DiskFault::kNone;
  }
  bool fired() const { return calls_ > left_; }

 private:
  std::uint64_t left_;
  std::uint64_t calls_ = 0;
};

// Grows, shrinks and grows again; ends at the first failure. What was applied is durable.
void live(Node& node, LogIndex& acknowledged) {
  const auto one = [&](const std::string& text) {
    const EntryStamp stamp = stamp_of(node.machine().applied().value() + 1);
    const auto report = node.machine().apply(
        {&stamp, 1}, [&](std::size_t, EntryScope& scope) { scope.execute(Batch{stmt(text)}, {}); });
    if (report) acknowledged = node.machine().applied();
    return report.has_value() && node.machine().checkpoint_if_due().has_value();
  };
  if (!one("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, v BLOB)")) return;
  for (int row = 0; row < 6; ++row)
    if (!one("INSERT INTO t(v) VALUES(zeroblob(9000))")) return;
  if (!one("DELETE FROM t WHERE id % 3 > 0")) return;
  if (!node.machine().maintain(stamp_of(node.machine().applied().value() + 1), Machine::Maintenance::kVacuum))
    return;
  acknowledged = node.machine().applied();
  for (int row = 0; row < 3; ++row)
    if (!one("INSERT INTO t(v) VALUES(randomblob(9000))")) return;
  (void)node.machine().put_away();
}

// Killed, without power, and one after the other: what a killed process wrote is not durable yet.
TEST(Watermark, ACrashAtAnyCallOfTheDiskIsNotTakenForALoss) {
  initialise_sqlite(1);
  int deaths = 0;
  bool finished = false;
  for (std::uint64_t call = 0; !finished; ++call) {
    for (std::uint64_t world = 0; world < 4; ++world) {
      SCOPED_TRACE(cat("call ", call, ", world ", world));
      sim::DiskImage disk(call * 4 + world);
      LogIndex acknowledged;
      bool loses_power = world % 2 == 0;
      for (const std::uint64_t calls : {call, call / 2, std::uint64_t{100'000}}) {
        DiesAt death(calls);
        disk.set_faults(&death);
        {
          Node node(disk, of_the_record(12));
          const Status opened = node.open();
          if (!opened) {
            ASSERT_EQ(opened.error().code, ErrorCode::kGone) << opened.error().message;
          } else {
            ASSERT_GE(node.machine().applied(), acknowledged);
            live(node, acknowledged);
          }
        }
        disk.set_faults(nullptr);
        loses_power ? disk.power_loss() : disk.process_crash();
        if (world >= 2) loses_power = !loses_power;
        deaths += death.fired() ? 1 : 0;
        finished = !death.fired() && calls == call;
        if (finished) break;
      }
    }
  }
  EXPECT_GE(deaths, 1000);
}

}  // namespace
}  // namespace lockstep::sql
