// The table of what user SQL may not do, each with the words that tell why.
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

struct Case {
  const char* sql;
  Outcome outcome;
  const char* words;  // part of the message
};

constexpr Case kCases[] = {
    {"ATTACH 'other' AS o", Outcome::kRefused, "ATTACH"},
    {"DETACH main", Outcome::kRefused, "ATTACH"},
    {"CREATE TEMP TABLE x(a)", Outcome::kRefused, "temporary"},
    {"CREATE TEMP VIEW x AS SELECT 1", Outcome::kRefused, "temporary"},
    {"CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", Outcome::kRefused, "temporary"},
    {"CREATE TABLE temp.x(a)", Outcome::kRefused, "temporary"},
    {"SELECT load_extension('x')", Outcome::kRefused, "load_extension"},
    {"BEGIN", Outcome::kRefused, "transaction control"},
    {"COMMIT", Outcome::kRefused, "transaction control"},
    {"ROLLBACK", Outcome::kRefused, "transaction control"},
    {"SAVEPOINT batch", Outcome::kRefused, "transaction control"},
    {"RELEASE batch", Outcome::kRefused, "transaction control"},
    {"ROLLBACK TO batch", Outcome::kRefused, "transaction control"},
    {"VACUUM", Outcome::kRefused, "maintenance"},
    {"/* quietly */ vacuum INTO 'x'", Outcome::kRefused, "maintenance"},
    {"ANALYZE", Outcome::kRefused, "maintenance"},
    {"PRAGMA foreign_keys = OFF", Outcome::kRefused, "PRAGMA foreign_keys"},
    {"PRAGMA defer_foreign_keys = ON", Outcome::kRefused, "PRAGMA defer_foreign_keys"},
    {"PRAGMA threads = 4", Outcome::kRefused, "PRAGMA threads"},
    {"PRAGMA journal_mode", Outcome::kRefused, "PRAGMA journal_mode"},
    {"PRAGMA writable_schema = 1", Outcome::kRefused, "PRAGMA writable_schema"},
    {"PRAGMA page_count", Outcome::kRefused, "PRAGMA page_count"},
    {"PRAGMA integrity_check", Outcome::kRefused, "PRAGMA integrity_check"},
    {"SELECT * FROM pragma_page_count", Outcome::kRefused, "pragma_page_count"},
    {"SELECT * FROM pragma_compile_options", Outcome::kRefused, "pragma_compile_options"},
    {"SELECT count(*) FROM pragma_freelist_count()", Outcome::kRefused, "pragma_freelist_count"},
    {"SELECT * FROM dbstat", Outcome::kSqlError, "no such table: dbstat"},
    {"SELECT * FROM sqlite_stmt", Outcome::kSqlError, "no such table: sqlite_stmt"},
    {"SELECT fts3_tokenizer('simple')", Outcome::kRefused, "fts3_tokenizer"},
    {"SELECT sqlite_version()", Outcome::kRefused, "this node's SQLite"},
    {"SELECT sqlite_source_id()", Outcome::kRefused, "this node's SQLite"},
    {"SELECT sqlite_compileoption_get(1)", Outcome::kRefused, "this node's SQLite"},
    {"SELECT sqlite_compileoption_used('X')", Outcome::kRefused, "this node's SQLite"},
    {"SELECT sin(1)", Outcome::kRefused, "differs between processors"},
    {"SELECT pow(2, 0.5)", Outcome::kRefused, "differs between processors"},
    {"SELECT exp(1)", Outcome::kRefused, "differs between processors"},
    {"CREATE VIRTUAL TABLE f USING fts5(a)", Outcome::kRefused, "virtual tables"},
    {"SELECT * FROM _lockstep_state", Outcome::kRefused, "belongs to the machine"},
    {"SELECT count(*) FROM _LOCKSTEP_state", Outcome::kRefused, "belongs to the machine"},
    {"INSERT INTO _lockstep_state VALUES(1, 'a', 'b')", Outcome::kRefused, "belongs to the machine"},
    {"UPDATE _lockstep_state SET value = ''", Outcome::kRefused, "belongs to the machine"},
    {"DELETE FROM _lockstep_state", Outcome::kRefused, "belongs to the machine"},
    {"DROP TABLE _lockstep_state", Outcome::kRefused, "belongs to the machine"},
    {"CREATE INDEX i ON _lockstep_state(value)", Outcome::kRefused, "belongs to the machine"},
    {"CREATE TRIGGER tr AFTER INSERT ON _lockstep_state BEGIN SELECT 1; END", Outcome::kRefused, "machine"},
    {"CREATE TABLE _lockstep_mine(a)", Outcome::kRefused, "belongs to the machine"},
    {"CREATE VIEW _Lockstep_view AS SELECT 1", Outcome::kRefused, "belongs to the machine"},
    {"ALTER TABLE t RENAME TO _lockstep_t", Outcome::kRefused, "belongs to the machine"},
    {"UPDATE sqlite_sequence SET seq = 9", Outcome::kRefused, "sqlite_sequence"},
    {"INSERT INTO sqlite_sequence VALUES('a', 1)", Outcome::kRefused, "sqlite_sequence"},
    {"DELETE FROM sqlite_sequence", Outcome::kRefused, "sqlite_sequence"},
    {"UPDATE sqlite_schema SET sql = ''", Outcome::kSqlError, "may not be modified"},
    {"INSERT INTO t(id) VALUES(9223372036854775807)", Outcome::kRefused, "largest rowid"},
    {"UPDATE t SET id = 9223372036854775807 WHERE id = 1", Outcome::kRefused, "largest rowid"},
    {"CREATE TABLE x(rowid, oid, _rowid_)", Outcome::kRefused, "three names"},
    {"CREATE TABLE x(v AS (a + 1), id INTEGER PRIMARY KEY, a)", Outcome::kRefused, "virtual column before"},
    {"EXPLAIN SELECT * FROM t", Outcome::kRefused, "EXPLAIN"},
    {"SELECT 1; SELECT 2", Outcome::kSqlError, "exactly one statement"},
    {"  -- nothing\n", Outcome::kSqlError, "no statement"},
    {"SELEC 1", Outcome::kSqlError, "syntax error"},
    {"SELECT * FROM missing", Outcome::kSqlError, "no such table"},
    {"SELECT nosuchfunction(1)", Outcome::kSqlError, "no such function"},
    {"SELECT ?1", Outcome::kSqlError, "1 parameters, 0 were given"},
    {"SELECT \"not a column\" FROM t", Outcome::kSqlError, "no such column"},
};

class Refused : public SqlTest {};

TEST_F(Refused, EveryCaseOfTheTableEndsWithItsReasonAndChangesNothing) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
  node.must("CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT)");
  node.must("INSERT INTO t VALUES(1, 'one')");
  node.must("INSERT INTO counted DEFAULT VALUES");
  const std::uint64_t digest = node.machine().digest();
  for (const Case& each : kCases) {
    const BatchResult result = node.apply(each.sql);
    EXPECT_EQ(result.outcome, each.outcome) << each.sql << ": " << result.message;
    EXPECT_NE(result.message.find(each.words), std::string::npos) << each.sql << ": " << result.message;
    EXPECT_TRUE(result.statements.empty()) << each.sql;
    EXPECT_TRUE(result.versions.empty()) << each.sql;
    EXPECT_EQ(node.machine().digest(), digest) << each.sql;
    node.expect_digest_is_scan(each.sql);
  }
}

TEST_F(Refused, ViewsAndTriggersCannotReachWhatStatementsCannot) {
  node.must("CREATE TABLE t(a)");
  node.must("CREATE VIEW v AS SELECT sqlite_version() AS version");
  EXPECT_EQ(node.apply("SELECT version FROM v").outcome, Outcome::kRefused);
  const BatchResult trigger =
      node.apply("CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM _lockstep_state; END");
  EXPECT_EQ(trigger.outcome, Outcome::kRefused) << "it would stop every INSERT";
  EXPECT_NE(trigger.message.find("a trigger of t: writing _lockstep_state"), std::string::npos) << trigger.message;
  node.must("INSERT INTO t VALUES(1)");
}

TEST_F(Refused, WhatOnlyDescribesTheSchemaIsAllowed) {
  node.must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  node.must("CREATE INDEX i ON t(b)");
  EXPECT_EQ(node.select("PRAGMA table_info(t)").rows.size(), 2u);
  EXPECT_EQ(node.number("SELECT count(*) FROM pragma_index_list('t')"), 1);
  EXPECT_EQ(node.number("SELECT count(*) FROM json_each('[1,2,3]')"), 3);
  EXPECT_EQ(node.number("SELECT sqrt(16.0) = 4.0 AND '{\"a\":5}' ->> 'a' = 5"), 1);
  node.must("SELECT 1; -- a comment may follow");
}

TEST_F(Refused, DefaultsCannotCallWhatIsRefused) {
  const BatchResult made = node.apply("CREATE TABLE t(id INTEGER, v DEFAULT (sqlite_version()))");
  if (made.outcome == Outcome::kOk)
    EXPECT_EQ(node.apply("INSERT INTO t(id) VALUES(1)").outcome, Outcome::kRefused);
  else
    EXPECT_EQ(made.outcome, Outcome::kRefused);
}

// The feed shows rows that are deleted, and not that a table has gone.
TEST_F(Refused, TablesThatAHubFollowsAreNotDroppedUnseen) {
  node.must("CREATE TABLE hub_streams(a INTEGER PRIMARY KEY)");
  node.must("DROP TABLE hub_streams");
  node.must("CREATE TABLE hub_streams(a INTEGER PRIMARY KEY)");
  node.must("CREATE TABLE series_blocks(a INTEGER PRIMARY KEY)");
  node.must("CREATE TABLE hub_schema(version INTEGER PRIMARY KEY)");
  node.must("INSERT INTO hub_streams VALUES(7)");
  for (const char* sql :
       {"DROP TABLE hub_streams", "DROP TABLE Hub_Streams", "ALTER TABLE hub_streams RENAME TO mine",
        "DROP TABLE hub_schema", "DROP TABLE series_blocks"}) {
    const BatchResult result = node.apply(sql);
    EXPECT_EQ(result.outcome, Outcome::kRefused) << sql;
    EXPECT_NE(result.message.find("the hub would not see its rows go"), std::string::npos)
        << sql << ": " << result.message;
    node.expect_digest_is_scan(sql);
  }
  const std::string trigger = "CREATE TRIGGER t BEFORE INSERT ON hub_streams BEGIN SELECT RAISE(IGNORE); END";
  const BatchResult result = node.apply(trigger);
  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_NE(result.message.find("a trigger on hub_streams"), std::string::npos) << result.message;
  node.expect_digest_is_scan(trigger);
  EXPECT_EQ(node.number("SELECT a FROM hub_streams"), 7);
  node.must("ALTER TABLE hub_streams ADD COLUMN b INTEGER NOT NULL DEFAULT 3");
  node.must("CREATE TABLE other(a)");
  node.must("DROP TABLE other");
  node.must("DELETE FROM hub_streams");
}

}  // namespace
}  // namespace lockstep::sql
