// Every input of the corpus through its target, in every build: what once crashed stays mended.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(LOCKSTEP_SOURCE_DIR) / "tests/fuzz/corpus";

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, CrashesNothing) {
  std::set<fs::path> inputs;
  for (const auto& entry : fs::directory_iterator(kCorpus / GetParam().name)) inputs.insert(entry.path());
  EXPECT_FALSE(inputs.empty());
  for (const fs::path& path : inputs) {
    SCOPED_TRACE(path.filename());
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    GetParam().run(bytes.str());
    GetParam().run(bytes.str().substr(0, bytes.str().size() / 2));
  }
}

INSTANTIATE_TEST_SUITE_P(Every, Corpus, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(Corpus, HasNoFolderOfAnUnknownTarget) {
  std::set<std::string> known;
  for (const Target& target : targets()) known.emplace(target.name);
  for (const auto& entry : fs::directory_iterator(kCorpus))
    EXPECT_TRUE(known.contains(entry.path().filename()));
}

}  // namespace
}  // namespace lockstep::fuzz
