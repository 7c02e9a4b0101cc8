// Stories of clusters whose members have lost their data or a part of them: nobody serves less without a
// word.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/local_cluster.h"

namespace lockstep::tests {
namespace {

namespace fs = std::filesystem;

// Seven rows on three members, stopped: most of the database is in the main file, and the last rows are in
// its WAL.
class LostData : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cluster.started.code, 0) << cluster.started.out;
    write("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)");
    for (int row = 0; row < 6; ++row) write("INSERT INTO t(v) VALUES(randomblob(900000))");
    write("INSERT INTO t(v) VALUES(1)");
    ASSERT_EQ(lockstep("cluster stop " + cluster.at()).code, 0);
  }
  void write(const std::string& statement) const {
    const Outcome written = lockstep(cat("sql ", cluster.at(), " -c \"", statement, "\""));
    ASSERT_EQ(written.code, 0) << written.out;
  }
  Outcome start() const { return lockstep("cluster start " + cluster.at()); }
  std::string data(int node) const { return cat(cluster.directory(), "/n", node); }
  std::string rows() const {
    return lockstep(cat("sql ", cluster.at(), " --mode csv -c \"SELECT count(*) FROM t\"")).out;
  }

  LocalCluster cluster{3};
};

TEST_F(LostData, AMajorityThatForgotEverythingIsNotAnEmptyCluster) {
  for (const auto& entry : fs::directory_iterator(data(1)))
    fs::rename(entry.path(), cluster.home / entry.path().filename().string());
  fs::remove_all(data(2));
  const Outcome refused = start();
  EXPECT_EQ(refused.code, 1);
  for (const std::string said : {"n1 has ended", "n2 has ended", "(expect_data)", "Replacing a disk",
                                 "1 of 3 nodes are left, and a leader needs 2"})
    EXPECT_NE(refused.out.find(said), std::string::npos) << said << " in " << refused.out;
  EXPECT_EQ(lockstep("cluster status " + cluster.at()).out.find("running"), std::string::npos);
  // One of them is put back as it was left.
  fs::remove_all(data(1));
  fs::create_directory(data(1));
  for (const std::string name : {"kv", "db", "lockstep.json", "lockstep.lock"})
    fs::rename(cluster.home / name, data(1) + "/" + name);
  const Outcome started = start();
  EXPECT_EQ(started.code, 1) << "n2 is missing still";
  EXPECT_NE(started.out.find("the others serve without it"), std::string::npos) << started.out;
  EXPECT_TRUE(rows().ends_with("count(*)\r\n7\r\n")) << rows();
}

TEST_F(LostData, ADamagedMemberIsNamedAndTheOthersServe) {
  const std::string main = data(2) + "/db/main.sqlite";
  const auto size = fs::file_size(main);
  ASSERT_GT(size, 2'000'000u);
  fs::resize_file(main, size - 100);
  const Outcome started = start();
  EXPECT_EQ(started.code, 1);
  EXPECT_NE(
      started.out.find(cat("n2 has ended: lockstep node: ", data(2), ": db/main.sqlite: expected at least ",
                           size, " bytes, which it held durably, found ", size - 100)),
      std::string::npos)
      << started.out;
  EXPECT_NE(started.out.find("the others serve without it"), std::string::npos) << started.out;
  EXPECT_TRUE(rows().ends_with("count(*)\r\n7\r\n")) << rows();
  // What the sentence says can be done. The log begins at entry 1.
  fs::remove_all(data(2) + "/db");
  const Outcome again = start();
  EXPECT_EQ(again.code, 0) << again.out;
  EXPECT_EQ(lockstep(cat("sql --nodes 2=127.0.0.1:", cluster.port + 10,
                         " --mode csv -c \"SELECT count(*) FROM t\""))
                .out,
            "count(*)\r\n7\r\n");
}

TEST_F(LostData, ANewClusterWhoseNodeCannotBeginIsNotMade) {
  const std::string other = cluster.home / "other";
  ASSERT_EQ(start().code, 0);
  const Outcome refused =
      lockstep(cat("cluster start --dir ", other, " --nodes 3 --port ", cluster.port + 10));
  EXPECT_EQ(refused.code, 1) << refused.out;
  EXPECT_FALSE(fs::exists(other)) << refused.out;
}

}  // namespace
}  // namespace lockstep::tests
