// What the disk contract cannot show in both worlds: errors of a real file system, and the way out of the
// root.
#include "net/posix_disk.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/temporary_directory.h"

namespace lockstep::net {
namespace {

using env::OpenMode;

class PosixDisks : public testing::Test {
 protected:
  tests::TemporaryDirectory scratch_;
  PosixDisk disk_{scratch_.path()};
};

TEST_F(PosixDisks, PathsThatLeaveTheRootAreRefused) {
  for (const std::string path : {"/etc/passwd", "..", "../x", "a/../../x", "a/..", "./../x"}) {
    const auto file = disk_.open(path, OpenMode::kCreate);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(file.error().message, "expected a path inside the data directory, found " + path);
    EXPECT_FALSE(disk_.remove(path));
    EXPECT_FALSE(disk_.rename("a", path));
    EXPECT_FALSE(disk_.list(path));
  }
  EXPECT_EQ(disk_.open(std::string("a\0/../b", 7), OpenMode::kCreate).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(disk_.open("..a/b..", OpenMode::kCreate));
}

TEST_F(PosixDisks, AProcessWithoutADirectoryHasNoFiles) {
  PosixDisk none("");
  const auto file = none.open("tmp/lockstep-must-not-exist", OpenMode::kCreate);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kRefused);
  EXPECT_FALSE(none.list(""));
}

TEST_F(PosixDisks, ErrorsAreSentencesWithTheFilesName) {
  const std::string missing = scratch_ / "no/such";
  EXPECT_EQ(disk_.open("no/such", OpenMode::kMustExist).error(),
            (Error{ErrorCode::kNotFound, "cannot open " + missing + ": No such file or directory"}));
  std::filesystem::create_directory(scratch_ / "directory");
  EXPECT_EQ(disk_.open("directory", OpenMode::kCreate).error().message,
            "cannot open " + scratch_.path() + "/directory: Is a directory");
  std::ofstream(scratch_ / "file") << "x";
  EXPECT_EQ(disk_.open("file/below", OpenMode::kCreate).error().message,
            "cannot open " + scratch_.path() + "/file/below: Not a directory");
  EXPECT_EQ(disk_.exists("directory").error(),
            (Error{ErrorCode::kRefused, "cannot use " + scratch_.path() + "/directory: it is not a file"}));
}

// As a full disk does it: part of a write may have happened, and the rest of the file is as it was.
TEST_F(PosixDisks, AFileThatMayNotGrowFailsTheWriteAndServesOn) {
  auto file = *disk_.open("f", OpenMode::kCreate);
  ASSERT_TRUE(file->write_at(0, "kept"));
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{.rlim_cur = 1'000, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status written = file->write_at(4, Bytes(5'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(written.error().message, "cannot write " + scratch_.path() + "/f: File too large");
  char buffer[4];
  EXPECT_EQ(*file->read_at(0, buffer, 4), 4u);
  EXPECT_EQ(BytesView(buffer, 4), "kept");
  EXPECT_TRUE(file->write_at(4, "more"));
  EXPECT_TRUE(file->sync());
}

TEST_F(PosixDisks, AFullDeviceIsNoSpace) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  std::filesystem::create_symlink("/dev/full", scratch_ / "full");
  auto file = *disk_.open("full", OpenMode::kMustExist);
  EXPECT_EQ(file->write_at(0, "x").error().code, ErrorCode::kNoSpace);
}

TEST_F(PosixDisks, AnAbandonedDiskIsGoneForOpenFilesToo) {
  auto file = *disk_.open("f", OpenMode::kCreate);
  disk_.abandon();
  char byte;
  EXPECT_EQ(file->read_at(0, &byte, 1).error().code, ErrorCode::kGone);
  EXPECT_EQ(file->write_at(0, "x").error().code, ErrorCode::kGone);
  EXPECT_EQ(file->sync().error().code, ErrorCode::kGone);
  EXPECT_EQ(disk_.exists("f").error().code, ErrorCode::kGone);
  EXPECT_EQ(disk_.list("").error().code, ErrorCode::kGone);
}

}  // namespace
}  // namespace lockstep::net
