// Stories of a whole field of real processes: hub, edges, cloud; and what is said to those who come wrongly.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/background.h"
#include "tests/cli/ports.h"
#include "tests/cli/program.h"

namespace lockstep::tests {
namespace {

// Of one query with one number, which is the last line; before it there may be words about nodes that are
// away. -1: no answer.
std::int64_t number_of(const std::string& where, const std::string& sql) {
  const Outcome outcome = lockstep(cat("sql ", where, " --mode json -c \"", sql, "\""));
  const std::size_t end = outcome.out.find_last_of("0123456789");
  if (outcome.code != 0 || end == std::string::npos) return -1;
  const std::size_t begin = outcome.out.find_last_not_of("-0123456789", end) + 1;
  return std::atoll(outcome.out.c_str() + begin);
}

class Field {
 public:
  explicit Field(const std::string& more) {
    started = lockstep(cat("cluster start ", at(), " --port ", free_ports(3), " ", more));
  }
  ~Field() { lockstep("cluster stop --kill " + at()); }

  std::string directory() const { return home / "c"; }
  std::string at() const { return "--dir " + directory(); }
  nlohmann::json status() const {
    const Outcome outcome = lockstep("cluster status --json " + at());
    return nlohmann::json::parse(outcome.out, nullptr, false);
  }
  std::int64_t number(const std::string& sql) const { return number_of(at(), sql); }
  pid_t leader() const {
    const nlohmann::json now = status();
    for (const auto& node : now.value("nodes", nlohmann::json::array()))
      if (node.value("role", "") == "leader" && node.value("serves", false))
        return node["process"].get<pid_t>();
    return 0;
  }
  std::string log(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(cat(directory(), "/", name, ".log")).rdbuf();
    return text.str();
  }

  TemporaryDirectory home;
  Outcome started;
};

constexpr const char* kDone = "SELECT count(*) FROM hub_instructions WHERE outcome = 1";

TEST(HubCommand, InstructionsGoOnWhenTheLeaderIsKilled) {
  Field field("--edges 3 --cloud");
  ASSERT_EQ(field.started.code, 0) << field.started.out;
  EXPECT_NE(field.started.out.find("e3"), std::string::npos) << field.started.out;
  ASSERT_TRUE(eventually([&] { return field.number(kDone) > 12; })) << field.log("e1");
  const pid_t leader = field.leader();
  ASSERT_GT(leader, 0);
  ASSERT_EQ(::kill(leader, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return field.leader() > 0 && field.leader() != leader; }));
  const std::int64_t then = field.number(kDone);
  ASSERT_TRUE(eventually([&] { return field.number(kDone) > then + 12; })) << field.log("e1");
  EXPECT_EQ(field.number("SELECT count(*) - count(DISTINCT device || ' ' || window) FROM hub_instructions"),
            0)
      << "something was decided twice";
  EXPECT_EQ(field.number("SELECT count(*) FROM hub_edges"), 3);
  // What the streams say has come is what is there.
  EXPECT_EQ(
      field.number("SELECT (SELECT sum(readings) FROM hub_streams) - (SELECT sum(count) FROM series_blocks)"),
      0);
  EXPECT_GT(field.number("SELECT count(*) FROM series_range('e2/tank/temperature')"), 10);
  EXPECT_NE(field.log("cloud").find("3 of 3 edges"), std::string::npos) << field.log("cloud");

  const Outcome told = lockstep("cloud status --json " + field.at());
  ASSERT_EQ(told.code, 0) << told.out;
  EXPECT_EQ(nlohmann::json::parse(told.out)["edges"].size(), 3u) << told.out;
  const Outcome again = lockstep("cluster start " + field.at());
  EXPECT_EQ(again.code, 0) << "the killed one comes back: " << again.out;
  const Outcome stopped = lockstep("cluster stop " + field.at());
  EXPECT_EQ(stopped.code, 0) << stopped.out;
  EXPECT_NE(stopped.out.find("e1 stopped"), std::string::npos) << stopped.out;
}

TEST(HubCommand, APolicyComesFromTheCloudAndABadOneIsRefused) {
  Field field("--hub --nodes 1");
  ASSERT_EQ(field.started.code, 0) << field.started.out;
  const std::string good = LOCKSTEP_SOURCE_DIR "/hub/policy/default_policy.json";
  const Outcome first = lockstep(cat("cloud send ", good, " --kind policy --note first ", field.at()));
  EXPECT_EQ(first.code, 0) << first.out;
  EXPECT_NE(first.out.find("policy version 1 is active since log index"), std::string::npos) << first.out;
  const Outcome second = lockstep(cat("cloud send ", good, " --kind policy --version 5 ", field.at()));
  EXPECT_EQ(second.code, 0) << second.out;
  const std::string bad = field.home / "bad.json";
  std::ofstream(bad) << "{\"gains\": 1";
  const Outcome refused = lockstep(cat("cloud send ", bad, " --kind policy ", field.at()));
  EXPECT_EQ(refused.code, 1) << refused.out;
  EXPECT_NE(refused.out.find("policy version 6 is refused: "), std::string::npos) << refused.out;
  const Outcome back = lockstep(cat("cloud activate --kind policy --version 1 ", field.at()));
  EXPECT_EQ(back.code, 0) << back.out;
  EXPECT_EQ(field.number("SELECT version FROM hub_active WHERE kind = 2"), 1);
  const Outcome unknown = lockstep(cat("cloud activate --kind policy --version 77 ", field.at()));
  EXPECT_EQ(unknown.code, 1) << unknown.out;
  EXPECT_NE(unknown.out.find("policy version 77 is unknown"), std::string::npos) << unknown.out;
}

TEST(HubCommand, AnEdgeSaysWhatIsWrong) {
  TemporaryDirectory home;
  const std::string data = " --data " + (home / "d");
  const Outcome nobody = lockstep("edge --dir " + (home / "none") + data);
  EXPECT_EQ(nobody.code, 2) << nobody.out;
  EXPECT_NE(nobody.out.find("expected a local cluster"), std::string::npos) << nobody.out;
  const Outcome device = lockstep("edge --hub 127.0.0.1:1 --devices tank,pump" + data);
  EXPECT_EQ(device.code, 2) << device.out;
  EXPECT_NE(device.out.find("probe is a third kind"), std::string::npos) << device.out;
  const Outcome name = lockstep("edge --hub 127.0.0.1:1 --name a/b" + data);
  EXPECT_EQ(name.code, 2) << name.out;
  EXPECT_NE(name.out.find("expected letters, digits, _ and -"), std::string::npos) << name.out;
  const Outcome many = lockstep("edge --hub 127.0.0.1:1 --name east --edges 3" + data);
  EXPECT_EQ(many.code, 2) << many.out;
  EXPECT_NE(many.out.find("ends with a number"), std::string::npos) << many.out;
  const Outcome plants = lockstep("edge --hub 1=127.0.0.1:1 --plants " + (home / "none") + data);
  EXPECT_EQ(plants.code, 2) << plants.out;
  EXPECT_NE(plants.out.find("expected a record of plants"), std::string::npos) << plants.out;
  const Outcome both = lockstep("edge --hub 1=127.0.0.1:1 --edges 2 --plants x" + data);
  EXPECT_EQ(both.code, 2) << both.out;
  EXPECT_NE(both.out.find("either --plants or --edges"), std::string::npos) << both.out;
  const Outcome rest = lockstep("cloud send /nowhere --kind model --hub 127.0.0.1:1");
  EXPECT_EQ(rest.code, 2) << rest.out;
}

TEST(HubCommand, AnEdgeThatFindsNoHubKeepsItsReadings) {
  TemporaryDirectory home;
  const int port = free_ports(1);
  Background edge({"edge", "--hub", cat("127.0.0.1:", port), "--data", home / "d", "--sample-ms", "5"},
                  home / "edge.log");
  ASSERT_TRUE(edge.says("lockstep: edge e1 with tank, motor (simulated)"));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(home / "d/e1/kv"); }));
  Background hub({"hub", "--data", home / "n", "--port", cat(port)}, home / "hub.log");
  ASSERT_TRUE(hub.says("lockstep: hub, a node that stands alone"));
  const std::string received = "SELECT coalesce(min(received), 0) FROM hub_streams";
  EXPECT_TRUE(eventually([&] { return number_of(cat("--nodes 127.0.0.1:", port), received) > 20; }));
}

}  // namespace
}  // namespace lockstep::tests
