// Every file in tests/raft/stories is a test; LOCKSTEP_BLESS=1 rewrites the expected traces, to be reviewed as a diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/raft/story.h"

namespace lockstep::raft {
namespace {

constexpr std::string_view kRule = "----";

std::vector<std::filesystem::path> story_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(LOCKSTEP_SOURCE_DIR "/tests/raft/stories"))
    if (file.path().extension() == ".txt") files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The file as it should read: comments and commands kept, traces as they are now.
std::string replay(std::istream& file) {
  Story story;
  std::string out;
  std::string line;
  while (std::getline(file, line)) {
    out += line + "\n";
    if (line.empty() || line.starts_with("#")) continue;
    const std::string trace = story.run(line);
    std::getline(file, line);
    EXPECT_EQ(line, kRule) << "after a command";
    while (std::getline(file, line) && !line.empty()) {
    }
    out += std::string(kRule) + "\n" + trace + "\n";
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

class Stories : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Stories, happens_as_told) {
  std::stringstream told;
  told << std::ifstream(GetParam()).rdbuf();
  const std::string happened = replay(told);
  if (std::getenv("LOCKSTEP_BLESS") != nullptr)
    std::ofstream(GetParam()) << happened;
  else
    EXPECT_EQ(told.str(), happened);
}

INSTANTIATE_TEST_SUITE_P(All, Stories, ::testing::ValuesIn(story_files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace lockstep::raft
