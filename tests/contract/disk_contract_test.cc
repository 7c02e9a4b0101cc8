// What every Disk and File must do (base/env/disk.h).
#include "tests/contract/harness.h"
#include "tests/contract/kinds.h"

namespace lockstep::contract {
namespace {

using env::OpenMode;

class DiskContract : public Contract {
 protected:
  void run(std::function<void(const env::Env&)> body) {
    Behaviour behaviour;
    const auto harness = make();
    on_lane(*harness, behaviour, NodeId(1), std::move(body));
  }
};

TEST_P(DiskContract, AFileReadsBackWhatWasWrittenAndEndsWhereItEnds) {
  run([](const env::Env& env) {
    const auto file = env.disk.open("data/file", OpenMode::kCreate);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(5'000, "hello"));
    ASSERT_TRUE((*file)->write_at(0, "start"));
    EXPECT_EQ(*(*file)->size(), 5'005u);
    char buffer[16] = {};
    EXPECT_EQ(*(*file)->read_at(5'002, buffer, sizeof buffer), 3u);
    EXPECT_EQ(BytesView(buffer, 3), "llo");
    EXPECT_EQ(*(*file)->read_at(4'998, buffer, 4), 4u);
    EXPECT_EQ(BytesView(buffer, 4), BytesView("\0\0he", 4));
    EXPECT_EQ(*(*file)->read_at(5'005, buffer, 1), 0u);
    EXPECT_EQ(*(*file)->read_at(9'000, buffer, 1), 0u);
    EXPECT_TRUE((*file)->sync());
  });
}

TEST_P(DiskContract, TruncateCutsAndExtendsWithZeros) {
  run([](const env::Env& env) {
    const auto file = env.disk.open("f", OpenMode::kCreate);
    ASSERT_TRUE((*file)->write_at(0, "abcdef"));
    ASSERT_TRUE((*file)->truncate(2));
    ASSERT_TRUE((*file)->truncate(4));
    char buffer[8] = {};
    EXPECT_EQ(*(*file)->read_at(0, buffer, 8), 4u);
    EXPECT_EQ(BytesView(buffer, 4), BytesView("ab\0\0", 4));
  });
}

TEST_P(DiskContract, OpenModesSayWhatMayExist) {
  run([](const env::Env& env) {
    EXPECT_EQ(env.disk.open("f", OpenMode::kMustExist).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(env.disk.open("f", OpenMode::kCreateNew));
    EXPECT_EQ(env.disk.open("f", OpenMode::kCreateNew).error().code, ErrorCode::kExists);
    EXPECT_TRUE(env.disk.open("f", OpenMode::kMustExist));
    EXPECT_TRUE(*env.disk.exists("f"));
    EXPECT_FALSE(*env.disk.exists("g"));
    ASSERT_TRUE(env.disk.open("d/f", OpenMode::kCreate));
    EXPECT_EQ(env.disk.exists("d").error().code, ErrorCode::kRefused);
    EXPECT_FALSE(*env.disk.exists("d/g"));
  });
}

TEST_P(DiskContract, ARenameReplacesAndARemovedFileStaysUsable) {
  run([](const env::Env& env) {
    const auto kept = env.disk.open("d/new", OpenMode::kCreate);
    ASSERT_TRUE((*kept)->write_at(0, "new"));
    ASSERT_TRUE(env.disk.open("d/old", OpenMode::kCreate));
    ASSERT_TRUE(env.disk.rename("d/new", "d/old"));
    EXPECT_EQ(*env.disk.list("d"), std::vector<std::string>{"old"});
    ASSERT_TRUE(env.disk.remove("d/old"));
    EXPECT_EQ(env.disk.remove("d/old").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(env.disk.rename("d/old", "x").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(*(*kept)->size(), 3u);
    EXPECT_TRUE(env.disk.sync_dir("d"));
  });
}

TEST_P(DiskContract, ListIsSortedBytewiseAndNamesOnlyFilesDirectlyInside) {
  run([](const env::Env& env) {
    for (const char* path : {"d/b", "d/a", "d/B", "d/sub/x", "other/y", "top"})
      ASSERT_TRUE(env.disk.open(path, OpenMode::kCreate));
    EXPECT_EQ(*env.disk.list("d"), (std::vector<std::string>{"B", "a", "b"}));
    EXPECT_EQ(*env.disk.list(""), std::vector<std::string>{"top"});
  });
}

TEST_P(DiskContract, WhatAProcessWroteIsThereInItsNextLife) {
  Behaviour behaviour;
  const auto harness = make();
  on_lane(*harness, behaviour, NodeId(1), [](const env::Env& env) {
    const auto file = env.disk.open("d/f", OpenMode::kCreate);
    ASSERT_TRUE((*file)->write_at(0, "abc"));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(env.disk.sync_dir("d"));
  });
  harness->kill(NodeId(1));
  on_lane(*harness, behaviour, NodeId(1), [](const env::Env& env) {
    EXPECT_EQ(env.incarnation, Incarnation(2));
    const auto file = env.disk.open("d/f", OpenMode::kMustExist);
    ASSERT_TRUE(file);
    EXPECT_EQ(*(*file)->size(), 3u);
  });
}

INSTANTIATE_TEST_SUITE_P(Everywhere, DiskContract, testing::ValuesIn(all_kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace lockstep::contract
