// Stories about SQL whose answers would differ between replicas if SQLite were left alone.
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

using Deterministic = SqlTest;

TEST_F(Deterministic, NowIsTheTimeOfTheEntryAlsoInDefaultsTriggersAndCachedStatements) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)");
  node.must("CREATE TABLE log(at TEXT)");
  node.must("CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES(strftime('%s','now')); END");
  node.must("INSERT INTO t(id) VALUES(?1)", {std::int64_t{1}});
  node.must("INSERT INTO t(id) VALUES(?1)", {std::int64_t{2}});
  EXPECT_EQ(node.text("SELECT group_concat(at) FROM t"), "2026-01-02 03:04:08,2026-01-02 03:04:09");
  EXPECT_EQ(node.text("SELECT group_concat(at) FROM log"), "1767323048,1767323049");
  EXPECT_EQ(node.text("SELECT datetime('now')"), "2026-01-02 03:04:12");
}

TEST_F(Deterministic, RandomDependsOnTheSeedOfTheEntryAndDiffersWithinAStatement) {
  const Rows first = node.select("SELECT random(), random(), hex(randomblob(20))");
  sim::DiskImage other_disk{99};
  initialise_sqlite(8);
  Node other(other_disk);
  ASSERT_TRUE(other.open());
  EXPECT_EQ(other.select("SELECT random(), random(), hex(randomblob(20))"), first);
  EXPECT_NE(first.rows[0][0], first.rows[0][1]);
  EXPECT_EQ(std::get<std::string>(first.rows[0][2]).size(), 40u);
  EXPECT_NE(other.select("SELECT random(), random(), hex(randomblob(20))"), first);
}

TEST_F(Deterministic, CountersStartFromZeroInEveryEntry) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  node.must("INSERT INTO t VALUES(5),(6),(7)");
  EXPECT_EQ(node.select("SELECT last_insert_rowid(), changes(), total_changes()").rows,
            (std::vector<std::vector<Value>>{{std::int64_t{0}, std::int64_t{0}, std::int64_t{0}}}));
  const BatchResult result =
      node.apply(Batch{stmt("INSERT INTO t VALUES(8),(9)"), stmt("DELETE FROM t WHERE id = 5"),
                       stmt("SELECT last_insert_rowid(), changes(), total_changes()")});
  ASSERT_EQ(result.outcome, Outcome::kOk) << result.message;
  EXPECT_EQ(result.statements[0].changes, 2);
  EXPECT_EQ(result.statements[0].last_insert_rowid, 9);
  EXPECT_EQ(result.statements[1].changes, 1);
  EXPECT_EQ(result.statements[2].rows.rows[0],
            (std::vector<Value>{std::int64_t{9}, std::int64_t{1}, std::int64_t{3}}));
}

TEST_F(Deterministic, LocalTimeFailsInsteadOfAskingForTheTimeZone) {
  EXPECT_EQ(node.apply("SELECT datetime('now','localtime')").outcome, Outcome::kSqlError);
  EXPECT_EQ(node.apply("SELECT datetime('now','utc')").outcome, Outcome::kSqlError);
}

TEST_F(Deterministic, PlacesInTheFileReadAsNull) {
  node.must("CREATE TABLE t(a)");
  EXPECT_EQ(node.value("SELECT rootpage FROM sqlite_schema WHERE name = 't'"), Value());
  node.must("CREATE TABLE copied AS SELECT * FROM sqlite_schema");
  EXPECT_EQ(node.number("SELECT count(rootpage) FROM copied"), 0);
}

TEST_F(Deterministic, AnIndependentDatabaseInTheSameProcessChangesNothing) {
  sim::DiskImage disks[3] = {sim::DiskImage(1), sim::DiskImage(2), sim::DiskImage(3)};
  Node nodes[3] = {Node(disks[0]), Node(disks[1]), Node(disks[2])};
  for (Node& each : nodes) ASSERT_TRUE(each.open());
  const std::string statements[] = {
      "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, r DEFAULT (random()), at DEFAULT CURRENT_TIMESTAMP)",
      "INSERT INTO t DEFAULT VALUES", "INSERT INTO t(r) SELECT randomblob(9) FROM t",
      "UPDATE t SET r = random() WHERE id = 1"};
  // Two advance together, the third alone afterwards.
  for (const std::string& text : statements) {
    nodes[0].must(text);
    nodes[1].must(text);
  }
  for (const std::string& text : statements) nodes[2].must(text);
  EXPECT_EQ(nodes[0].machine().digest(), nodes[1].machine().digest());
  EXPECT_EQ(nodes[0].machine().digest(), nodes[2].machine().digest());
  EXPECT_NE(nodes[0].machine().digest(), node.machine().digest());
}

}  // namespace
}  // namespace lockstep::sql
