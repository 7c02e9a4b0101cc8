// Stories about versions and digests: after any statement the digest equals a full scan.
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

using Digest = SqlTest;
using Versions = SqlTest;

TEST_F(Digest, EqualsAScanAfterEveryKindOfStatement) {
  const char* statements[] = {
      "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
      "CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE)",
      "CREATE TABLE wr(k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID",
      "CREATE TABLE plain(a, b REAL, c INTEGER, d TEXT)",
      "CREATE TABLE gen(a, s AS (a * 2) STORED, b, v AS (a || 'x'), c)",
      "INSERT INTO parent VALUES(1,'one'),(2,'two'),(3,'three')",
      "INSERT INTO child VALUES(10,1),(11,1),(12,2)",
      "UPDATE parent SET id = 20 WHERE id = 2",
      "DELETE FROM parent WHERE id = 1",
      "REPLACE INTO parent VALUES(4,'three')",
      "INSERT INTO parent VALUES(4,'four') ON CONFLICT(id) DO UPDATE SET name = excluded.name",
      "INSERT INTO wr VALUES('a', x'00ff'), ('b', NULL)",
      "UPDATE wr SET k = 'c' WHERE k = 'a'",
      "REPLACE INTO wr VALUES('b', zeroblob(5000))",
      "INSERT INTO plain VALUES(1, 3, 3.0, 7), (2.5, 9007199254740993, '12', x'31'), (-0.0, 1e300, 1e9, 'x')",
      "INSERT INTO plain SELECT b, a, d, c FROM plain",
      "UPDATE plain SET b = c, c = b",
      "UPDATE plain SET b = 140737488355328 WHERE rowid = 1",
      "UPDATE plain SET rowid = rowid + 100",
      "UPDATE plain SET a = a",
      "INSERT INTO gen(a, b, c) VALUES(1, 2, 3), ('q', 'r', 's')",
      "UPDATE gen SET c = 9, a = 5",
      "CREATE INDEX gi ON gen(v)",
      "CREATE TABLE copied AS SELECT * FROM plain",
      "ALTER TABLE copied ADD COLUMN z DEFAULT 77",
      "UPDATE copied SET a = 'changed' WHERE rowid = 1",
      "DELETE FROM copied WHERE rowid = 2",
      "ALTER TABLE copied ADD COLUMN y TEXT",
      "UPDATE copied SET y = 'y' WHERE rowid = 3",
      "ALTER TABLE copied RENAME COLUMN a TO alpha",
      "ALTER TABLE copied DROP COLUMN d",
      "ALTER TABLE copied RENAME TO Moved",
      "INSERT INTO moved(alpha) VALUES(1) RETURNING *",
      "CREATE TABLE t2(id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
      "CREATE TRIGGER tr AFTER INSERT ON t2 BEGIN INSERT INTO wr VALUES(new.x, new.id); END",
      "INSERT INTO t2(x) VALUES('k1'),('k2')",
      "ALTER TABLE t2 ADD COLUMN note TEXT NOT NULL DEFAULT 'none'",
      "DELETE FROM t2",
      "DROP TABLE moved",
      "DROP TRIGGER tr",
      "CREATE VIEW vw AS SELECT * FROM t2",
      "DROP VIEW vw",
      "DELETE FROM parent",
      "INSERT INTO plain(a) VALUES(randomblob(100000))",
      "DELETE FROM plain",
  };
  for (const char* sql : statements) {
    const std::uint64_t before = node.machine().digest();
    node.must(sql);
    node.expect_digest_is_scan(sql);
    EXPECT_NE(node.machine().digest(), before) << sql;  // at least a version has changed
  }
  for (const auto what : {Machine::Maintenance::kVacuum, Machine::Maintenance::kAnalyze}) {
    const EntryStamp stamp = stamp_of(node.machine().applied().value() + 1);
    const auto report = node.machine().maintain(stamp, what);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->entries.at(0).digest, node.machine().digest());
    EXPECT_EQ(node.machine().applied(), stamp.index);
    node.expect_digest_is_scan("maintenance");
  }
}

TEST_F(Digest, IsRestoredWhenABatchFailsInTheMiddle) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE)");
  node.must("INSERT INTO t VALUES(1,'x'),(2,'y')");
  const std::uint64_t before = node.machine().digest();
  const BatchResult result = node.apply(
      Batch{stmt("UPDATE t SET a = a || '!'"), stmt("CREATE TABLE other AS SELECT * FROM t"),
            stmt("DELETE FROM t WHERE id = 1"), stmt("INSERT OR FAIL INTO t VALUES(5,'z'),(2,'w')")});
  EXPECT_EQ(result.outcome, Outcome::kConstraint);
  EXPECT_EQ(result.failed_statement, 3u);
  EXPECT_EQ(node.machine().digest(), before);
  EXPECT_EQ(node.machine().version("other"), 0u);
  node.expect_digest_is_scan();
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), 2);
}

TEST_F(Digest, DoesNotDependOnTheOrderInWhichRowsCame) {
  sim::DiskImage other_disk{2};
  Node other(other_disk);
  ASSERT_TRUE(other.open());
  for (Node* each : {&node, &other}) each->must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  node.must("INSERT INTO t VALUES(1,'x'),(2,'y')");
  other.must("INSERT INTO t VALUES(2,'y'),(1,'x')");
  EXPECT_EQ(node.machine().digest(), other.machine().digest());
  node.must("UPDATE t SET a = 'z' WHERE id = 1");
  other.must("UPDATE t SET a = 'z' WHERE id = 2");
  EXPECT_NE(node.machine().digest(), other.machine().digest());
}

TEST_F(Digest, SurvivesReopening) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  node.must("INSERT INTO t VALUES(1,'x'),(2,'y')");
  const std::uint64_t before = node.machine().digest();
  disk.process_crash();
  Node again(disk);
  ASSERT_TRUE(again.open());
  EXPECT_EQ(again.machine().digest(), before);
  again.expect_digest_is_scan();
  EXPECT_EQ(again.machine().applied(), LogIndex(2));
  EXPECT_EQ(again.machine().version("T"), 2u);
}

// Where the bytes are in the file, so that a test can damage them.
std::uint64_t find_in_file(sim::DiskImage& disk, std::string_view path, std::string_view needle) {
  const auto file = disk.open(path, env::OpenMode::kMustExist);
  EXPECT_TRUE(file);
  Bytes bytes(*(*file)->size(), '\0');
  EXPECT_TRUE((*file)->read_at(0, bytes.data(), bytes.size()));
  const std::size_t at = bytes.rfind(needle);
  EXPECT_NE(at, Bytes::npos);
  return at;
}

TEST_F(Digest, CannotBeScannedWhenARowChangedBehindItsBack) {
  sim::DiskImage other{2};
  Options options;
  options.checkpoint_frames = 1;
  {
    Node first(other, options);
    ASSERT_TRUE(first.open());
    first.must("CREATE TABLE t(a)");
    first.must("INSERT INTO t VALUES('needle in the file')");
    ASSERT_TRUE(first.machine().checkpoint_if_due());
  }
  other.power_loss();
  ASSERT_TRUE(other.remove("db/main.sqlite-wal"));
  Node again(other, options);
  ASSERT_TRUE(again.open());
  other.flip("db/main.sqlite", find_in_file(other, "db/main.sqlite", "needle"), 1);
  EXPECT_EQ(again.machine().applied(), LogIndex(2));
  const auto scanned = again.machine().scan_digest();
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().code, ErrorCode::kCorrupt);
}

TEST_F(Digest, IsThatOfTheCommitBeforeADamagedFrameOfTheWal) {
  node.must("CREATE TABLE t(a)");
  node.must("INSERT INTO t VALUES('needle in the file')");
  ASSERT_TRUE(node.machine().sync());
  disk.process_crash();
  disk.flip("db/main.sqlite-wal", find_in_file(disk, "db/main.sqlite-wal", "needle"), 1);
  Node again(disk);
  ASSERT_TRUE(again.open());
  EXPECT_EQ(again.machine().applied(), LogIndex(1));
  again.expect_digest_is_scan();
}

TEST_F(Versions, CountStatementsThatCouldWriteRowsChangedOrNot) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  EXPECT_EQ(node.machine().version("t"), 1u);
  EXPECT_EQ(node.must("INSERT INTO t VALUES(1,'x')").versions,
            (std::vector<std::pair<std::string, std::uint64_t>>{{"t", 2}}));
  node.must("UPDATE t SET a = 'y' WHERE id = 99");
  EXPECT_EQ(node.machine().version("t"), 3u);
  EXPECT_TRUE(node.must("SELECT * FROM t").versions.empty());
  node.must("INSERT INTO t VALUES(1,'z') ON CONFLICT DO UPDATE SET a = 'w'");
  EXPECT_EQ(node.machine().version("t"), 4u);
  EXPECT_EQ(node.apply("INSERT INTO t VALUES(1,'z')").outcome, Outcome::kConstraint);
  EXPECT_EQ(node.machine().version("t"), 4u);
  EXPECT_EQ(node.machine().version("unknown"), 0u);
}

TEST_F(Versions, IncludeTriggersAndForeignKeyActions) {
  node.must("CREATE TABLE p(id INTEGER PRIMARY KEY)");
  node.must("CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE)");
  node.must("CREATE TABLE log(a)");
  node.must("CREATE TRIGGER tr AFTER DELETE ON c BEGIN INSERT INTO log VALUES(old.id); END");
  const BatchResult result = node.must("DELETE FROM p WHERE id = 1");
  using Pair = std::pair<std::string, std::uint64_t>;
  EXPECT_EQ(result.versions, (std::vector<Pair>{{"c", 3}, {"log", 2}, {"p", 2}}));
}

TEST_F(Versions, OfDroppedTablesGoOn) {
  node.must("CREATE TABLE t(a)");
  node.must("INSERT INTO t VALUES(1)");
  node.must("DROP TABLE t");
  EXPECT_EQ(node.machine().version("t"), 3u);
  node.must("CREATE TABLE T(a)");
  EXPECT_EQ(node.machine().version("t"), 4u);
  node.must("CREATE INDEX i ON t(a)");
  node.must("ALTER TABLE t ADD COLUMN b");
  EXPECT_EQ(node.machine().version("t"), 6u);
  node.must("ALTER TABLE t RENAME TO u");
  EXPECT_EQ(node.machine().version("t"), 7u);
  EXPECT_EQ(node.machine().version("u"), 1u);
}

TEST_F(Versions, ThatWereExpectedDecideWhetherABatchRuns) {
  node.must("CREATE TABLE t(a)");
  const BatchResult wrong = node.apply(Batch{stmt("INSERT INTO t VALUES(1)")}, {{"t", 7}});
  EXPECT_EQ(wrong.outcome, Outcome::kVersionConflict);
  EXPECT_EQ(wrong.message, "table t has version 1, not 7");
  const BatchResult right = node.apply(Batch{stmt("INSERT INTO t VALUES(1)")}, {{"T", 1}, {"nothing", 0}});
  EXPECT_EQ(right.outcome, Outcome::kOk);
  EXPECT_EQ(node.machine().version("t"), 2u);
}

TEST_F(Versions, AreSeenByReaders) {
  node.must("CREATE TABLE t(a)");
  node.must("INSERT INTO t VALUES(1)");
  const auto reader = node.reader();
  EXPECT_EQ(*reader->version("T"), 2u);
  EXPECT_EQ(*reader->version("unknown"), 0u);
}

}  // namespace
}  // namespace lockstep::sql
