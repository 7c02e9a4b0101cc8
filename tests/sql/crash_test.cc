// Crashes and failing disks: what is found after reopening, and that a node's failure never becomes an
// entry's result.
#include <algorithm>

#include "base/prng.h"
#include "storage/sql/connection.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

constexpr Purpose kCrashAt{"test.crash_at"};
constexpr Purpose kCrashKind{"test.crash_kind"};
constexpr std::uint64_t kEntries = 60;

// Remembers the last index it was told; stands for the sessions of core/replica.
class Counter final : public Participant {
 public:
  void reset() override { value_ = 0; }
  void row(std::uint32_t space, BytesView, BytesView value) override {
    if (space == 3) value_ = *ByteReader(value).u64();
  }
  void flush(StateWriter& writer) override {
    Bytes bytes;
    ByteWriter(bytes).u64(value_);
    writer.put(3, "last", bytes);
  }
  void set(LogIndex index) { value_ = index.value(); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// From the n-th call on, everything fails in one way.
class FailFrom final : public sim::DiskFaults {
 public:
  FailFrom(std::uint64_t call, sim::DiskFault fault) : left_(call), fault_(fault) {}
  sim::DiskFault on_call(const sim::DiskCall&) override {
    ++calls_;
    return calls_ > left_ ? fault_ : sim::DiskFault::kNone;
  }
  bool fired() const { return calls_ > left_; }
  std::uint64_t calls() const { return calls_; }

 private:
  std::uint64_t left_;
  sim::DiskFault fault_;
  std::uint64_t calls_ = 0;
};

Batch batch_of(std::uint64_t index) {
  if (index == 1) return {stmt("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)")};
  if (index == 2) return {stmt("CREATE INDEX i ON t(a)")};
  const auto key = static_cast<std::int64_t>(index * 7 % 23);
  if (index % 11 == 0) return {stmt("INSERT OR ROLLBACK INTO t VALUES(?1, 1, 1), (?1, 2, 2)", {key + 100})};
  if (index % 13 == 0) return {stmt("UPDATE t SET b = zeroblob(9000) WHERE id % 3 = 0")};
  return {stmt("REPLACE INTO t VALUES(?1, random(), CURRENT_TIMESTAMP)", {key}),
          stmt("DELETE FROM t WHERE id = ?1", {key + 1})};
}

Options small_checkpoints() {
  Options options;
  options.checkpoint_frames = 12;
  return options;
}

// Applies groups of three from where the machine is; stops at the first failure of the node.
Status apply_rest(Machine& machine, Counter& counter, LogIndex& attempted, std::uint64_t end = kEntries) {
  while (machine.applied().value() < end) {
    std::vector<EntryStamp> stamps;
    for (std::uint64_t index = machine.applied().value() + 1; index <= end && stamps.size() < 3; ++index)
      stamps.push_back(stamp_of(index));
    attempted = stamps.back().index;
    const auto report = machine.apply(stamps, [&](std::size_t position, EntryScope& scope) {
      scope.execute(batch_of(stamps[position].index.value()), {});
      counter.set(stamps[position].index);
    });
    if (!report) return std::unexpected(report.error());
    EXPECT_EQ(machine.applied(), attempted);
    if (attempted.value() % 2 == 0) LOCKSTEP_TRY_STATUS(machine.sync());
    LOCKSTEP_TRY_STATUS(machine.checkpoint_if_due());
  }
  return {};
}

std::uint64_t digest_without_a_crash() {
  sim::DiskImage disk{1};
  Node node(disk, small_checkpoints());
  Counter counter;
  EXPECT_TRUE(node.open(&counter));
  LogIndex attempted;
  EXPECT_TRUE(apply_rest(node.machine(), counter, attempted));
  return node.machine().digest();
}

void expect_whole(Node& node, const Counter& counter) {
  node.expect_digest_is_scan();
  EXPECT_EQ(counter.value(), node.machine().applied().value());
}

// What SQLite itself says about the file, after a recovery of its own.
void expect_sound(sim::DiskImage& disk) {
  SharedFile shared;
  const auto connection = Connection::open(disk, shared, {.path = Options().path, .writes = true});
  ASSERT_TRUE(connection) << connection.error().message;
  const auto check = (*connection)->prepare("PRAGMA integrity_check");
  ASSERT_TRUE(check) << check.error().message;
  ASSERT_EQ(sqlite3_step(check->get()), SQLITE_ROW);
  EXPECT_STREQ(reinterpret_cast<const char*>(sqlite3_column_text(check->get(), 0)), "ok");
}

enum class Crash { kProcess, kPower };

void crash(sim::DiskImage& disk, Crash kind) {
  disk.set_faults(nullptr);
  if (kind == Crash::kPower)
    disk.power_loss();
  else
    disk.process_crash();
}

// One life that ends at the given call of the disk. False if it reached the end of the log before.
bool live_and_die(sim::DiskImage& disk, std::uint64_t call, Crash kind, LogIndex& durable,
                  LogIndex& attempted) {
  FailFrom faults(call, sim::DiskFault::kGone);
  disk.set_faults(&faults);
  {
    Node node(disk, small_checkpoints());
    Counter counter;
    const Status opened = node.open(&counter);
    if (opened) {
      EXPECT_GE(node.machine().applied(), durable);
      EXPECT_LE(node.machine().applied(), std::max(attempted, durable));
      disk.set_faults(nullptr);
      expect_whole(node, counter);
      disk.set_faults(&faults);
      durable = std::max(durable, node.machine().durable());
      const Status applied = apply_rest(node.machine(), counter, attempted);
      durable = std::max(durable, node.machine().durable());
      EXPECT_EQ(applied.has_value(), !faults.fired());
    } else {
      EXPECT_EQ(opened.error().code, ErrorCode::kGone) << opened.error().message;
    }
  }
  const bool fired = faults.fired();
  crash(disk, kind);
  return fired;
}

TEST(Crash, AtAnyCallOfTheDiskKeepsWhatIsDurableAndReappliesTheRestOnce) {
  initialise_sqlite(1);
  const std::uint64_t expected = digest_without_a_crash();
  int deaths = 0;
  for (std::uint64_t world = 1; world <= 200; ++world) {
    SCOPED_TRACE(world);
    sim::DiskImage disk{world};
    LogIndex durable;
    LogIndex attempted;
    for (std::uint64_t life = 0; life < 6; ++life) {
      const std::uint64_t call = below(draw(world, kCrashAt, 0, life), life % 2 == 0 ? 60 : 260);
      const Crash kind = chance(draw(world, kCrashKind, 0, life), 500'000) ? Crash::kPower : Crash::kProcess;
      if (live_and_die(disk, call, kind, durable, attempted)) ++deaths;
      // Every other time the next life recovers, and may die while it does.
      if (life % 2 == 0) expect_sound(disk);
      ASSERT_FALSE(testing::Test::HasFailure());
    }
    Node node(disk, small_checkpoints());
    Counter counter;
    const Status opened = node.open(&counter);
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_GE(node.machine().applied(), durable);
    ASSERT_LE(node.machine().applied(), attempted);
    ASSERT_TRUE(apply_rest(node.machine(), counter, attempted));
    expect_whole(node, counter);
    ASSERT_EQ(node.machine().digest(), expected);
  }
  EXPECT_GE(deaths, 1000);
}

TEST(Crash, EveryFailingCallOfTheDiskIsTheNodesFailureAndStaysOne) {
  initialise_sqlite(1);
  for (const auto fault : {sim::DiskFault::kIo, sim::DiskFault::kNoSpace}) {
    std::uint64_t failures = 0;
    for (std::uint64_t call = 0;; ++call) {
      sim::DiskImage disk{call + 1};
      Node node(disk, small_checkpoints());
      Counter counter;
      ASSERT_TRUE(node.open(&counter));
      FailFrom faults(call, fault);
      disk.set_faults(&faults);
      LogIndex attempted;
      const Status applied = apply_rest(node.machine(), counter, attempted, 20);
      if (!faults.fired()) {
        ASSERT_TRUE(applied);
        break;
      }
      ++failures;
      ASSERT_FALSE(applied);
      const auto code = applied.error().code;
      EXPECT_TRUE(code == ErrorCode::kIo || code == ErrorCode::kNoSpace || code == ErrorCode::kPoisoned)
          << to_string(code) << ": " << applied.error().message;
      disk.set_faults(nullptr);
      // The device works again, the machine does not.
      const EntryStamp next = stamp_of(kEntries + 1);
      EXPECT_FALSE(node.machine().apply({&next, 1}, [](std::size_t, EntryScope&) {}));
      EXPECT_FALSE(node.machine().sync());
    }
    EXPECT_GE(failures, 20u);
  }
}

TEST(Crash, DuringVacuumLeavesADigestThatEqualsAScan) {
  initialise_sqlite(1);
  bool finished = false;
  std::uint64_t deaths = 0;
  for (std::uint64_t call = 0; !finished; ++call) {
    sim::DiskImage disk{call + 1};
    FailFrom faults(call, sim::DiskFault::kGone);
    {
      Node node(disk);
      ASSERT_TRUE(node.open());
      node.must("CREATE TABLE t(a)");
      node.must("INSERT INTO t VALUES(1),(2),(3),(4)");
      node.must("DELETE FROM t WHERE a < 3");
      ASSERT_TRUE(node.machine().sync());
      disk.set_faults(&faults);
      finished = node.machine().maintain(stamp_of(4), Machine::Maintenance::kVacuum).has_value();
      EXPECT_EQ(finished, !faults.fired());
    }
    if (!finished) ++deaths;
    crash(disk, call % 2 == 0 ? Crash::kPower : Crash::kProcess);
    Node node(disk);
    ASSERT_TRUE(node.open());
    node.expect_digest_is_scan();
    if (node.machine().applied() == LogIndex(3)) {
      const auto again = node.machine().maintain(stamp_of(4), Machine::Maintenance::kVacuum);
      ASSERT_TRUE(again) << again.error().message;
    }
    ASSERT_EQ(node.machine().applied(), LogIndex(4));
    EXPECT_EQ(node.number("SELECT max(rowid) FROM t"), 2);
  }
  EXPECT_GE(deaths, 5u);
}

TEST(Crash, DurableMovesWithSyncAndWithACompleteCheckpointOnly) {
  initialise_sqlite(1);
  sim::DiskImage disk{1};
  Options options;
  options.checkpoint_frames = 3;
  Node node(disk, options);
  ASSERT_TRUE(node.open());
  node.must("CREATE TABLE t(a)");
  EXPECT_EQ(node.machine().durable(), LogIndex(0));
  ASSERT_TRUE(node.machine().sync());
  EXPECT_EQ(node.machine().durable(), LogIndex(1));
  node.must("INSERT INTO t VALUES(1)");
  EXPECT_EQ(node.machine().durable(), LogIndex(1));
  ASSERT_TRUE(node.machine().checkpoint_if_due());
  EXPECT_EQ(node.machine().durable(), LogIndex(2));
  node.must("INSERT INTO t VALUES(2)");
  disk.power_loss();
  Node again(disk, options);
  ASSERT_TRUE(again.open());
  EXPECT_GE(again.machine().applied(), LogIndex(2));
}

}  // namespace
}  // namespace lockstep::sql
