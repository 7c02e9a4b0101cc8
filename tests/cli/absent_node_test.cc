// Commands that talk to a cluster of which a node is gone: they say so, and go on without it.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/local_cluster.h"

namespace lockstep::tests {
namespace {

class AbsentNode : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cluster_.started.code, 0) << cluster_.started.out;
    const Outcome full = lockstep("client --scenario full " + cluster_.at() + record_);
    ASSERT_EQ(full.code, 0) << full.out;
  }
  std::string nodes() const {
    std::string out;
    for (int node = 0; node < 3; ++node)
      out += cat(node == 0 ? "" : ",", "127.0.0.1:", cluster_.port + 10 * node);
    return out;
  }
  void verify_without_the_third(const std::string& where, const std::string& name) {
    const Outcome verified = lockstep("client --scenario verify-only " + where + record_);
    EXPECT_EQ(verified.code, 1);
    EXPECT_NE(verified.out.find(name + " answers"), std::string::npos) << verified.out;
    EXPECT_NE(verified.out.find("unknown  expected an answer, found "), std::string::npos) << verified.out;
    EXPECT_TRUE(
        verified.out.ends_with("8 hold, 0 fail, 1 unknown: nothing contradicts what was promised; of what did "
                               "not answer nothing is known\n"))
        << verified.out;
  }

  LocalCluster cluster_{3};
  std::string record_ = " --record " + (cluster_.home / "record.json");
};

TEST_F(AbsentNode, TheOthersAreVerifiedAndItIsNamed) {
  ASSERT_EQ(::kill(cluster_.process(3), SIGKILL), 0);
  // Not before a leader is there again.
  const Outcome rows =
      lockstep("sql " + cluster_.at() + " --mode csv -c 'SELECT count(*) FROM verification'");
  EXPECT_EQ(rows.code, 0) << rows.out;
  EXPECT_NE(rows.out.find("does not answer: Connection refused"), std::string::npos) << rows.out;
  EXPECT_NE(rows.out.find("\r\n16\r\n"), std::string::npos) << rows.out;
  verify_without_the_third(cluster_.at(), "n3");
  verify_without_the_third("--nodes " + nodes(), cat("127.0.0.1:", cluster_.port + 20));
}

TEST_F(AbsentNode, OneThatIsSilentIsNotWaitedForAtEveryStep) {
  ASSERT_EQ(::kill(cluster_.process(3), SIGSTOP), 0);
  const Outcome rows =
      lockstep("sql --nodes " + nodes() + " --mode csv -c 'SELECT count(*) FROM verification'");
  EXPECT_EQ(rows.code, 0) << rows.out;
  verify_without_the_third(cluster_.at(), "n3");
  ASSERT_EQ(::kill(cluster_.process(3), SIGCONT), 0);
}

TEST_F(AbsentNode, WithoutAnyItIsSaidAtOnceAndWhy) {
  ASSERT_EQ(lockstep("cluster stop --kill " + cluster_.at()).code, 0);
  for (const std::string& where : {cluster_.at(), "--nodes " + nodes()}) {
    const Outcome none = lockstep("sql " + where + " -c 'SELECT 1'");
    EXPECT_EQ(none.code, 1);
    EXPECT_NE(none.out.find("no node answers: "), std::string::npos) << none.out;
    EXPECT_NE(none.out.find("Connection refused"), std::string::npos) << none.out;
  }
}

TEST_F(AbsentNode, ATableThatIsNotAsItWasIsToldRowByRow) {
  const Outcome changed = lockstep("sql " + cluster_.at() +
                                   " --changes -c \"DELETE FROM verification WHERE n = 3;"
                                   " UPDATE verification SET run = 'it''s mine' WHERE n = 5\"");
  EXPECT_EQ(changed.code, 0) << changed.out;
  EXPECT_NE(changed.out.find("1 row changed (index "), std::string::npos) << changed.out;
  const Outcome verified = lockstep("client --scenario verify-only " + cluster_.at() + record_);
  EXPECT_EQ(verified.code, 1);
  EXPECT_NE(verified.out.find("expected 16 rows, found 15 rows, 2 differ"), std::string::npos)
      << verified.out;
  EXPECT_NE(verified.out.find("row 3: expected ('"), std::string::npos) << verified.out;
  EXPECT_NE(verified.out.find("found ('it''s mine', 5)"), std::string::npos) << verified.out;
  const Outcome document = lockstep("client --json --scenario verify-only " + cluster_.at() + record_);
  EXPECT_EQ(document.code, 1);
  const auto json = nlohmann::json::parse(document.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << document.out;
  EXPECT_EQ(json["verdict"], "violated");
  EXPECT_EQ(json["failed"], 6);  // contents twice, at three nodes; the version only says that somebody wrote
}

TEST_F(AbsentNode, ADeadNodeIsUnknownAndNotViolated) {
  ASSERT_EQ(::kill(cluster_.process(3), SIGKILL), 0);
  const Outcome verified = lockstep("client --json --scenario verify-only " + cluster_.at() + record_);
  EXPECT_EQ(verified.code, 1);
  const auto json = nlohmann::json::parse(verified.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << verified.out;
  EXPECT_EQ(json["verdict"], "unknown");
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(json["unknown"], 1);
  const auto silent = std::ranges::find(json["checks"], "n3 answers", [](const auto& check) { return check["check"]; });
  ASSERT_NE(silent, json["checks"].end());
  EXPECT_TRUE((*silent)["holds"].is_null());
}

TEST_F(AbsentNode, ModeStrongSaysThatItNeedsEveryVoterAndWhoDoesNotAnswer) {
  ASSERT_EQ(::kill(cluster_.process(3), SIGKILL), 0);
  const Outcome full = lockstep("client --mode strong --scenario full " + cluster_.at() + record_);
  EXPECT_EQ(full.code, 1);
  EXPECT_NE(full.out.find("; mode strong needs every voter, and n3 does not answer"), std::string::npos) << full.out;
}

TEST_F(AbsentNode, WithoutAMajorityNothingIsViolatedAndTheRecordStays) {
  const auto record_text = [this] {
    std::ifstream in(cluster_.home / "record.json");
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string before = record_text();
  for (const int node : {2, 3}) ASSERT_EQ(::kill(cluster_.process(node), SIGKILL), 0);
  const Outcome full = lockstep("client --json --scenario full " + cluster_.at() + record_);
  EXPECT_EQ(full.code, 1);
  const auto json = nlohmann::json::parse(full.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << full.out;
  EXPECT_EQ(json["verdict"], "unknown");
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(record_text(), before);
}

TEST_F(AbsentNode, ARecordThatIsOlderThanTheTableIsStillThere) {
  ASSERT_EQ(lockstep("client --scenario full " + cluster_.at() + " --record " + (cluster_.home / "newer.json")).code, 0);
  const Outcome verified = lockstep("client --scenario verify-only " + cluster_.at() + record_);
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_NE(verified.out.find("32 rows, 16 written since"), std::string::npos) << verified.out;
  EXPECT_NE(verified.out.find(", written since "), std::string::npos) << verified.out;
  const Outcome lost = lockstep("sql " + cluster_.at() + " -c 'DELETE FROM verification WHERE id = 2'");
  EXPECT_EQ(lost.code, 0) << lost.out;
  EXPECT_NE(lockstep("client --scenario verify-only " + cluster_.at() + record_).out.find("1 differs"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::tests
