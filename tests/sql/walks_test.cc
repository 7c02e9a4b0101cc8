// Stories about large rows: columns behind a large value cost the walk to them, everywhere the same, and no
// more than it.
#include <functional>

#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

constexpr const char* kTable = "CREATE TABLE o(id INTEGER PRIMARY KEY, x BLOB, z INTEGER)";

// Rows with a large value before a small one.
Statement large_row(std::int64_t id, std::size_t bytes) {
  return stmt("INSERT INTO o VALUES(?1, ?2, ?1)", {id, Blob{Bytes(bytes, 'x')}});
}

class Walks : public SqlTest {
 protected:
  void fill(int rows, std::size_t bytes) {
    node.must(kTable);
    node.must("CREATE TABLE t(id, z)");
    for (int id = 1; id <= rows; ++id)
      EXPECT_EQ(node.apply(Batch{large_row(id, bytes)}).outcome, Outcome::kOk);
  }
};

TEST_F(Walks, AJoinThatWalksThroughMegabytesAtEveryStepIsALimit) {
  fill(10, 1'000'000);
  const BatchResult result = node.apply(
      "INSERT INTO t SELECT a.id, b.z FROM o a, o b, o c, o d, o e WHERE a.z < b.z + c.z - d.z + e.z");
  EXPECT_EQ(result.outcome, Outcome::kLimit);
  EXPECT_EQ(result.message, "more than 10000000 operations, where those on large values count for more");
}

TEST_F(Walks, AnIndexOfLargeKeysIsChargedForThem) {
  node.must("CREATE TABLE k(v TEXT PRIMARY KEY) WITHOUT ROWID");
  const std::string same(200'000, 'k');
  for (char last : {'a', 'b', 'c', 'd'}) node.must("INSERT INTO k VALUES(?1)", {same + last});
  const BatchResult result = node.apply(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
      "SELECT count(*) FROM n WHERE EXISTS (SELECT 1 FROM k WHERE v = 'k' || i)");
  EXPECT_EQ(result.outcome, Outcome::kLimit);
}

TEST_F(Walks, OrdinaryStatementsOnATableWithLargeRowsPass) {
  fill(3, 5'000'000);
  node.must(
      "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO o SELECT "
      "i, 'small', i FROM n");
  EXPECT_EQ(node.number("SELECT count(*) FROM o WHERE z >= 0"), 19'994);
  node.must("UPDATE o SET z = -z WHERE z > 10 AND z < 3000");
  node.must("DELETE FROM o WHERE z = 2");
  EXPECT_EQ(node.number("SELECT sum(z < 0) FROM o"), 2989);
  node.expect_digest_is_scan();
}

// What happens to a large row in one pass is over with it, and the small ones cost what they do.
TEST_F(Walks, ASinglePassOverManyRowsOfWhichOneIsLargePasses) {
  fill(1, 5'000'000);
  node.must("CREATE TABLE p(id INTEGER PRIMARY KEY, v, w REFERENCES o(id))");
  node.must("CREATE INDEX by_z ON o(z)");
  node.must(
      "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO o SELECT "
      "i, 'small', i FROM n");
  node.must("UPDATE o SET z = z + 1");
  node.must("UPDATE o SET z = z * 2 - 1 WHERE z % 10 = 1 OR id < 5");
  node.must("INSERT INTO p SELECT id, x, id FROM o WHERE z > 0");
  node.must("INSERT INTO p SELECT id + 100000, v, NULL FROM p");
  EXPECT_EQ(node.number("SELECT count(*) FROM p WHERE id > 0"), 2 * 49'992);
  node.must("DELETE FROM p WHERE v <> 'small'");
  EXPECT_EQ(node.number("SELECT count(*) FROM p WHERE id > 0"), 2 * 49'991);
  node.expect_digest_is_scan();
}

TEST_F(Walks, WhatKeepsOrMultipliesALargeValueCountsAsBefore) {
  fill(2, 3'000'000);
  node.must(
      "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO o SELECT "
      "i, 'small', i FROM n");
  for (const char* sql :
       {"UPDATE o SET z = (SELECT count(*) FROM o b WHERE b.x = o.x)",
        "UPDATE o SET z = a.z FROM o a WHERE a.x = o.x", "UPDATE o SET x = x || x || x || x",
        "UPDATE o SET x = zeroblob(9000000)", "INSERT INTO t SELECT a.id, a.x FROM o a, o b WHERE a.x <> b.x",
        "INSERT INTO t SELECT id, x FROM o ORDER BY x"})
    EXPECT_EQ(node.apply(sql).outcome, Outcome::kLimit) << sql;
}

// The smallest budget with which `batch` passes on a database that `prepare` has made. `before` comes in the
// same transaction, as an entry of its own.
std::uint64_t budget_of(const std::function<void(Node&)>& prepare, const Batch& before, const Batch& batch,
                        bool warm) {
  const auto passes = [&](std::uint64_t limit) {
    sim::DiskImage disk(1);
    {
      Node maker(disk);
      EXPECT_TRUE(maker.open());
      prepare(maker);
    }
    Node node(disk, {.max_operations = limit});
    EXPECT_TRUE(node.open());
    if (warm) {
      node.apply("SELECT sum(z) FROM o");
      node.apply("SELECT sum(z) FROM o");
    }
    const std::uint64_t next = node.machine().applied().value() + 1;
    const std::vector<EntryStamp> stamps = {stamp_of(next), stamp_of(next + 1)};
    std::vector<BatchResult> results(2);
    EXPECT_TRUE(node.machine().apply(stamps, [&](std::size_t at, EntryScope& scope) {
      results[at] = scope.execute(at == 0 ? before : batch, {});
    }));
    EXPECT_NE(results[0].outcome, Outcome::kLimit) << results[0].message;
    return results[1].outcome == Outcome::kOk;
  };
  std::uint64_t low = 200'000;  // enough for what comes before
  std::uint64_t high = 10'000'000;
  EXPECT_FALSE(passes(low));
  EXPECT_TRUE(passes(high));
  while (high - low > 1) (passes((low + high) / 2) ? high : low) = (low + high) / 2;
  return high;
}

void make_rows(Node& node, int first, int end) {
  for (int id = first; id < end; ++id)
    EXPECT_EQ(node.apply(Batch{large_row(id, 60'000)}).outcome, Outcome::kOk);
}

// Caches, free pages, places in the file and the company in a transaction differ between replicas.
TEST(WalkCosts, AreTheSameHoweverTheDatabaseCameAbout) {
  initialise_sqlite(7);
  const Batch batch = {stmt("INSERT INTO t SELECT a.id, b.z FROM o a, o b, o c WHERE a.z < b.z + c.z"),
                       stmt("UPDATE o SET z = z + 1 WHERE z > 3"), large_row(100, 40'000),
                       stmt("DELETE FROM o WHERE z % 2"), stmt("INSERT INTO t SELECT id, z FROM o")};
  const Batch nothing = {stmt("SELECT 1")};
  const auto plain = [](Node& node) {
    node.must(kTable);
    node.must("CREATE TABLE t(id, z)");
    make_rows(node, 1, 9);
  };
  const auto with_free_pages = [](Node& node) {
    node.must(kTable);
    node.must("CREATE TABLE other(x)");
    for (int i = 0; i < 5; ++i) node.must("INSERT INTO other VALUES(?1)", {Blob{Bytes(1'000'000, 'o')}});
    node.must("CREATE TABLE t(id, z)");
    make_rows(node, 1, 5);
    node.must("DELETE FROM other WHERE rowid % 2");
    make_rows(node, 5, 9);
    node.must("DELETE FROM other");
  };
  const auto all_but_the_last = [](Node& node) {
    node.must(kTable);
    node.must("CREATE TABLE t(id, z)");
    make_rows(node, 1, 8);
  };
  const std::uint64_t usual = budget_of(plain, nothing, batch, false);
  EXPECT_GT(usual, 300'000u);
  EXPECT_EQ(budget_of(plain, nothing, batch, true), usual) << "everything is cached";
  EXPECT_EQ(budget_of(with_free_pages, nothing, batch, false), usual) << "free pages";
  EXPECT_EQ(budget_of(with_free_pages, nothing, batch, true), usual) << "free pages, cached";
  EXPECT_EQ(budget_of(all_but_the_last, {large_row(8, 60'000)}, batch, false), usual)
      << "a row of this transaction";
  const Batch failing = {stmt("INSERT INTO t VALUES(1, 2)"), large_row(77, 90'000), stmt("SELECT nonsense")};
  EXPECT_EQ(budget_of(plain, failing, batch, false), usual) << "in savepoints";
}

}  // namespace
}  // namespace lockstep::sql
