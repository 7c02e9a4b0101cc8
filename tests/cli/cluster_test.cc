// Stories of a cluster of real processes: made, written to, killed, started again, stopped.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/cli/background.h"
#include "tests/cli/local_cluster.h"

namespace lockstep::tests {
namespace {

TEST(ClusterCommand, WhatIsWrittenSurvivesKillsAndRestarts) {
  LocalCluster cluster(3);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  EXPECT_NE(cluster.started.out.find("leader"), std::string::npos) << cluster.started.out;
  const Outcome already = lockstep("cluster start " + cluster.at());
  EXPECT_EQ(already.code, 0) << already.out;
  EXPECT_NE(already.out.find("run already"), std::string::npos) << already.out;
  EXPECT_NE(already.out.find(cat("connect: ", LOCKSTEP_PROGRAM, " sql")), std::string::npos) << already.out;

  const std::string record = " --record " + (cluster.home / "record.json");
  const Outcome full = lockstep("client --scenario full " + cluster.at() + record);
  EXPECT_EQ(full.code, 0) << full.out;
  for (int node = 1; node <= 3; ++node) {
    ASSERT_GT(cluster.process(node), 0);
    ASSERT_EQ(::kill(cluster.process(node), SIGKILL), 0);
    // The number is taken until the process is buried; then `start` finds it gone.
    Outcome again = lockstep("cluster start " + cluster.at());
    for (int i = 0; i < 100 && again.out.find("run already") != std::string::npos; ++i)
      again = lockstep("cluster start " + cluster.at());
    ASSERT_EQ(again.code, 0) << again.out;
    const Outcome verified = lockstep("client --scenario verify-only " + cluster.at() + record);
    EXPECT_EQ(verified.code, 0) << verified.out;
  }

  const Outcome stopped = lockstep("cluster stop " + cluster.at());
  EXPECT_EQ(stopped.code, 0) << stopped.out;
  const Outcome status = lockstep("cluster status " + cluster.at());
  EXPECT_EQ(status.code, 1) << status.out;
  EXPECT_NE(status.out.find("stopped"), std::string::npos);
  const Outcome restarted = lockstep("cluster start " + cluster.at());
  ASSERT_EQ(restarted.code, 0) << restarted.out;
  const Outcome strong =
      lockstep("client --scenario full --mode strong --pause-before-commit-ms 20 " + cluster.at() + record);
  EXPECT_EQ(strong.code, 0) << strong.out;
}

TEST(ClusterCommand, TheVerificationClientLeavesATableOfItsNameAlone) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  const Outcome made = lockstep("sql " + cluster.at() + " -c 'CREATE TABLE verification(name TEXT)'");
  ASSERT_EQ(made.code, 0) << made.out;
  const Outcome refused =
      lockstep("client --scenario full " + cluster.at() + " --record " + (cluster.home / "record.json"));
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_NE(refused.out.find("expected the table verification to be the one of an earlier run, with columns id, run "
                             "and n, found another table of that name: "),
            std::string::npos)
      << refused.out;
  EXPECT_EQ(refused.out.find("unknown"), std::string::npos) << refused.out;
}

TEST(ClusterCommand, AMemberThatLostItsDataRefusesToStart) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  ASSERT_EQ(lockstep("cluster stop " + cluster.at()).code, 0)
      << "after its first life it is expected to have data";
  std::filesystem::remove_all(cluster.directory() + "/n1");
  const Outcome refused = lockstep(cat("node --config ", cluster.directory(), "/n1.json"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("expect_data"), std::string::npos) << refused.out;
}

// What a full disk does to writes, by a limit on the size of files.
void limit_files(pid_t process, rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(::prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0) << std::strerror(errno);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A cluster of one whose disk is full: writes were made until one was refused.
class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
    std::string answer = execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)");
    ASSERT_TRUE(answer.ends_with(" 200")) << answer;
    process = cluster.process(1);
    limit_files(process, 900'000);
    for (; written < 100 && answer.ends_with(" 200"); written += answer.ends_with(" 200") ? 1 : 0)
      answer = execute("INSERT INTO t(v) VALUES(zeroblob(200000))");
    EXPECT_GT(written, 0) << answer;
    EXPECT_TRUE(answer.ends_with(" 504") || answer.ends_with(" 503")) << answer;  // it was under way
  }

  // What the node's HTTP port says, with the status behind it.
  std::string ask(std::string_view path, std::string_view options = {}) const {
    const Outcome outcome =
        run(cat("curl -s -w ' %{http_code}' ", options, " http://127.0.0.1:", cluster.port + 1, path));
    return outcome.code == 0 ? outcome.out : cat("curl ends with ", outcome.code);
  }
  std::string execute(std::string_view statement) const {
    return ask("/v1/execute", cat("-H 'Content-Type: application/json' -d '{\"sql\": \"", statement, "\"}'"));
  }
  Outcome count_rows() const {
    return lockstep("sql " + cluster.at() + " --mode csv -c \"SELECT count(*) FROM t\"");
  }

  static constexpr std::string_view kReason = "this node has stopped for want of room: ";
  LocalCluster cluster{1};
  pid_t process = 0;
  int written = 0;
};

TEST_F(FullDisk, KeepsItsPortsAndSaysWhy) {
  const std::string ready = ask("/readyz");
  EXPECT_TRUE(has(ready, kReason) && has(ready, "/n1/") && ready.ends_with(" 503")) << ready;
  const std::string alive = ask("/healthz");
  EXPECT_TRUE(has(alive, cat("\"alive\":true,\"trouble\":\"", kReason)) && alive.ends_with(" 200")) << alive;
  const std::string write = execute("DELETE FROM t");
  EXPECT_TRUE(has(write, kReason) && write.ends_with(" 503")) << write;
  const Outcome rows = count_rows();  // of somebody who comes later
  EXPECT_TRUE(rows.code == 1 && has(rows.out, kReason)) << rows.out;
}

TEST_F(FullDisk, IsServedAgainWhenThereIsRoom) {
  limit_files(process, RLIM_INFINITY);
  Outcome rows;
  ASSERT_TRUE(eventually([&] { return (rows = count_rows()).code == 0; })) << rows.out;
  const std::size_t header = rows.out.find("count(*)");  // what was waited for may stand before it
  ASSERT_NE(header, std::string::npos) << rows.out;
  EXPECT_GE(std::atoi(rows.out.c_str() + rows.out.find('\n', header) + 1), written) << rows.out;
  EXPECT_EQ(cluster.process(1), process) << "the same process in another life";
  EXPECT_EQ(ask("/healthz"), "{\"alive\":true}\n 200");
}

// There is nothing to flush and nobody to hand over to.
TEST_F(FullDisk, IsLeftAtOnceWhenAsked) {
  EXPECT_EQ(::kill(process, SIGTERM), 0);
  EXPECT_TRUE(eventually([&] { return has(ask("/healthz"), "curl ends"); }));
  std::ifstream log(cluster.directory() + "/n1.log");
  const std::string said{std::istreambuf_iterator<char>(log), {}};
  EXPECT_TRUE(has(said, "told to stop: this node had stopped before")) << said;
}

TEST(ClusterCommand, ANodeStopsInTheMiddleOfAStatement) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  ASSERT_EQ(lockstep("sql " + cluster.at() + " -c \"CREATE TABLE t(v)\"").code, 0);
  // Minutes of work in few operations: the bytes are what takes long.
  const Outcome slow = lockstep("sql " + cluster.at() +
                                " -c \"INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
                                "FROM c LIMIT 100000) SELECT sum(length(hex(zeroblob(7000000)) || x)) FROM c\"");
  EXPECT_EQ(slow.code, 1) << slow.out;
  const Outcome stopped = lockstep("cluster stop " + cluster.at());
  EXPECT_EQ(stopped.code, 0) << stopped.out;
}

TEST(ClusterCommand, AStaleNumberNeverKillsAStranger) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  ASSERT_EQ(lockstep("cluster stop " + cluster.at()).code, 0);
  // A file of an earlier life whose number is this test's by now.
  std::ofstream(cluster.directory() + "/n1.pid") << ::getpid() << " 1 of-another-boot\n";
  const Outcome stopped = lockstep("cluster stop --kill " + cluster.at());
  EXPECT_EQ(stopped.code, 0) << stopped.out;
  EXPECT_NE(stopped.out.find("was not running"), std::string::npos) << stopped.out;
}

TEST(ClusterCommand, SaysWhatIsInItsWay) {
  TemporaryDirectory home;
  EXPECT_EQ(lockstep("cluster status --dir " + (home / "none")).code, 2);
  std::filesystem::create_directories(home / "other");
  std::ofstream(home / "other/note.txt") << "mine\n";
  const Outcome other = lockstep("cluster start --dir " + (home / "other"));
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.out.find("something else"), std::string::npos) << other.out;

  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  const Outcome taken =
      lockstep(cat("cluster start --nodes 1 --dir ", home / "second", " --port ", cluster.port));
  EXPECT_EQ(taken.code, 1);
  EXPECT_NE(taken.out.find("Address already in use"), std::string::npos) << taken.out;
  EXPECT_FALSE(std::filesystem::exists(home / "second")) << "nothing of it is left";
  lockstep("cluster stop --kill --dir " + (home / "second"));  // in case something is
}

TEST(ShellCommand, SaysWhatNoNodeWouldTake) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  std::ofstream(cluster.home / "latin1.sql") << "SELECT 1;\nSELECT '\xff'";
  const Outcome latin1 = lockstep("sql " + cluster.at() + " --file " + (cluster.home / "latin1.sql"));
  EXPECT_EQ(latin1.code, 1);
  EXPECT_NE(latin1.out.find("expected SQL in UTF-8, byte"), std::string::npos) << latin1.out;
  std::ofstream(cluster.home / "large.sql") << "SELECT '" << std::string(17 << 20, 'a') << "'";
  const Outcome large = lockstep("sql " + cluster.at() + " --file " + (cluster.home / "large.sql"));
  EXPECT_EQ(large.code, 1);
  EXPECT_NE(large.out.find("at most 16777216 bytes"), std::string::npos) << large.out;
  EXPECT_EQ(lockstep("sql " + cluster.at() + " -c 'SELECT 1' 2>&1 >/dev/full").code, 1);
}

TEST(ShellCommand, ScriptsEndAtTheFirstError) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  const Outcome fine = lockstep("sql " + cluster.at() +
                                " --mode csv -c \"CREATE TABLE t(a INTEGER PRIMARY KEY, b);"
                                " INSERT INTO t VALUES(1, 'x; y'), (2, NULL); SELECT a, b FROM t;\"");
  EXPECT_EQ(fine.code, 0);
  EXPECT_EQ(fine.out, "a,b\r\n1,x; y\r\n2,\r\n");
  const Outcome wrong =
      lockstep("sql " + cluster.at() + " -c \"INSERT INTO t VALUES(1, 2); INSERT INTO t VALUES(3, 3);\"");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.out.find("UNIQUE"), std::string::npos) << wrong.out;
  const Outcome json =
      lockstep("sql " + cluster.at() + " --mode json --level local -c \"SELECT count(*) AS n FROM t\"");
  EXPECT_EQ(json.out, "[{\"n\":2}]\n") << "what stood behind the error was not executed";
  EXPECT_EQ(lockstep("sql --nodes nonsense").code, 2);
}

TEST(ClusterCommand, AMemberThatLostItsLogAloneRefusesByNameToo) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  ASSERT_EQ(lockstep("sql " + cluster.at() + " -c \"CREATE TABLE t(v); INSERT INTO t VALUES(7)\"").code, 0);
  ASSERT_EQ(lockstep("cluster stop " + cluster.at()).code, 0);
  const std::string data = cluster.directory() + "/n1";
  std::filesystem::rename(data + "/kv", data + "/kv-elsewhere");
  std::filesystem::create_directory(data + "/kv");  // present, but empty
  const Outcome refused = lockstep(cat("node --config ", cluster.directory(), "/n1.json"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("found no log in kv"), std::string::npos) << refused.out;
  std::filesystem::remove(data + "/kv");
  std::filesystem::rename(data + "/kv-elsewhere", data + "/kv");
  std::filesystem::remove_all(data + "/db");  // it can be made again from the log
  ASSERT_EQ(lockstep("cluster start " + cluster.at()).code, 0);
  EXPECT_EQ(lockstep("sql " + cluster.at() + " --mode csv -c \"SELECT v FROM t\"").out, "v\r\n7\r\n");
}

TEST(ClusterCommand, MembersKnowEachOthersPortsForHints) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  std::ifstream in(cluster.directory() + "/n1.json");
  const std::string config{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(config.find(cat("\"grpc\": \"127.0.0.1:", cluster.port + 2, "\"\n      }")), std::string::npos)
      << config;
}

TEST(ShellCommand, SaysWhereAScriptHasFailed) {
  LocalCluster cluster(1);
  ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
  const std::string script = cluster.home / "script.sql";
  std::ofstream(script) << "-- a table;\nCREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES(1);\n\n"
                           "INSERT INTO t\nVALUES(1); SELECT 'never';\n";
  const Outcome failed = lockstep("sql " + cluster.at() + " --file " + script);
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.out, cat("error: ", script, ":4: constraint: UNIQUE constraint failed: t.a\n",
                            "  in: INSERT INTO t VALUES(1);\n"));
  std::ofstream(cluster.home / "commands") << ".tables\n.schema T\n.schema nope\n.tables\n";
  const Outcome piped = lockstep("sql " + cluster.at() + " < " + (cluster.home / "commands"));
  EXPECT_EQ(piped.code, 1);
  EXPECT_EQ(piped.out,
            "t\nCREATE TABLE t(a INTEGER PRIMARY KEY);\nerror: line 3: there is no table or view \"nope\"\n");
  const Outcome settings = lockstep("sql " + cluster.at() + " -c '.level local\n.level\n.timer\n.mode xml'");
  EXPECT_EQ(settings.code, 1);
  EXPECT_EQ(settings.out,
            ".level is local; it may be linearizable or local\n.timer is off; it may be off or on\n"
            "error: .mode: expected table, csv or json, found \"xml\"\n");
}

TEST(NodeCommand, RefusesWithOneSentence) {
  TemporaryDirectory home;
  std::ofstream(home / "n.json")
      << R"({ "data": "d", "engine": "postgres", "listen": { "native": "127.0.0.1:1" } })";
  const Outcome engine = lockstep("node --check --config " + (home / "n.json"));
  EXPECT_EQ(engine.code, 2);
  EXPECT_NE(engine.out.find("n.json:1:26: /engine: expected an engine (sqlite)"), std::string::npos)
      << engine.out;
  EXPECT_EQ(lockstep("node --data " + (home / "d") + " --engine postgres").code, 2);
  EXPECT_EQ(lockstep("node --data " + (home / "d") + " --listen 0.0.0.0").code, 2);
  EXPECT_EQ(lockstep("node").code, 2);
  const Outcome fine = lockstep("node --check --port 5000 --db " + (home / "x/app.sqlite"));
  EXPECT_EQ(fine.code, 0);
  EXPECT_NE(fine.out.find("native on 127.0.0.1:5000, HTTP on 127.0.0.1:5001, gRPC on 127.0.0.1:5002"),
            std::string::npos)
      << fine.out;
  EXPECT_NE(lockstep("node --check --data " + (home / "d")).out.find("native on 127.0.0.1:4001"),
            std::string::npos);
  for (const std::string_view of : {"node", "edge", "scenario"}) {
    const Outcome schema = lockstep(cat("schema ", of));
    EXPECT_EQ(schema.code, 0);
    EXPECT_NE(schema.out.find(cat("/", of, ".schema.json\"")), std::string::npos) << schema.out.substr(0, 300);
  }
}

}  // namespace
}  // namespace lockstep::tests
