// Stories about what can be wrong with a disk, one rule at a time.
#include "sim/disk_rules.h"

#include <gtest/gtest.h>

#include "tests/sim/actors.h"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;
using env::OpenMode;

// A disk with one rule, and what the rule says that it did.
class Troubled {
 public:
  explicit Troubled(DiskRule rule = {}) {
    disk.set_faults(&rules);
    if (rule.where != "none") rules.add(std::move(rule), effects);
  }
  std::unique_ptr<env::File> open(std::string_view path) {
    auto file = disk.open(path, OpenMode::kCreate);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
  }

  std::vector<DiskTrouble> told;
  std::uint64_t effects = 0;
  DiskRules rules{1, [this](DiskTrouble trouble, const DiskCall&) { told.push_back(trouble); }};
  DiskImage disk{7};
};

template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorCode::kEnd : result.error().code;
}

Bytes contents(env::File& file) {
  Bytes bytes(*file.size(), '?');
  EXPECT_EQ(*file.read_at(0, bytes.data(), bytes.size()), bytes.size());
  return bytes;
}

TEST(DiskRules, AnErrorStrikesItsCallsInItsPlaceAsOftenAsItSays) {
  Troubled troubled(
      {.trouble = DiskTrouble::kError, .where = "kv", .calls = DiskCalls::kWrites, .times = 2});
  const auto log = troubled.open("kv/log");
  const auto other = troubled.open("kvs/log");
  EXPECT_TRUE(other->write_at(0, "x")) << "another directory with the same beginning";
  EXPECT_EQ(code_of(log->write_at(0, "x")), ErrorCode::kIo);
  EXPECT_EQ(code_of(log->truncate(0)), ErrorCode::kIo);
  EXPECT_TRUE(log->write_at(0, "x")) << "the third time";
  EXPECT_TRUE(log->sync());
  EXPECT_EQ(troubled.effects, 2u);
  EXPECT_EQ(troubled.told, (std::vector{DiskTrouble::kError, DiskTrouble::kError}));
}

TEST(DiskRules, AFailedSyncPoisonsTheFileUntilItsProcessIsGone) {
  Troubled troubled({.trouble = DiskTrouble::kFailedSync, .times = 1});
  const auto file = troubled.open("kv/log");
  ASSERT_TRUE(file->write_at(0, "x"));
  EXPECT_EQ(code_of(file->sync()), ErrorCode::kPoisoned);
  EXPECT_EQ(code_of(file->write_at(0, "y")), ErrorCode::kPoisoned);
  troubled.disk.process_crash();
  EXPECT_TRUE(troubled.open("kv/log")->sync());
}

TEST(DiskRules, AFullDiskTakesWhatRoomItHasAndWhatOverwrites) {
  Troubled troubled({.trouble = DiskTrouble::kFull, .room = 10});
  const auto file = troubled.open("kv/log");
  EXPECT_TRUE(file->write_at(0, "12345678"));
  EXPECT_TRUE(file->write_at(0, "abcdefgh")) << "no new byte";
  EXPECT_EQ(code_of(file->write_at(8, "xyz")), ErrorCode::kNoSpace);
  troubled.rules.clear();
  EXPECT_TRUE(file->write_at(8, "xyz"));
}

TEST(DiskRules, ALiePromisesAndThePowerLossTellsHowOftenItWasBroken) {
  Troubled troubled({.trouble = DiskTrouble::kLie});
  std::uint64_t forgot = 0;
  troubled.disk.set_on_forgot([&forgot](std::uint64_t files) { forgot += files; });
  const auto file = troubled.open("kv/log");
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(troubled.disk.sync_dir("kv"));
  troubled.rules.clear();
  ASSERT_TRUE(troubled.disk.sync_dir("kv"));
  ASSERT_TRUE(file->write_at(0, Bytes(100, 'x')));
  troubled.disk.power_loss();
  EXPECT_EQ(forgot, 0u) << "the honest sync made up for the lie, and nobody promised the bytes";

  std::uint64_t lies = 0;
  troubled.rules.add({.trouble = DiskTrouble::kLie}, lies);
  const auto again = troubled.open("kv/log");
  ASSERT_TRUE(again->write_at(0, Bytes(100, 'y')));
  ASSERT_TRUE(again->sync());
  EXPECT_EQ(lies, 1u);
  troubled.disk.power_loss();
  EXPECT_EQ(forgot, 1u);
}

// Once the names that were lied about are durable, the lie has no part in what is lost later.
TEST(DiskRules, AnHonestSyncOfADirectoryMakesUpForALieAboutIt) {
  for (const bool is_honest : {false, true}) {
    Troubled troubled({.trouble = DiskTrouble::kLie});
    std::uint64_t forgot = 0;
    troubled.disk.set_on_forgot([&forgot](std::uint64_t files) { forgot += files; });
    const auto file = troubled.open("kv/log");
    ASSERT_TRUE(troubled.disk.sync_dir("kv"));
    troubled.rules.clear();
    if (is_honest) {
      ASSERT_TRUE(troubled.disk.sync_dir("kv"));
    }
    const auto other = troubled.open("db/main");  // its name was promised by nobody
    troubled.disk.power_loss();
    EXPECT_EQ(forgot, is_honest ? 0u : 1u);
  }
}

TEST(DiskRules, ABadSectorCannotBeReadAndItsNeighboursCan) {
  Troubled troubled({.trouble = DiskTrouble::kBadSector, .bad = {{"kv/log", 1}}});
  const auto file = troubled.open("kv/log");
  ASSERT_TRUE(file->write_at(0, Bytes(3 * kSectorBytes, 'x')));
  char byte = 0;
  EXPECT_TRUE(file->read_at(kSectorBytes - 1, &byte, 1));
  EXPECT_EQ(code_of(file->read_at(kSectorBytes, &byte, 1)), ErrorCode::kIo);
  Bytes all(3 * kSectorBytes, '?');
  EXPECT_EQ(code_of(file->read_at(0, all.data(), all.size())), ErrorCode::kIo);
  EXPECT_TRUE(file->read_at(2 * kSectorBytes, &byte, 1));
  EXPECT_EQ(troubled.effects, 2u);
}

TEST(DiskRules, AMisdirectedWriteChangesAnotherPlaceOfTheSameFileOnly) {
  Troubled troubled({.trouble = DiskTrouble::kMisdirect, .times = 1});
  const auto file = troubled.open("kv/log");
  ASSERT_TRUE(file->write_at(0, Bytes(4 * kSectorBytes, 'x'))) << "there is no other place yet";
  EXPECT_EQ(troubled.effects, 0u);
  ASSERT_TRUE(file->write_at(kSectorBytes + 5, "lost"));
  EXPECT_EQ(troubled.effects, 1u);
  const Bytes found = contents(*file);
  EXPECT_EQ(found.size(), 4 * kSectorBytes);
  EXPECT_EQ(found.substr(kSectorBytes, kSectorBytes), Bytes(kSectorBytes, 'x'));
  const std::size_t at = found.find("lost");
  ASSERT_NE(at, Bytes::npos);
  EXPECT_EQ(at % kSectorBytes, 5u);
  ASSERT_TRUE(file->write_at(kSectorBytes, "right"));
  EXPECT_EQ(contents(*file).substr(kSectorBytes, 5), "right");
}

TEST(DiskRules, APhantomWriteAnswersOkAndLeavesTheOldBytes) {
  Troubled troubled({.trouble = DiskTrouble::kPhantom, .times = 1});
  const auto file = troubled.open("kv/log");
  ASSERT_TRUE(file->write_at(0, "new"));
  EXPECT_EQ(*file->size(), 0u);
  ASSERT_TRUE(file->write_at(0, "newer"));
  EXPECT_EQ(contents(*file), "newer");
}

TEST(DiskRules, PlacesAreDrawnAmongTheBytesThatThereAre) {
  Troubled troubled({.where = "none"});
  EXPECT_TRUE(troubled.disk.draw_places("", 3, 1).empty());
  ASSERT_TRUE(troubled.open("db/main")->write_at(0, Bytes(10, 'x')));
  ASSERT_TRUE(troubled.open("kv/a")->write_at(0, Bytes(100, 'x')));
  ASSERT_TRUE(troubled.open("kv/b")->write_at(0, Bytes(300, 'x')));
  std::map<std::string, int> drawn;
  for (const auto& place : troubled.disk.draw_places("kv", 1000, 5)) {
    EXPECT_LT(place.offset, place.path == "kv/a" ? 100u : 300u);
    ++drawn[place.path];
  }
  EXPECT_EQ(drawn.size(), 2u);
  EXPECT_NEAR(drawn["kv/a"], 250, 60);
  for (const auto& place : troubled.disk.draw_places("kv/a", 100, 5)) EXPECT_EQ(place.path, "kv/a");
}

// When a process with one file has written and synced, under a rule.
SimTime synced_at(const DiskRule& rule) {
  Script script;
  World world({.seed = 1});
  SimTime synced{};
  script.on_start = [&](ScriptedActor& self) {
    self.run_job(
        0,
        [&self] {
          const auto file = self.env.disk.open("kv/log", OpenMode::kCreate);
          ASSERT_TRUE(file);
          EXPECT_TRUE((*file)->write_at(0, "x"));
          EXPECT_TRUE((*file)->sync());
        },
        [&] { synced = world.now(); });
  };
  std::uint64_t effects = 0;
  ProcessOptions options{.disk = {.sync = {2ms, 2ms}}};
  options.factory = [&script](const env::Env& env) { return std::make_unique<ScriptedActor>(env, script); };
  world.add_process(NodeId(1), std::move(options));
  world.disk_rules(NodeId(1)).add(rule, effects);
  world.start(NodeId(1));
  world.run_for(10s);
  return synced;
}

TEST(DiskRules, AStalledDiskAnswersWhenItIsOverAndASlowOneSoMuchLater) {
  const SimTime usual = synced_at({.where = "elsewhere"});
  EXPECT_LT(usual, SimTime{10ms});
  const SimTime stalled = synced_at({.trouble = DiskTrouble::kStall, .until = SimTime{1s}});
  EXPECT_GE(stalled, SimTime{1s});
  EXPECT_LT(stalled, SimTime{1010ms});
  const SimTime slow =
      synced_at({.trouble = DiskTrouble::kSlow, .calls = DiskCalls::kSyncs, .extra = {300ms, 300ms}});
  EXPECT_GE(slow, usual + 300ms);
  EXPECT_LT(slow, usual + 700ms);
}

TEST(DiskRules, StallsThatOverlapEndWhenTheLastOneDoes) {
  Troubled troubled({.trouble = DiskTrouble::kStall, .until = SimTime{1s}});
  std::uint64_t effects = 0;
  troubled.rules.add({.trouble = DiskTrouble::kStall, .until = SimTime{3s}}, effects);
  troubled.rules.add({.trouble = DiskTrouble::kStall, .until = SimTime{2s}}, effects);
  EXPECT_EQ(troubled.rules.delay({DiskOperation::kSync, "f"}, SimTime{500ms}), 2500ms);
  EXPECT_EQ(effects, 2u);
}

TEST(DiskRules, RotFlipsBitsThatNobodyIsToldOfButTheTrace) {
  Script script;
  EventLog log;
  World world({.seed = 3});
  run_script(world, 1, script);
  world.recorder().subscribe(kDiskFault, log);
  EXPECT_EQ(world.rot_disk(NodeId(1), "kv", 4, 9), 0u) << "there is nothing to rot";
  const auto file = *world.disk(NodeId(1)).open("kv/log", OpenMode::kCreate);
  ASSERT_TRUE(file->write_at(0, Bytes(1000, '\0')));
  EXPECT_EQ(world.rot_disk(NodeId(1), "kv", 4, 9), 4u);
  const Bytes found = contents(*file);
  EXPECT_EQ(1000 - std::count(found.begin(), found.end(), '\0'), 4);
  ASSERT_EQ(log.lines.size(), 4u);
  EXPECT_EQ(log.lines[0].fields[0], static_cast<std::uint64_t>(DiskTrouble::kRot));
  EXPECT_EQ(log.lines[0].text, "kv/log");
}

}  // namespace
}  // namespace lockstep::sim
