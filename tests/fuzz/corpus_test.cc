// Every input of the corpus through its target, in every build: what once crashed stays mended. Then inputs
// that are nearly those, LOCKSTEP_FUZZ_MUTATIONS of each target: the same ones every time.
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "base/text.h"
#include "tests/fuzz/mutations.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(LOCKSTEP_SOURCE_DIR) / "tests/fuzz/corpus";

std::vector<Bytes> corpus_of(const Target& target) {
  std::set<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(kCorpus / target.name)) paths.insert(entry.path());
  std::vector<Bytes> inputs;
  for (const fs::path& path : paths) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    inputs.push_back(bytes.str());
  }
  return inputs;
}

std::uint64_t mutations() {
  const char* const count = std::getenv("LOCKSTEP_FUZZ_MUTATIONS");
  return count == nullptr ? 100 : std::strtoull(count, nullptr, 10);
}

class Corpus : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    google::protobuf::SetLogHandler(nullptr);  // it has a line for every text that is not UTF-8
    inputs_ = corpus_of(GetParam());
    ASSERT_FALSE(inputs_.empty());
  }

  std::vector<Bytes> inputs_;
};

TEST_P(Corpus, CrashesNothing) {
  for (const Bytes& input : inputs_) {
    GetParam().run(input);
    GetParam().run(input.substr(0, input.size() / 2));
  }
}

// A crash leaves its input behind, under a name with the number of its process:
// `LOCKSTEP_FUZZ_TARGET=NAME build/fuzz/tests/fuzz/fuzz FILE` shows it again.
TEST_P(Corpus, NothingNearItCrashes) {
  const fs::path kept = fs::path(testing::TempDir()) / cat("lockstep_fuzz_", GetParam().name, "_", ::getpid());
  const std::uint64_t count = mutations();
  for (std::uint64_t ordinal = 0; ordinal < count; ++ordinal) {
    const Mutation mutation(inputs_, ordinal);
    std::ofstream(kept, std::ios::binary) << mutation.input();
    GetParam().run(mutation.input());
  }
  fs::remove(kept);
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
