// A person at the shell: prompts, keys, and second thoughts.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/cli/background.h"
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
  ASSERT_TRUE(shell_.shows(kPrompt)) << shell_.shown();  // before it, the terminal itself would take Ctrl-D
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

class DialogueOfThree : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cluster_.started.code, 0) << cluster_.started.out; }
  void kill_node(int node) const { ASSERT_EQ(::kill(cluster_.process(node), SIGKILL), 0); }
  bool status_says(const std::string& text) const {
    return eventually(
        [&] { return lockstep("cluster status " + cluster_.at()).out.find(text) != std::string::npos; });
  }
  std::string address(int node) const { return cat("127.0.0.1:", cluster_.port + 10 * (node - 1)); }

  LocalCluster cluster_{3};
};

TEST_F(DialogueOfThree, WithoutALeaderItSaysWhatItWaitsForAndWhatBecomesOfAWrite) {
  ASSERT_EQ(lockstep("sql " + cluster_.at() + " -c \"CREATE TABLE t(a)\"").code, 0);
  kill_node(2);
  kill_node(3);
  ASSERT_TRUE(status_says("no leader serves"));
  Terminal shell({"sql", "--dir", cluster_.directory()}, cluster_.home / ".");
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.shown();
  shell.type("INSERT INTO t VALUES(1);\n");
  EXPECT_TRUE(shell.shows("still waiting: NO_LEADER")) << shell.shown();
  EXPECT_TRUE(shell.shows("error: cancelled; the write has had no effect and will have none", kCtrlC))
      << shell.shown();
}

TEST_F(DialogueOfThree, ANodeThatWasDownAndHasNoNumberIsAskedAgain) {
  kill_node(2);
  ASSERT_TRUE(status_says("stopped"));
  Terminal shell({"sql", "--nodes", cat(address(1), ",", address(2))}, cluster_.home / ".");
  EXPECT_TRUE(shell.shows(cat(address(2), " does not answer: Connection refused"))) << shell.shown();
  ASSERT_TRUE(shell.shows(kPrompt)) << shell.shown();
  ASSERT_EQ(lockstep("cluster start " + cluster_.at()).code, 0);
  kill_node(1);
  shell.type(".level local\nSELECT 40 + 2;\n");  // whoever leads by now
  EXPECT_TRUE(shell.shows(cat(address(2), " answers now: it is n2"))) << shell.shown();
  EXPECT_TRUE(shell.shows("42\r\n")) << shell.shown();
}

}  // namespace
}  // namespace lockstep::tests
