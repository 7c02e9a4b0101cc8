// Stories of a whole field of real processes: hub, edges, cloud; and what is said to those who come wrongly.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
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

TEST(CloudCommand, TrainsOnPlantsAsTheirRecordingsShowThem) {
  Field field("--edges 1");
  ASSERT_EQ(field.started.code, 0) << field.started.out;
  ASSERT_TRUE(eventually([&] { return field.number("SELECT count(*) FROM hub_devices") > 0; }));
  const std::string command = cat("cloud train --kind motor --from-telemetry --steps 1 ", field.at(),
                                  " --out ", field.home / "tuned.safetensors");
  Outcome trained = lockstep(command);
  EXPECT_EQ(trained.code, 1) << "nothing can be said of seconds";
  EXPECT_NE(trained.out.find("e1/motor: left out: expected at least 60 windows"), std::string::npos)
      << trained.out;
  EXPECT_TRUE(eventually([&] { return (trained = lockstep(command)).code == 0; })) << trained.out;
  EXPECT_NE(trained.out.find("e1/motor: identified from "), std::string::npos) << trained.out;
  EXPECT_EQ(lockstep(cat("cloud send ", field.home / "tuned.safetensors", " --kind model ", field.at())).code,
            0);
}

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
  const nlohmann::json status = nlohmann::json::parse(told.out);
  EXPECT_EQ(status["edges"].size(), 3u) << told.out;
  std::uint64_t sum = 0;
  for (const char* part :
       {"done", "failed", "expired", "cancelled", "refused_instructions", "interrupted", "unknown", "open"})
    sum += status[part].get<std::uint64_t>();
  EXPECT_EQ(sum, status["instructions"]) << told.out;
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
  const std::size_t at = first.out.find_last_not_of("0123456789\n") + 1;
  const std::string index = first.out.substr(at, first.out.find_last_not_of('\n') + 1 - at);
  const Outcome shown = lockstep("cloud status " + field.at());
  EXPECT_NE(shown.out.find("since index"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find(cat(" ", index, " ")), std::string::npos) << first.out << shown.out;
  const Outcome second = lockstep(cat("cloud send ", good, " --kind policy --version 5 ", field.at()));
  EXPECT_EQ(second.code, 0) << second.out;
  const std::string bad = field.home / "bad.json";
  std::ofstream(bad) << "{\"gains\": 1}";
  const std::string broken = field.home / "broken.json";
  std::ofstream(broken) << "{\"gains\": 1";
  const Outcome no_json = lockstep(cat("cloud send ", broken, " --kind policy ", field.at()));
  EXPECT_EQ(no_json.code, 2) << no_json.out;
  EXPECT_NE(no_json.out.find("broken.json: policy:1:"), std::string::npos) << no_json.out;
  const Outcome refused = lockstep(cat("cloud send ", bad, " --kind policy ", field.at()));
  EXPECT_EQ(refused.code, 1) << refused.out;
  EXPECT_NE(refused.out.find("policy version 6 is refused: "), std::string::npos)
      << "what is no JSON has used no number: " << refused.out;
  for (const std::string said :
       {" info policy 1 is in force from index ", " info policy 5 is in force from index ",
        " warning policy 6 is refused: policy:1:"})
    EXPECT_NE(field.log("n1").find(said), std::string::npos) << said << " in " << field.log("n1");
  const Outcome back = lockstep(cat("cloud activate --kind policy --version 1 ", field.at()));
  EXPECT_EQ(back.code, 0) << back.out;
  EXPECT_EQ(field.number("SELECT version FROM hub_active WHERE kind = 2"), 1);
  const Outcome unknown = lockstep(cat("cloud activate --kind policy --version 77 ", field.at()));
  EXPECT_EQ(unknown.code, 1) << unknown.out;
  EXPECT_NE(unknown.out.find("policy version 77 is unknown"), std::string::npos) << unknown.out;
}

TEST(CloudCommand, AFileOfAnotherKindIsNamedSo) {
  const std::string nobody = " --hub 127.0.0.1:1";
  const Outcome policy =
      lockstep("cloud send " LOCKSTEP_SOURCE_DIR "/hub/policy/default_policy.json" + nobody);
  EXPECT_EQ(policy.code, 2) << policy.out;
  EXPECT_NE(policy.out.find("--kind policy sends a policy, --kind settings settings"), std::string::npos)
      << policy.out;
  const Outcome text = lockstep("cloud send " LOCKSTEP_SOURCE_DIR "/README.md" + nobody);
  EXPECT_EQ(text.code, 2) << text.out;
  EXPECT_NE(text.out.find("found another kind of file"), std::string::npos) << text.out;
}

TEST(HubCommand, AKilledEdgeIsNamedAndSoIsWhatWasStartedAgain) {
  Field field("--nodes 1 --edges 2");
  ASSERT_EQ(field.started.code, 0) << field.started.out;
  ASSERT_EQ(::kill(field.status()["companions"][0]["process"].get<pid_t>(), SIGKILL), 0);
  Outcome status;
  EXPECT_TRUE(eventually([&] {
    status = lockstep("cluster status " + field.at());
    return status.out.find("e1 has ended: without a word (killed?); last line: ") != std::string::npos;
  })) << status.out;
  EXPECT_TRUE(eventually([&] {
    return field.log("n1").find(" warning the hub does not hear edge e1 any more") != std::string::npos;
  })) << field.log("n1");
  const Outcome again = lockstep("cluster start " + field.at());
  EXPECT_EQ(again.code, 0) << again.out;
  EXPECT_NE(again.out.find("run already; started: e1\n"), std::string::npos) << again.out;
  EXPECT_TRUE(eventually([&] {
    return field.log("n1").find("the hub hears edge e1 again") != std::string::npos;
  })) << field.log("n1");
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
  for (const auto& [wrong, sentence] : {std::pair("--clean-up-ratio 0", "not in range"),
                                        {"--clean-up-ratio 101", "not in range"},
                                        {"--clean-up-delay -1", "expected a number from 0 "},
                                        {"--probation 0", "expected a number from 0.1 "}}) {
    const Outcome chosen = lockstep(cat("edge --hub 127.0.0.1:1 ", wrong, data));
    EXPECT_EQ(chosen.code, 2) << chosen.out;
    EXPECT_NE(chosen.out.find(sentence), std::string::npos) << wrong << ": " << chosen.out;
  }
  const std::string file = home / "edge.json";
  std::ofstream(file) << "{\"clean_up_ratio\": 0}";
  const Outcome bad = lockstep(cat("edge --hub 127.0.0.1:1 --config ", file, data));
  EXPECT_EQ(bad.code, 2) << bad.out;
  EXPECT_NE(bad.out.find(cat(file, ":1:")), std::string::npos) << bad.out;
  const Outcome twice = lockstep(cat("edge --hub 127.0.0.1:1 --batch-ms 5 --config ", file, data));
  EXPECT_EQ(twice.code, 2) << twice.out;
  EXPECT_NE(twice.out.find("excludes"), std::string::npos) << twice.out;
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

// ---- a full disk -------------------------------------------------------------------------------------

TEST(FullDisks, AStartSaysThatThereIsNoRoomAndWhatToDo) {
  const TemporaryDirectory home;
  for (const std::string directory : {"n", "edges/e1"}) {
    std::filesystem::create_directories(home / directory);
    std::filesystem::create_symlink("/dev/full", home / directory + "/lockstep.json.draft");
  }
  for (const std::string& command : {cat("hub --port ", free_ports(3), " --data ", home / "n"),
                                     cat("edge --hub 127.0.0.1:1 --name e1 --data ", home / "edges")}) {
    const Outcome refused = lockstep(command);
    EXPECT_EQ(refused.code, 1) << refused.out;
    for (const std::string said : {"the disk is full", "lockstep.json", "make room"})
      EXPECT_NE(refused.out.find(said), std::string::npos) << said << " in " << refused.out;
  }
}

// ---- who may be whom ---------------------------------------------------------------------------------

// One node with a hub and four tokens.
class GuardedHub {
 public:
  GuardedHub() : port(free_ports(1)) {
    std::ofstream(home / "hub.json") << cat(R"({"data": "n", "listen": {"native": "127.0.0.1:)", port,
                                            R"("}, "hub": {}, "tokens": [
          {"role": "edge", "token": "first", "edges": ["e1"]}, {"role": "write", "token": "writer"},
          {"role": "read", "token": "reader"}, {"role": "admin", "token": "boss"}]})");
    start();
  }
  void start() {
    hub.reset();
    hub = std::make_unique<Background>(std::vector<std::string>{"hub", "--config", home / "hub.json"},
                                       home / "hub.log");
    EXPECT_TRUE(hub->says("lockstep: hub, a node that stands alone")) << hub->said();
  }
  std::unique_ptr<Background> edge(const std::string& name, const std::string& token, const std::string& data,
                                   std::vector<std::string> more = {}) const {
    std::vector<std::string> words{
        "edge", "--hub", cat("127.0.0.1:", port), "--name", name, "--token", token, "--data", home / data};
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<Background>(words, home / cat(data, "-", name, ".log"));
  }
  std::string at(const std::string& token, const std::string& option = "--hub") const {
    return cat(option, " 127.0.0.1:", port, " --token ", token);
  }
  std::int64_t number(const std::string& sql) const { return number_of(at("reader", "--nodes"), sql); }

  TemporaryDirectory home;
  int port;
  std::unique_ptr<Background> hub;
};

TEST(GuardedHubs, ATokenOfAnEdgeIsNoCloudAndNoOtherEdge) {
  GuardedHub field;
  const auto e1 = field.edge("e1", "first", "d");
  ASSERT_TRUE(eventually([&] {
    return field.number("SELECT count(*) FROM hub_streams WHERE received > 5") > 0;
  })) << e1->said();
  const auto e2 = field.edge("e2", "first", "d");
  EXPECT_TRUE(e2->says("expected a token of the edge with number 10002; this one is of e1")) << e2->said();
  EXPECT_TRUE(field.hub->says("expected a token of the edge with number 10002"));
  const std::string policy = LOCKSTEP_SOURCE_DIR "/hub/policy/default_policy.json";
  const std::string send = cat("cloud send ", policy, " --kind policy --version 1 --patience 5 ");
  const Outcome by_edge = lockstep(send + field.at("first"));
  EXPECT_EQ(by_edge.code, 1) << by_edge.out;
  EXPECT_NE(by_edge.out.find("expected a token with the role admin to send packages"), std::string::npos)
      << by_edge.out;
  const Outcome unnumbered = lockstep(cat("cloud send ", policy, " --kind policy ", field.at("first")));
  EXPECT_EQ(unnumbered.code, 1) << unnumbered.out;
  EXPECT_NE(unnumbered.out.find("to send packages the role admin is needed"), std::string::npos)
      << unnumbered.out;
  const Outcome by_writer = lockstep(send + field.at("writer"));
  EXPECT_EQ(by_writer.code, 1) << by_writer.out;
  EXPECT_NE(by_writer.out.find("is refused: expected a token with the role admin; this one has write"),
            std::string::npos)
      << by_writer.out;
  EXPECT_EQ(lockstep("sql -c \"SELECT 1\" " + field.at("first", "--nodes")).code, 1);
  EXPECT_EQ(lockstep(send + field.at("boss")).code, 0);
  const Outcome status = lockstep("cloud status --json " + field.at("reader"));
  ASSERT_EQ(status.code, 0) << status.out;
  EXPECT_TRUE(nlohmann::json::parse(status.out)["edges"][0].value("connected", false)) << status.out;
  const Outcome back = lockstep("cloud activate --kind policy --rules " + field.at("boss"));
  EXPECT_EQ(back.code, 0) << back.out;
  EXPECT_NE(back.out.find("policy: the built-in policy since log index"), std::string::npos) << back.out;
  EXPECT_EQ(field.number("SELECT version FROM hub_active"), 0);
}

TEST(GuardedHubs, OfTwoEdgesUnderOneNameTheFirstGoesOn) {
  GuardedHub field;
  const auto first = field.edge("e1", "first", "a");
  const std::string received = "SELECT coalesce(sum(received), 0) FROM hub_streams";
  ASSERT_TRUE(eventually([&] { return field.number(received) > 5; })) << first->said();
  const auto second = field.edge("e1", "first", "b");
  EXPECT_TRUE(second->says("number 10001 is taken by the process at")) << second->said();
  EXPECT_TRUE(second->says("; stop that one, or give this one another name")) << second->said();
  EXPECT_NE(second->said().find(" warning e1: n1 at "), std::string::npos) << second->said();
  const std::int64_t store = field.number("SELECT store FROM hub_edges");
  // Whoever of them reaches the hub first in its next life.
  for (int life = 0; life < 3; ++life) {
    field.start();
    const std::int64_t before = field.number(received);
    EXPECT_TRUE(eventually([&] { return field.number(received) > before + 20; })) << first->said();
    EXPECT_EQ(field.number("SELECT store FROM hub_edges"), store);
    EXPECT_EQ(field.number("SELECT count(DISTINCT buffer) FROM hub_streams"), 1)
        << "nothing of the second is taken";
  }
  first->end(SIGKILL);
  EXPECT_TRUE(second->says("is known here with another store")) << second->said();
  second->end(SIGTERM);
  const auto anew = field.edge("e1", "first", "b", {"--anew"});
  EXPECT_TRUE(
      eventually([&] { return field.number("SELECT count(DISTINCT buffer) FROM hub_streams") == 2; }));
}

TEST(GuardedHubs, AStreamWhoseRowIsGoneGoesOn) {
  GuardedHub field;
  const auto edge = field.edge("e1", "first", "a");
  const std::string received = "SELECT coalesce(min(received), 0) FROM hub_streams";
  ASSERT_TRUE(eventually([&] { return field.number(received) > 20; })) << edge->said();
  for (const std::string change :
       {"DELETE FROM hub_streams", "UPDATE hub_streams SET received = 3", "DELETE FROM hub_edges"}) {
    EXPECT_EQ(lockstep(cat("sql -c \"", change, "\" ", field.at("writer", "--nodes"))).code, 0) << change;
    const std::int64_t before = std::max<std::int64_t>(field.number(received), 20);
    EXPECT_TRUE(eventually([&] { return field.number(received) > before + 5; })) << change;
  }
  const Outcome dropped = lockstep("sql -c \"DROP TABLE hub_streams\" " + field.at("writer", "--nodes"));
  EXPECT_EQ(dropped.code, 1);
  EXPECT_NE(dropped.out.find("the hub would not see its rows go"), std::string::npos) << dropped.out;
}

// ---- stores that are lost ----------------------------------------------------------------------------

TEST(HubCommand, AnEdgeThatHasLostItsStoreIsNamedAndDoesNotBegin) {
  Field field("--nodes 1 --edges 2");
  ASSERT_EQ(field.started.code, 0) << field.started.out;
  ASSERT_EQ(lockstep("cluster stop " + field.at()).code, 0);
  for (const auto& file : std::filesystem::directory_iterator(field.directory() + "/e1/kv"))
    std::filesystem::resize_file(file.path(), 0);
  const Outcome cut = lockstep("cluster start " + field.at());
  EXPECT_EQ(cut.code, 1) << cut.out;
  EXPECT_NE(cut.out.find(
                "e1 has ended: lockstep edge: e1: expected the store that edge 'e1' had, found an empty one"),
            std::string::npos)
      << cut.out;
  const Outcome status = lockstep("cluster status " + field.at());
  EXPECT_EQ(status.code, 0) << status.out;
  EXPECT_NE(status.out.find("e1 has ended: lockstep edge: e1: expected the store"), std::string::npos)
      << status.out;
  const std::size_t of_e2 = status.out.find("\ne2 ");
  ASSERT_NE(of_e2, std::string::npos) << status.out;
  EXPECT_EQ(status.out.substr(of_e2, 30).find("stopped"), std::string::npos)
      << "the others go on: " << status.out;
  std::filesystem::remove_all(field.directory() + "/e1/kv");
  const Outcome gone = lockstep(cat("edge ", field.at(), " --name e1 --data ", field.directory()));
  EXPECT_EQ(gone.code, 2) << gone.out;
  EXPECT_NE(gone.out.find("found no store in kv"), std::string::npos) << gone.out;
  Background anew({"edge", "--dir", field.directory(), "--name", "e1", "--data", field.directory(), "--anew"},
                  field.home / "anew.log");
  EXPECT_TRUE(eventually([&] {
    return field.number("SELECT count(DISTINCT buffer) FROM hub_streams WHERE edge = 10001") == 2;
  })) << anew.said();
}

// Under a process that may be making files in it.
bool remove_under(const std::string& directory) {
  return eventually([&] {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    return !std::filesystem::exists(directory);
  });
}

TEST(HubCommand, AnEdgeWhoseDirectoryIsRemovedStopsAndSaysSo) {
  const TemporaryDirectory home;
  Background edge({"edge", "--hub", cat("127.0.0.1:", free_ports(1)), "--data", home / "d"},
                  home / "edge.log");
  ASSERT_TRUE(edge.says("lockstep: edge e1 with tank, motor (simulated)")) << edge.said();
  ASSERT_TRUE(remove_under(home / "d"));
  EXPECT_TRUE(edge.says("the directory was removed while it ran")) << edge.said();
  EXPECT_EQ(edge.wait(), 1) << edge.said();
}

TEST(HubCommand, AnEdgeWithADamagedStoreSaysWhatToDo) {
  const TemporaryDirectory home;
  const std::vector<std::string> words = {"edge",   "--hub",     cat("127.0.0.1:", free_ports(1)),
                                          "--data", home / "d", "--devices", "probe", "--probe-rate", "50000"};
  Background edge(words, home / "edge.log");
  const std::string segment = home / "d/e1/kv/00000001.seg";
  std::error_code absent;
  ASSERT_TRUE(eventually([&] { return std::filesystem::file_size(segment, absent) > 1'000'000 && !absent; }));
  edge.end(SIGKILL);
  std::fstream(segment, std::ios::in | std::ios::out | std::ios::binary).seekp(200).write("damaged", 7);
  Background again(words, home / "again.log");
  EXPECT_TRUE(again.says("start the edge once with --anew")) << again.said();
  EXPECT_NE(again.wait(), 0);
}

TEST(HubCommand, ANodeWhoseDirectoryIsRemovedStopsAndSaysSo) {
  const TemporaryDirectory home;
  Background node({"node", "--port", cat(free_ports(1)), "--data", home / "d"}, home / "node.log");
  ASSERT_TRUE(node.says("lockstep: ")) << node.said();
  ASSERT_TRUE(remove_under(home / "d"));
  EXPECT_TRUE(node.says("the directory was removed while it ran")) << node.said();
  EXPECT_EQ(node.wait(), 1) << node.said();
}

TEST(HubCommand, OptionsThatAreNoNumbersOrNoFilesAreRefused) {
  const TemporaryDirectory home;
  const std::string edge = cat("edge --hub 127.0.0.1:", free_ports(1), " --data ", home / "d");
  for (const std::string& wrong : {std::string(" --sample-ms nan"), std::string(" --batch-ms -nan"),
                                   std::string(" --buffer-mb inf"), std::string(" --probation nan"), cat(" --plants ", home / ".")}) {
    const Outcome outcome = lockstep(edge + wrong);
    EXPECT_EQ(outcome.code, 2) << wrong << ": " << outcome.out;
    EXPECT_NE(outcome.out.find("expected a "), std::string::npos) << outcome.out;
  }
  const Outcome note = lockstep("cloud send x --hub 127.0.0.1:1 --note 'two\x01lines'");
  EXPECT_EQ(note.code, 2) << note.out;
}

TEST(Help, IsACommandToo) {
  const Outcome all = lockstep("help");
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.out, lockstep("--help").out);
  EXPECT_EQ(lockstep("help cloud send").out, lockstep("cloud send --help").out);
  const Outcome unknown = lockstep("help clod");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.out.find("lockstep: expected a command, found \"clod\""), std::string::npos)
      << unknown.out;
}

TEST(Help, AMistakeInAFlagLooksLikeEveryOther) {
  const Outcome unknown = lockstep("cloud status --jsn");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_TRUE(unknown.out.starts_with("lockstep cloud status: ")) << unknown.out;
  EXPECT_TRUE(unknown.out.ends_with("; see lockstep cloud status --help\n")) << unknown.out;
  EXPECT_EQ(lockstep("cloud activate --kind policy --hub 127.0.0.1:1").code, 2);
}

}  // namespace
}  // namespace lockstep::tests
