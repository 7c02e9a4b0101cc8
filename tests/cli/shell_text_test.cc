// Stories about what the shell makes of lines and rows.
#include "cli/shell_text.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

TEST(ShellText, StatementsEndWhereSqliteSaysTheyDo) {
  std::string text = "SELECT ';'; -- not; here\nCREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END; SEL";
  EXPECT_EQ(take_statement(text), "SELECT ';';");
  EXPECT_EQ(verb_of(take_statement(text).value_or("")), "create");
  EXPECT_FALSE(take_statement(text));
  EXPECT_EQ(text, " SEL");
}

TEST(ShellText, BlanksAndWholeCommentsAreNoStatement) {
  for (const char* blank : {"", " \n;; ", "-- SELECT 1;", "/* a */ -- b\n/* c */"})
    EXPECT_TRUE(is_blank_sql(blank)) << blank;
  for (const char* begun : {"x", "/* not closed", "'text", "-- a\nSELECT"})
    EXPECT_FALSE(is_blank_sql(begun)) << begun;
  EXPECT_EQ(begin_of("-- a\n  SELECT 1"), 7u);
}

TEST(ShellText, QueriesAreToldFromWrites) {
  for (const char* query :
       {"select 1", "VALUES(1)", "/* insert */ SELECT 1", "-- x\n explain SELECT 1", "PRAGMA table_info(t)",
        "WITH a AS (SELECT 1), b(x) AS (VALUES(2)) SELECT * FROM a"}) {
    EXPECT_TRUE(is_query(query)) << query;
  }
  for (const char* write : {"INSERT INTO t SELECT 1", "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
                            "", "DROP TABLE t", "WITH \"select\" AS (SELECT 1) DELETE FROM t"}) {
    EXPECT_FALSE(is_query(write)) << write;
  }
}

wire::Rows two_rows() {
  wire::Rows rows;
  rows.add_columns("n");
  rows.add_columns("text");
  wire::Row& first = *rows.add_rows();
  first.add_values()->set_integer(7);
  first.add_values()->set_text("a \"quoted\", \x1b[31mword");
  wire::Row& second = *rows.add_rows();
  second.add_values()->set_integer(12345);
  second.add_values();
  return rows;
}

TEST(ShellText, RowsAsTableCsvAndJson) {
  EXPECT_EQ(to_text(two_rows(), OutputMode::kTable),
            "    n  text\n-----  ---------------------\n    7  a \"quoted\",  [31mword\n12345  NULL\n");
  EXPECT_EQ(to_text(two_rows(), OutputMode::kCsv),
            "n,text\r\n7,\"a \"\"quoted\"\", \x1b[31mword\"\r\n12345,\r\n");
  EXPECT_EQ(to_text(two_rows(), OutputMode::kJson),
            "[{\"n\":7,\"text\":\"a \\\"quoted\\\", \\u001b[31mword\"},\n{\"n\":12345,\"text\":null}]\n");
}

}  // namespace
}  // namespace lockstep::cli
