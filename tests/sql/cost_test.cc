// Stories about what a statement may cost: bytes count too, in every class of sizes, and ordinary work has
// room.
#include <sqlite3.h>

#include "storage/sql/priced_functions.h"
#include "storage/sql/sql_text.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

class Cost : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  }

  // A count over so many rows, of which each computes `expression` from its number i.
  static std::string loop(const std::string& expression, int rows = 3'000'000) {
    return cat("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ", rows,
               ") SELECT count(", expression, ") FROM n");
  }
};

TEST_F(Cost, LargeValuesInALoopAreALimit) {
  for (const char* expression :
       {"hex(zeroblob(7000000 + i))", "quote(zeroblob(300000 + i))", "printf('%*d', 3000000, i)",
        "upper(hex(zeroblob(3000 + i)))", "replace(hex(zeroblob(100000)), '0', i)",
        "json_array(hex(zeroblob(500 + i)))", "hex(randomblob(20000)) < hex(randomblob(20000))",
        "zeroblob(2000000 + i % 10) || i", "substr(hex(zeroblob(200000)), i)"}) {
    const BatchResult result = node.apply(loop(expression));
    EXPECT_EQ(result.outcome, Outcome::kLimit) << expression;
    EXPECT_EQ(result.message, "more than 10000000 operations, where those on large values count for more")
        << expression;
  }
}

TEST_F(Cost, OneCallWithLongLoopsInsideIsALimit) {
  const std::string as = "replace(hex(zeroblob(300000)), '0', 'a')";
  for (const std::string& expression : {cat("instr(", as, ", substr(", as, ", 1, 200000) || 'b')"),
                                        cat("trim(", as, ", 'bcdefghijkl' || ", as, ")"),
                                        cat("replace(", as, ", substr(", as, ", 1, 200000) || 'b', '')"),
                                        cat("json_patch('[' || ", as, ", '[' || ", as, ")")}) {
    const BatchResult result = node.apply("SELECT " + expression);
    EXPECT_EQ(result.outcome, Outcome::kLimit) << expression << ": " << result.message;
  }
  const std::string pattern = "%" + std::string(190, 'a') + "b";
  EXPECT_EQ(node.apply(loop("(zeroblob(5000) || i) LIKE ?1"), {pattern}).outcome, Outcome::kLimit);
}

TEST_F(Cost, LargeValuesThatAreStoredOrGivenCountLikeThoseThatAreMade) {
  node.must("INSERT INTO t VALUES(1, zeroblob(1000000)), (2, zeroblob(1000000))");
  const std::string rows =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) ";
  EXPECT_EQ(node.apply(rows + "SELECT count(*) FROM t a, t b, n WHERE (a.v = b.v) = (i % 2)").outcome,
            Outcome::kLimit);
  EXPECT_EQ(node.apply(loop("?1 = i", 2'000'000), {std::string(1'000'000, 'x')}).outcome, Outcome::kLimit);
  EXPECT_EQ(node.apply(loop(cat("'", std::string(500'000, 'x'), "' = i"), 2'000'000)).outcome,
            Outcome::kLimit);
}

TEST_F(Cost, OrdinaryWorkHasRoom) {
  node.must("INSERT INTO t VALUES(1, ?1)", {Blob{Bytes(1 << 20, 'x')}});
  node.must("INSERT INTO t VALUES(2, ?1)", {Blob{Bytes(15 << 20, 'x')}});
  EXPECT_EQ(node.number("SELECT sum(length(v)) FROM t"), 16 << 20);
  node.must("DELETE FROM t");
  node.must(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
      "INSERT INTO t SELECT i, json_object('name', 'number ' || i, 'text', hex(zeroblob(50))) FROM n");
  node.must("CREATE TABLE u AS SELECT * FROM t");
  node.must("UPDATE t SET v = json_set(v, '$.seen', 1) WHERE v LIKE '%number 9%'");
  node.must("CREATE INDEX by_name ON t(json_extract(v, '$.name'))");
  node.must("DELETE FROM t WHERE id % 2 = 0");
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), 50'000);
  node.expect_digest_is_scan();
}

TEST_F(Cost, AStatementThatOutgrowsItsClassLeavesNothingOfTheAttempt) {
  // Rows before the large one have been written when it is met; no constraint makes SQLite ready to take them
  // back.
  node.must("CREATE TABLE plain(a, b)");
  node.must(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
      "INSERT INTO plain SELECT i, substr('x' || zeroblob(3000), 1, CASE i WHEN 15 THEN 3000 ELSE 1 END) "
      "FROM n");
  EXPECT_EQ(node.number("SELECT count(*) FROM plain"), 20);
  const Batch batch = {stmt("INSERT INTO plain SELECT a + 100, b || b FROM plain"), stmt("SELECT changes()"),
                       stmt("UPDATE plain SET b = b || 'y' RETURNING rowid")};
  const BatchResult result = node.apply(batch);
  ASSERT_EQ(result.outcome, Outcome::kOk) << result.message;
  EXPECT_EQ(result.statements.at(0).changes, 20);
  EXPECT_EQ(result.statements.at(1).rows.rows.at(0).at(0), Value(std::int64_t{20}));
  EXPECT_EQ(result.statements.at(2).rows.rows.size(), 40u);
  EXPECT_EQ(node.number("SELECT count(*) FROM plain"), 40);
  node.expect_digest_is_scan();
}

TEST_F(Cost, AValueBeyondAllClassesLeavesNothingInAGroupEither) {
  node.must("CREATE TABLE plain(a)");
  node.must("CREATE TABLE sizes(n)");
  node.must("INSERT INTO sizes VALUES(10), (20), (40000000)");
  const std::uint64_t base = node.machine().applied().value();
  const std::vector<EntryStamp> stamps = {stamp_of(base + 1), stamp_of(base + 2)};
  const Batch batches[] = {{stmt("INSERT INTO t VALUES(1, 'one')")},
                           {stmt("INSERT INTO plain SELECT zeroblob(n) || '' FROM sizes")}};
  std::vector<BatchResult> results(2);
  ASSERT_TRUE(node.machine().apply(
      stamps, [&](std::size_t at, EntryScope& scope) { results[at] = scope.execute(batches[at], {}); }));
  EXPECT_EQ(results[0].outcome, Outcome::kOk);
  EXPECT_EQ(results[1].outcome, Outcome::kLimit);
  EXPECT_EQ(node.number("SELECT count(*) FROM plain"), 0);
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), 1);
  node.expect_digest_is_scan();
}

TEST_F(Cost, ALiteralCountsTheSameEveryTime) {
  sim::DiskImage small_disk{2};
  Options options;
  options.max_operations = 4000;
  Node small(small_disk, options);
  ASSERT_TRUE(small.open());
  for (const std::string& literal :
       {cat("'", std::string(3000, 'x'), "'"), cat("x'", std::string(6000, 'a'), "'")}) {
    const std::string text = cat("SELECT length(", literal, ") + ?1");
    const std::string much = loop(cat("length(", literal, ") + i"), 150);
    for (int again = 0; again < 3; ++again) {
      EXPECT_EQ(small.apply(text, {std::int64_t{0}}).statements.at(0).rows.rows.at(0).at(0),
                Value(std::int64_t{3000}));
      EXPECT_EQ(small.apply(much).outcome, Outcome::kLimit);
    }
  }
}

TEST_F(Cost, ALargeLiteralInTheSchemaIsRefused) {
  const std::string large = std::string(2000, 'x');
  for (const std::string& sql :
       {cat("CREATE VIEW w AS SELECT '", large, "'"), cat("CREATE TABLE d(a DEFAULT '", large, "')"),
        cat("CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET v = x'", std::string(2000, 'a'),
            "'; END")}) {
    const BatchResult result = node.apply(sql);
    EXPECT_EQ(result.outcome, Outcome::kRefused) << sql;
    EXPECT_NE(result.message.find("a literal of more than 1000 bytes"), std::string::npos) << result.message;
  }
  // Long texts of many parts are none.
  std::string checks = "CREATE TABLE many(a CHECK (a IN ('v'";
  for (int i = 0; i < 300; ++i) checks += cat(", 'value ", i, "'");
  node.must(checks + ")))");
  node.must("CREATE INDEX by_a ON many(a)");
  node.must("ALTER TABLE many ADD COLUMN b DEFAULT 'none'");
  node.expect_digest_is_scan();
}

TEST(SqlText, TheLongestLiteralIsFound) {
  EXPECT_EQ(longest_literal("SELECT 1"), 0u);
  EXPECT_EQ(longest_literal("SELECT 'ab', 'cdef', ''"), 6u);
  EXPECT_EQ(longest_literal("SELECT 'it''s', \"a 'long' name\" -- 'comment of some length'\n, x'00ff'"), 7u);
  EXPECT_EQ(longest_literal("/* 'x */ SELECT [it's], `'''`, 'a'"), 3u);
  EXPECT_EQ(longest_literal("SELECT 'open"), 6u);
}

// What SQLite alone says, as text with its type.
class PlainSqlite {
 public:
  PlainSqlite() { EXPECT_EQ(sqlite3_open(":memory:", &db_), SQLITE_OK); }
  ~PlainSqlite() { sqlite3_close(db_); }
  std::string evaluate(const std::string& expression) {
    sqlite3_stmt* statement = nullptr;
    std::string out;
    const std::string text = described(expression);
    if (sqlite3_prepare_v2(db_, text.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
      out = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    } else {
      out = cat("error: ", sqlite3_errmsg(db_));
    }
    sqlite3_finalize(statement);
    return out;
  }
  static std::string described(const std::string& expression) {
    return cat("SELECT typeof(x) || ' ' || quote(x) FROM (SELECT ", expression, " AS x)");
  }

 private:
  sqlite3* db_ = nullptr;
};

TEST_F(Cost, PricedFunctionsGiveWhatSqliteGives) {
  PlainSqlite plain;
  for (const char* expression :
       {"json(' {\"a\" : [1,2.5, null]} ')",
        "json('{')",
        "json_array(1, 'x', json('[1]'), json_array(2), null)",
        "json_array('[1]', json_quote('[1]'))",
        "json_object('a', json('{\"b\":1}'), 'c', '{}')",
        "json_object('a')",
        "json_set('{\"a\":1}', '$.b', json('[1]'), '$.c', '[1]')",
        "json_extract('{\"a\":[1,2,{\"b\":3}]}', '$.a[2]')",
        "json_array(json_extract('{\"a\":[1]}', '$.a'))",
        "json_extract('[1,2]', '$[0]', '$[1]')",
        "'[1,[2]]' -> 1",
        "'{\"a\":\"x\"}' ->> 'a'",
        "json_array('{\"a\":{}}' -> 'a')",
        "json_patch('{\"a\":1}', '{\"a\":null,\"b\":2}')",
        "json_remove('[0,1,2]', '$[1]')",
        "json_type('[1]', '$[0]')",
        "json_valid('x')",
        "json_array_length('[1,2]')",
        "json_quote(3.5)",
        "json_group_array(json_object('i', 1))",
        "json_array(x'00')",
        "json_insert('[1]','$[#]',2)",
        "json_replace('{\"a\":1}', '$.a', 1.5)",
        "instr('hello', 'l')",
        "instr(x'010203', x'03')",
        "instr('a', null)",
        "instr('\xc3\xa9t\xc3\xa9', 't')",
        "replace('aXbX', 'X', 'yy')",
        "replace('a', '', 'b')",
        "replace(123, 2, 9)",
        "trim('  a ')",
        "ltrim('xxa', 'x')",
        "rtrim('a\xc3\xa9\xc3\xa9', '\xc3\xa9')",
        "trim(null, 'x')",
        "trim(12.50)",
        "'Abc' LIKE 'a%'",
        "'a%c' LIKE 'a\\%c' ESCAPE '\\'",
        "'a' LIKE 'b' ESCAPE 'xx'",
        "'abc' GLOB 'a[b-d]*'",
        "'a' NOT LIKE NULL",
        "x'6162' LIKE 'a_'",
        "12 LIKE '1%'",
        "instr()",
        "replace('a', 'b')",
        "length(printf('%5000d', 1))",
        "length(format('%.3000f', 0.5))",
        "length(quote(zeroblob(3000)))",
        "(SELECT group_concat(column1) FROM (VALUES(1), (NULL), ('x'), (2.5), (x'41'), ('')))",
        "(SELECT group_concat(column1, column2) FROM (VALUES(1, ';'), (2, NULL), (NULL, '-'), (3, '+'), (4, "
        "5)))",
        "(SELECT group_concat(1) WHERE 0)",
        "(SELECT group_concat(''))",
        "(SELECT group_concat(NULL))",
        "(SELECT group_concat(DISTINCT column1) FROM (VALUES('a'), ('b'), ('a')))",
        "(SELECT group_concat(g, '|') FROM (SELECT group_concat(column1, '') OVER (ROWS 1 PRECEDING) AS g "
        "FROM (VALUES('a'), (NULL), ('b'), ('c'), (NULL))))",
        "(SELECT json_group_array(column1) FROM (VALUES(1), (NULL), ('x\"'), (2.5), (json('[1]')), ('[1]')))",
        "(SELECT json_group_array(json(column1)) FROM (VALUES('{\"a\": 1}'), ('[ ]')))",
        "(SELECT json_group_array(1) WHERE 0)",
        "json_group_array(x'41')",
        "json_array(json_group_array(1))",
        "(SELECT json_group_array(1) FILTER (WHERE 0))",
        "(SELECT json_group_object(column1, column2) FROM (VALUES('a', 1), (2, 'b\"'), (NULL, 3), ('c', "
        "NULL)))",
        "(SELECT json_group_object(1, 2) WHERE 0)",
        "(SELECT json_group_object('j', json('[1, 2]')))",
        "(SELECT group_concat(g, ' ') FROM (SELECT json_group_array(column1) OVER (ORDER BY column1 ROWS 1 "
        "PRECEDING) AS g "
        "FROM (VALUES(1), (2), (3))))",
        "(SELECT count(*) FROM (VALUES(1), (NULL)))",
        "(SELECT count(column1) FROM (VALUES(1), (NULL)))",
        "(SELECT count(*) WHERE 0)",
        "(SELECT count(DISTINCT column1) FROM (VALUES(1), (1), (2), (NULL)))",
        "(SELECT group_concat(c) FROM (SELECT count(*) OVER (ROWS 1 PRECEDING) AS c FROM (VALUES(1), (2), "
        "(3))))",
        "(SELECT group_concat(c) FROM (SELECT count(column1) FILTER (WHERE column1 > 1) OVER () AS c FROM "
        "(VALUES(1), (2), (3))))",
        "group_concat(1, 2, 3)",
        "count(1, 2)",
        "json_group_object(1)",
        "length(group_concat(hex(zeroblob(600))))",
        "length(json_group_array(hex(zeroblob(600))))",
        "length(strftime('%Y' || hex(zeroblob(600)), 0))",
        "length(char(65))",
        "printf('%s %d', 'a', 1)"}) {
    const BatchResult result = node.apply(PlainSqlite::described(expression));
    const std::string ours = result.outcome == Outcome::kOk
                                 ? std::get<std::string>(result.statements.at(0).rows.rows.at(0).at(0))
                                 : cat("error: ", result.message);
    const std::string theirs = plain.evaluate(expression);
    // The number of arguments is noticed later, in the same words.
    EXPECT_EQ(ours, theirs) << expression;
  }
}

TEST_F(Cost, ATriggerThatWritesTheMachinesTablesIsRefusedWhenItIsMade) {
  node.must("CREATE VIEW w AS SELECT id FROM t");
  for (const char* sql :
       {"CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM _lockstep_state; END",
        "CREATE TRIGGER g AFTER UPDATE OF v ON t BEGIN INSERT INTO _lockstep_state VALUES(1, 2, 3); END",
        "CREATE TRIGGER g BEFORE DELETE ON t BEGIN UPDATE _lockstep_state SET value = 1; END",
        "CREATE TRIGGER g INSTEAD OF DELETE ON w BEGIN DELETE FROM _lockstep_state; END",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT sin(1); END"}) {
    const BatchResult result = node.apply(sql);
    EXPECT_EQ(result.outcome, Outcome::kRefused) << sql << ": " << result.message;
    EXPECT_TRUE(result.message.starts_with("a trigger of ")) << result.message;
  }
  node.must(
      "CREATE TRIGGER later AFTER INSERT ON t WHEN new.id > 5 BEGIN INSERT INTO missing VALUES(1); END");
  node.must("DROP TRIGGER later");
  node.must("CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET v = 'seen' WHERE id = new.id; END");
  node.must("INSERT INTO t VALUES(1, 'x')");
  EXPECT_EQ(node.text("SELECT v FROM t"), "seen");
  node.expect_digest_is_scan();
}

// What is large is the result, not what it was made of.
TEST_F(Cost, GatheringManyRowsIntoOneValueIsOrdinaryWork) {
  const std::string rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) ";
  node.must(rows + "INSERT INTO t SELECT 1, group_concat('row ' || i, '; ') FROM n");
  node.must(rows + "INSERT INTO t SELECT 2, json_group_array(i) FROM n WHERE i <= 10000");
  node.must(rows + "INSERT INTO t SELECT 3, json_group_object('key' || i, i) FROM n WHERE i <= 10000");
  EXPECT_EQ(node.number("SELECT length(v) FROM t WHERE id = 1"), 1'088'893);
  EXPECT_EQ(node.number("SELECT json_array_length(v) FROM t WHERE id = 2"), 10'000);
  EXPECT_EQ(node.number("SELECT v ->> 'key777' FROM t WHERE id = 3"), 777);
  // And the result is large.
  EXPECT_EQ(node.apply(rows + ", big(v) AS MATERIALIZED (SELECT group_concat('row ' || i) FROM n) "
                              "SELECT sum(big.v = n.i) FROM big, n")
                .outcome,
            Outcome::kLimit);
}

// One operation would count a whole table, and a loop of them for hours.
TEST_F(Cost, CountingATableCostsItsRows) {
  node.must(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) INSERT INTO t SELECT i, "
      "i FROM n");
  EXPECT_EQ(node.number("SELECT count(*) FROM t"), 100'000);
  node.must("CREATE TABLE s(n)");
  node.must("CREATE TRIGGER g AFTER INSERT ON s BEGIN UPDATE s SET n = (SELECT count(*) FROM t); END");
  node.must("INSERT INTO s VALUES(0)");
  EXPECT_EQ(node.apply("INSERT INTO s SELECT id FROM t WHERE id < 1000").outcome, Outcome::kLimit);
}

// Who reads waits alone, and is interrupted: large values cost what they take.
TEST_F(Cost, ReadersMayWorkOnLargeValues) {
  const auto reader = node.reader();
  const auto digits = reader->query(stmt(loop("hex(zeroblob(7000000 + i))", 3)), {});
  ASSERT_TRUE(digits);
  EXPECT_EQ(digits->outcome, Outcome::kOk) << digits->message;
  const auto joined =
      reader->query(stmt("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "
                         "SELECT length(group_concat('row ' || i)), length(json_group_array(i)) FROM n"),
                    {});
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->outcome, Outcome::kOk) << joined->message;
  node.must("INSERT INTO t VALUES(1, zeroblob(3000)), (2, 'small')");
  const auto result = reader->query(stmt("SELECT length(v), random() FROM t"), {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::kOk) << result->message;
  EXPECT_EQ(result->rows.rows.size(), 2u);
}

}  // namespace
}  // namespace lockstep::sql
