// A person at the shell: prompts, keys, and second thoughts.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/cli/local_cluster.h"
#include "tests/cli/terminal.h"

namespace lockstep::tests {
namespace {

constexpr const char* kPrompt = "lockstep> ";
constexpr const char* kCtrlC = "\x03";

class Dialogue : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cluster_.started.code, 0) << cluster_.started.out; }

  LocalCluster cluster_{1};
  Terminal shell_{{"sql", "--dir", cluster_.directory()}, cluster_.home / "."};
};

TEST_F(Dialogue, WritesSayWhatTheyHaveChanged) {
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type("CREATE TABLE pets(id INTEGER PRIMARY KEY, name TEXT, weight REAL);\n");
  EXPECT_TRUE(shell_.shows("done (index ")) << shell_.shown();
  shell_.type("INSERT INTO pets(name, weight) VALUES('rex', 3), ('tom', 4.5);\n");
  EXPECT_TRUE(shell_.shows("2 rows changed (index ")) << shell_.shown();
  shell_.type("DELETE FROM pets WHERE name = 'tom';\n");
  EXPECT_TRUE(shell_.shows("1 row changed (index ")) << shell_.shown();
  shell_.type("SELECT weight FROM pets;\n");
  EXPECT_TRUE(shell_.shows("3.0\r\n")) << shell_.shown();
  shell_.type(".quit\n");
  EXPECT_EQ(shell_.exit_code(), 0);
}

TEST_F(Dialogue, TabCompletesCommandsKeywordsAndNames) {
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type("CREATE TABLE pets(weight REAL);\n");
  ASSERT_TRUE(shell_.shows("done")) << shell_.shown();
  shell_.type(".mo\tjs\t\n.mode\n");
  EXPECT_TRUE(shell_.shows(".mode is json; it may be table, csv or json")) << shell_.shown();
  shell_.type("INSERT INTO pe\tVALUES(7);\nSELE\twei\t* 2 AS twice FROM pe\t;\n");
  EXPECT_TRUE(shell_.shows("[{\"twice\":14.0}]")) << shell_.shown();
  shell_.type(".sc\tpe\t\n");
  EXPECT_TRUE(shell_.shows("CREATE TABLE pets(weight REAL)")) << shell_.shown();
}

TEST_F(Dialogue, ALineOrAStatementThatHasBegunCanBeTakenBack) {
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type(cat("SELECT 'half a line'", kCtrlC));
  EXPECT_TRUE(shell_.shows("^C")) << shell_.shown();
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type("SELECT 'never\n");
  ASSERT_TRUE(shell_.shows("...> ")) << shell_.shown();
  shell_.type(cat("closed", kCtrlC));
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type("SELECT\n.tables\n");
  EXPECT_TRUE(shell_.shows("a statement has begun")) << shell_.shown();
  shell_.type(".cancel\nSELECT 40 + 2;\n");
  EXPECT_TRUE(shell_.shows("42\r\n")) << shell_.shown();
  shell_.type("\x04");
  EXPECT_EQ(shell_.exit_code(), 0);
}

TEST_F(Dialogue, WaitingForAnAnswerCanBeGivenUp) {
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type("CREATE TABLE t(a);\n");
  ASSERT_TRUE(shell_.shows("done")) << shell_.shown();
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();  // before it, Ctrl-C would take back what was typed, too
  ASSERT_EQ(::kill(cluster_.process(1), SIGSTOP), 0);
  shell_.type("SELECT 1;\n");
  ASSERT_TRUE(shell_.shows("SELECT 1;")) << shell_.shown();
  EXPECT_TRUE(shell_.shows("error: cancelled", kCtrlC)) << shell_.shown();
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  shell_.type("INSERT INTO t VALUES(1);\n");
  ASSERT_TRUE(shell_.shows("VALUES(1);")) << shell_.shown();
  EXPECT_TRUE(shell_.shows("error: cancelled; the outcome is unknown", kCtrlC)) << shell_.shown();
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();
  ASSERT_EQ(::kill(cluster_.process(1), SIGCONT), 0);
  shell_.type("SELECT 40 + 2;\n");
  EXPECT_TRUE(shell_.shows("42\r\n")) << shell_.shown();
}

}  // namespace
}  // namespace lockstep::tests
