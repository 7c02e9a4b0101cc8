// Stories about memory that SQLite asks for and does not get: the node fails, and what it had said stays true.
#include "storage/sql/allocations.h"

#include <gtest/gtest.h>

#include "storage/series/block_table.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

TEST(Allocations, TheNthFromNowOnAndAsManyAsWantedAreRefused) {
  Allocations allocations;
  std::uint64_t told = 0;
  EXPECT_TRUE(allocations.grant());
  allocations.refuse(2, 2, [&told] { ++told; });
  EXPECT_TRUE(allocations.grant());
  EXPECT_FALSE(allocations.grant());
  EXPECT_FALSE(allocations.grant());
  EXPECT_TRUE(allocations.grant());
  EXPECT_EQ(told, 2u);
  EXPECT_EQ(allocations.seen(), 5u);
}

TEST(Allocations, TheEndOfOneRefusalLeavesTheOther) {
  Allocations allocations;
  std::uint64_t first_told = 0;
  std::uint64_t second_told = 0;
  const std::uint64_t first = allocations.refuse(1000, 1, [&first_told] { ++first_told; });
  allocations.refuse(2, 1, [&second_told] { ++second_told; });
  allocations.end_refusal(first);
  EXPECT_TRUE(allocations.grant());
  EXPECT_FALSE(allocations.grant());
  EXPECT_TRUE(allocations.grant());
  EXPECT_EQ(first_told, 0u);
  EXPECT_EQ(second_told, 1u);
}

// Whichever allocation of a write is refused, the node fails, and after it the write is there wholly or not at all.
TEST(Allocations, AWriteThatIsRefusedMemoryAnywhereIsWholeOrNotThere) {
  initialise_sqlite(1);
  std::uint64_t refused = 0;
  bool was_refused = true;
  for (std::uint64_t nth = 1; was_refused; nth += 3) {
    sim::DiskImage disk(1);
    Allocations allocations;
    {
      Node node(disk, {.allocations = &allocations});
      ASSERT_TRUE(node.open());
      node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
      node.must(std::string(series::kCreateBlockTable));
      std::uint64_t told = 0;
      allocations.refuse(nth, 1, [&told] { ++told; });
      const EntryStamp stamp = stamp_of(node.machine().applied().value() + 1);
      const auto report = node.machine().apply({&stamp, 1}, [](std::size_t, EntryScope& scope) {
        scope.execute(
            std::vector{stmt("INSERT INTO t(v) VALUES('x'), ('y')"), stmt("UPDATE t SET v = v || id"),
                        stmt("SELECT group_concat(v), json_group_object(id, v) FROM t"),
                        stmt("INSERT INTO series_blocks SELECT 'a', s.*, b FROM (SELECT series_pack(id, id) "
                             "AS b FROM t), series_summary(b) AS s"),
                        stmt("SELECT * FROM series_range('a')"),
                        stmt("SELECT * FROM series_buckets('a', NULL, NULL, 1)"),
                        stmt("INSERT INTO t(id, v) VALUES(3, hex(zeroblob(5000)))"),
                        stmt("UPDATE t SET v = id WHERE id = 3"), stmt("DELETE FROM t WHERE id = 3")},
            {});
      });
      EXPECT_EQ(report.has_value(), told == 0) << nth;
      refused += told;
      was_refused = told > 0;
      ASSERT_LT(nth, 10'000u);
    }
    Node again(disk);
    ASSERT_TRUE(again.open());
    const auto rows = again.select("SELECT count(*) FROM t").rows;
    const auto count = std::get<std::int64_t>(rows.front().front());
    EXPECT_TRUE(count == 0 || count == 2) << nth;
    EXPECT_EQ(*again.machine().scan_digest(), again.machine().digest());
  }
  EXPECT_GT(refused, 20u);
}

// Whichever allocation of a read is refused, alone or with all behind it, it is answered wholly or not at all.
TEST(Allocations, AReadThatIsRefusedMemoryAnywhereIsWholeOrFails) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  Allocations allocations;
  Node node(disk, {.allocations = &allocations});
  ASSERT_TRUE(node.open());
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
  node.must("INSERT INTO t(v) VALUES('x'), ('y')");
  const Statement query = stmt("SELECT upper(v) AS large, t.*, hex(v || id) FROM t ORDER BY large DESC");
  const auto whole = node.reader()->query(query, {});
  ASSERT_TRUE(whole);
  std::uint64_t refused = 0;
  for (const std::uint64_t times : {1u, 1'000'000u}) {
    bool was_refused = true;
    for (std::uint64_t nth = 1; was_refused; ++nth) {
      const auto reader = node.reader();
      ASSERT_TRUE(reader->query(query, {}));  // compiled, and then out of date, as it may be anywhere
      node.must(nth % 2 == 0 ? "CREATE TABLE other(x)" : "DROP TABLE IF EXISTS other");
      std::uint64_t told = 0;
      allocations.refuse(nth, times, [&told] { ++told; });
      const auto result = reader->query(query, {});
      allocations.refuse_none();
      if (result && result->outcome == Outcome::kOk) {
        EXPECT_EQ(result->rows, whole->rows) << nth;
      } else {
        EXPECT_GT(told, 0u) << nth;
      }
      refused += told > 0 ? 1 : 0;
      was_refused = told > 0;
      ASSERT_LT(nth, 10'000u);
    }
  }
  EXPECT_GT(refused, 20u);
}

TEST(Allocations, WhoeverOpensWithoutMemoryIsToldSo) {
  initialise_sqlite(1);
  bool was_refused = true;
  for (std::uint64_t nth = 1; was_refused; ++nth) {
    sim::DiskImage disk(1);
    Allocations allocations;
    std::uint64_t told = 0;
    allocations.refuse(nth, 1, [&told] { ++told; });
    {
      Node node(disk, {.allocations = &allocations});
      const Status opened = node.open();
      EXPECT_EQ(opened.has_value(), told == 0) << nth;
    }
    was_refused = told > 0;
    ASSERT_LT(nth, 10'000u);
    allocations.refuse_none();
    Node again(disk, {.allocations = &allocations});
    EXPECT_TRUE(again.open()) << nth;
  }
}

}  // namespace
}  // namespace lockstep::sql
