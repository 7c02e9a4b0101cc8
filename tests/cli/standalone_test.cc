// Stories of a node that stands alone, as a process: what it leaves behind, and what it misses.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/cli/background.h"
#include "tests/cli/ports.h"
#include "tests/cli/program.h"

namespace lockstep::tests {
namespace {

namespace fs = std::filesystem;

class StandaloneNode : public testing::Test {
 protected:
  std::string data() const { return home_ / "d"; }
  std::unique_ptr<Background> run() const {
    return std::make_unique<Background>(
        std::vector<std::string>{"node", "--data", data(), "--port", std::to_string(port_)}, home_ / "out");
  }
  Outcome sql(const std::string& statements) const {
    return lockstep(cat("sql --nodes 127.0.0.1:", port_, " --mode csv -c \"", statements, "\""));
  }
  // A first life with one row, ended by the signal.
  void live(int signal) {
    const auto node = run();
    ASSERT_TRUE(node->says("stands alone")) << node->said();
    const Outcome written = sql("CREATE TABLE t(v); INSERT INTO t VALUES(7)");
    ASSERT_EQ(written.code, 0) << written.out;
    ASSERT_EQ(node->end(signal), signal == SIGTERM ? 0 : -1) << node->said();
  }
  Outcome start() const { return lockstep(cat("node --data ", data(), " --port ", port_)); }
  void expect_refused(const std::string& sentence) const {
    const Outcome refused = start();
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.out.find(sentence), std::string::npos) << refused.out;
  }
  std::set<std::string> files() const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(data() + "/db")) out.insert(entry.path().filename());
    return out;
  }

  TemporaryDirectory home_;
  int port_ = free_ports(1);
};

TEST_F(StandaloneNode, LeavesOneFileAndFindsEverythingInIt) {
  live(SIGTERM);
  EXPECT_EQ(files(), (std::set<std::string>{"main.sqlite", "main.sqlite-mark", "main.sqlite-seals"}));
  const auto node = run();
  ASSERT_TRUE(node->says("stands alone"));
  EXPECT_EQ(sql("SELECT v FROM t").out, "v\r\n7\r\n");
}

TEST_F(StandaloneNode, MissesItsDatabase) {
  live(SIGTERM);
  fs::remove(data() + "/db/main.sqlite");
  expect_refused("found no file db/main.sqlite: put it back");
  std::ofstream(data() + "/db/main.sqlite").flush();
  expect_refused("found an empty file db/main.sqlite: put it back");
  fs::remove_all(data() + "/db");
  expect_refused("found no file db/main.sqlite");
  EXPECT_FALSE(fs::exists(data() + "/db")) << "nothing was made in its place";
}

TEST_F(StandaloneNode, MissesItsDatabaseBesideTheWal) {
  live(SIGKILL);
  ASSERT_EQ(files(), (std::set<std::string>{"main.sqlite", "main.sqlite-mark", "main.sqlite-wal"}));
  const auto wal = fs::file_size(data() + "/db/main.sqlite-wal");
  fs::remove(data() + "/db/main.sqlite");
  expect_refused("found no file db/main.sqlite beside its WAL");
  // Also where nothing says that there was data.
  fs::remove(data() + "/lockstep.json");
  fs::rename(data() + "/db", home_ / "db");
  fs::remove_all(data());
  {
    const auto fresh = run();
    ASSERT_TRUE(fresh->says("stands alone"));
    fresh->end(SIGTERM);
  }
  std::ofstream(data() + "/lockstep.json")
      << R"({"format": 1, "cluster": null, "node": 1, "incarnation": 1})";
  fs::remove_all(data() + "/db");
  fs::rename(home_ / "db", data() + "/db");
  expect_refused("the WAL alone is not the database");
  EXPECT_EQ(fs::file_size(data() + "/db/main.sqlite-wal"), wal) << "it is as it was";
}

TEST_F(StandaloneNode, MissesTheEndOfItsDatabase) {
  live(SIGTERM);
  const std::string main = data() + "/db/main.sqlite";
  const auto size = fs::file_size(main);
  fs::resize_file(main, size - 100);
  expect_refused(
      cat("db/main.sqlite: expected at least ", size, " bytes, which it held durably, found ", size - 100));
}

TEST_F(StandaloneNode, MissesAWriteWhoseFrameIsDamaged) {
  live(SIGKILL);
  const std::string wal = data() + "/db/main.sqlite-wal";
  {
    std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(wal)) - 1000);  // in the last frame of all
    file.put('\x55');
  }
  expect_refused("db/main.sqlite-wal: expected at least ");
  expect_refused(
      "in transactions that are whole. To serve what is left, without the writes behind that, remove "
      "db/main.sqlite-mark");
  fs::remove(data() + "/db/main.sqlite-mark");
  const auto node = run();
  ASSERT_TRUE(node->says("stands alone"));
  EXPECT_EQ(sql("SELECT count(*) FROM t").out, "count(*)\r\n0\r\n") << "by request";
}

// Until the first checkpoint nothing is kept there.
TEST_F(StandaloneNode, SaysThatItsDataCouldNotBePutAway) {
  const fs::path seals = data() + "/db/main.sqlite-seals";
  {
    const auto node = run();
    ASSERT_TRUE(node->says("stands alone")) << node->said();
    ASSERT_EQ(sql("CREATE TABLE t(v); INSERT INTO t VALUES(7)").code, 0);
    fs::create_directory(seals);
    EXPECT_EQ(node->end(SIGTERM), 1) << node->said();
    EXPECT_TRUE(node->said().contains("its data could not be put away: cannot open " + seals.string())) << node->said();
    EXPECT_FALSE(node->said().contains("good order")) << node->said();
  }
  const Outcome refused = start();
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.out.contains(seals.string() + ": it is not a file")) << refused.out;
  fs::remove(seals);
  const auto node = run();
  ASSERT_TRUE(node->says("stands alone")) << node->said();
  EXPECT_EQ(sql("SELECT v FROM t").out, "v\r\n7\r\n");
}

TEST_F(StandaloneNode, IsNotLedToAnotherFile) {
  live(SIGTERM);
  const Outcome refused = lockstep(cat("node --data ", data(), " --db db/other.sqlite --port ", port_));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("the settings name db/other.sqlite"), std::string::npos) << refused.out;
}

TEST_F(StandaloneNode, IsNoHub) {
  const auto node = run();
  ASSERT_TRUE(node->says("stands alone")) << node->said();
  for (const char* command : {"cloud status", "cloud train --from-telemetry"}) {
    const Outcome asked = lockstep(cat(command, " --hub 127.0.0.1:", port_));
    EXPECT_EQ(asked.code, 2) << asked.out;
    EXPECT_NE(asked.out.find("expected nodes with a hub, found none there"), std::string::npos) << asked.out;
  }
}

TEST_F(StandaloneNode, SpeaksOfRefusalsAsWarnings) {
  const auto node = run();
  ASSERT_TRUE(node->says("stands alone"));
  net::EventLoop loop;
  net::Tcp::socket socket(loop.context());
  socket.connect({net::asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port_)});
  net::asio::write(socket, net::asio::buffer(std::string_view("GET / HTTP/1.1\r\n\r\n")));
  EXPECT_TRUE(node->says(" warning refused 127.0.0.1:")) << node->said();
}

// ---- what commands read and leave --------------------------------------------------------------------

TEST(Files, WhatNeverEndsIsRefused) {
  TemporaryDirectory home;
  for (const char* command : {"node --config", "run", "check --model kv"}) {
    const Outcome device = lockstep(cat(command, " /dev/zero"));
    EXPECT_EQ(device.code, 2) << command;
    EXPECT_NE(device.out.find("/dev/zero: expected a file, found a device"), std::string::npos) << device.out;
  }
  std::ofstream(home / "large.json") << std::string(17 << 20, ' ');
  const Outcome large = lockstep("node --config " + (home / "large.json"));
  EXPECT_EQ(large.code, 2);
  EXPECT_NE(large.out.find("expected a file of at most 16777216 bytes"), std::string::npos) << large.out;
  const Outcome endless = lockstep("node --config - < /dev/zero");
  EXPECT_EQ(endless.code, 2);
  EXPECT_NE(endless.out.find("standard input: expected"), std::string::npos) << endless.out;
  std::ofstream(home / "n.json") << R"({ "data": "d", "listen": { "native": "127.0.0.1:1" } })";
  EXPECT_EQ(lockstep("node --check --config /dev/stdin < " + (home / "n.json")).code, 0)
      << "a pipe or a file is fine";
  EXPECT_EQ(lockstep("node --check --config - < " + (home / "n.json")).code, 0);
}

TEST(RunCommand, LeavesNoDraftWhenItIsInterrupted) {
  TemporaryDirectory home;
  const auto drafts = [&] {
    std::vector<std::string> out;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(home / "out", ignored))
      if (entry.path().extension() == ".part") out.push_back(entry.path());
    return out;
  };
  Background run({"run", LOCKSTEP_SOURCE_DIR "/scenarios/suite/full.json", "--trace", "--out", home / "out"},
                 home / "said");
  ASSERT_TRUE(eventually([&] { return !drafts().empty(); })) << run.said();
  EXPECT_EQ(run.end(SIGINT), -1);
  EXPECT_EQ(drafts(), std::vector<std::string>{});
}

}  // namespace
}  // namespace lockstep::tests
