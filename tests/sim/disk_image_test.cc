// Stories about the crash model of the simulated disk.
#include "sim/disk_image.h"

#include <gtest/gtest.h>

#include <set>

#include "base/prng.h"

namespace lockstep::sim {
namespace {

using env::OpenMode;

std::unique_ptr<env::File> open(DiskImage& disk, std::string_view path, OpenMode mode = OpenMode::kCreate) {
  auto file = disk.open(path, mode);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

Bytes contents(DiskImage& disk, std::string_view path) {
  const auto file = open(disk, path, OpenMode::kMustExist);
  Bytes bytes(*file->size(), '?');
  EXPECT_EQ(*file->read_at(0, bytes.data(), bytes.size()), bytes.size());
  return bytes;
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result.error().code;
}

// Answers one operation with one fault, as often as it is armed.
class OneFault final : public DiskFaults {
 public:
  OneFault(DiskOperation operation, DiskFault fault, int times)
      : operation_(operation), fault_(fault), times_(times) {}
  DiskFault on_call(const DiskCall& call) override {
    if (call.operation != operation_ || times_ == 0) return DiskFault::kNone;
    --times_;
    return fault_;
  }

 private:
  DiskOperation operation_;
  DiskFault fault_;
  int times_;
};

TEST(DiskImage, WhatIsWrittenIsReadAlsoAcrossSectorsAndHoles) {
  DiskImage disk(1);
  const auto file = open(disk, "a/b/data");
  ASSERT_TRUE(file->write_at(kSectorBytes - 2, "hello"));
  ASSERT_TRUE(file->write_at(3 * kSectorBytes, "x"));
  EXPECT_EQ(*file->size(), 3 * kSectorBytes + 1);
  char buffer[8] = {};
  EXPECT_EQ(*file->read_at(kSectorBytes - 3, buffer, 6), 6u);
  EXPECT_EQ(BytesView(buffer, 6), BytesView("\0hello", 6));
  EXPECT_EQ(*file->read_at(2 * kSectorBytes, buffer, 1), 1u);
  EXPECT_EQ(buffer[0], '\0');
  EXPECT_EQ(*file->read_at(3 * kSectorBytes, buffer, 8), 1u);
  EXPECT_EQ(*file->read_at(4 * kSectorBytes, buffer, 8), 0u);
}

TEST(DiskImage, AFileThatShrankAndGrewAgainShowsZeros) {
  DiskImage disk(1);
  const auto file = open(disk, "f");
  ASSERT_TRUE(file->write_at(0, Bytes(3 * kSectorBytes, 'x')));
  ASSERT_TRUE(file->truncate(10));
  ASSERT_TRUE(file->truncate(3 * kSectorBytes));
  EXPECT_EQ(contents(disk, "f"), Bytes(10, 'x') + Bytes(3 * kSectorBytes - 10, '\0'));
}

TEST(DiskImage, PathsThatLeaveTheTreeAreRefused) {
  DiskImage disk(1);
  for (const char* path : {"", "/a", "a/", "a//b", "../a", "a/../b", "."})
    EXPECT_EQ(code_of(disk.open(path, OpenMode::kCreate)), ErrorCode::kInvalidArgument) << path;
}

TEST(DiskImage, OpenModesSayWhatMayExist) {
  DiskImage disk(1);
  EXPECT_EQ(code_of(disk.open("f", OpenMode::kMustExist)), ErrorCode::kNotFound);
  open(disk, "f", OpenMode::kCreateNew);
  EXPECT_EQ(code_of(disk.open("f", OpenMode::kCreateNew)), ErrorCode::kExists);
  EXPECT_TRUE(*disk.exists("f"));
}

TEST(DiskImage, ListNamesTheFilesDirectlyInADirectoryInOrder) {
  DiskImage disk(1);
  for (const char* path : {"d/b", "d/a", "d/sub/c", "d2/x", "top"}) open(disk, path);
  EXPECT_EQ(*disk.list("d"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*disk.list(""), (std::vector<std::string>{"top"}));
  EXPECT_TRUE(disk.list("nowhere")->empty());
}

TEST(DiskImage, ARemovedFileStaysUsableThroughItsHandle) {
  DiskImage disk(1);
  const auto file = open(disk, "f");
  ASSERT_TRUE(file->write_at(0, "abc"));
  ASSERT_TRUE(disk.remove("f"));
  EXPECT_FALSE(*disk.exists("f"));
  EXPECT_EQ(*file->size(), 3u);
  EXPECT_EQ(code_of(disk.remove("f")), ErrorCode::kNotFound);
}

TEST(DiskImage, AProcessCrashKeepsTheCacheAndKillsTheHandles) {
  DiskImage disk(1);
  const auto file = open(disk, "f");
  ASSERT_TRUE(file->write_at(0, "abc"));
  disk.process_crash();
  EXPECT_EQ(code_of(file->write_at(0, "x")), ErrorCode::kGone);
  EXPECT_EQ(code_of(file->sync()), ErrorCode::kGone);
  EXPECT_EQ(code_of(file->size()), ErrorCode::kGone);
  EXPECT_EQ(contents(disk, "f"), "abc");
}

TEST(DiskImage, SyncedBytesAndNamesSurviveEveryPowerLoss) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    DiskImage disk(seed);
    const auto file = open(disk, "d/f");
    ASSERT_TRUE(file->write_at(0, Bytes(10'000, 'a')));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_dir("d"));
    disk.power_loss();
    EXPECT_EQ(contents(disk, "d/f"), Bytes(10'000, 'a'));
    disk.power_loss();
    EXPECT_EQ(contents(disk, "d/f"), Bytes(10'000, 'a'));
  }
}

TEST(DiskImage, UnsyncedOverwritesAreKeptLostAndTornOverTheSeeds) {
  bool kept = false, lost = false, torn_inside_a_sector = false, sectors_differ = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    DiskImage disk(seed);
    const auto file = open(disk, "f");
    ASSERT_TRUE(file->write_at(0, Bytes(4 * kSectorBytes, 'a')));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_dir(""));
    ASSERT_TRUE(file->write_at(0, Bytes(4 * kSectorBytes, 'b')));
    disk.power_loss();
    const Bytes left = contents(disk, "f");
    ASSERT_EQ(left.find_first_not_of("ab"), Bytes::npos);
    ASSERT_EQ(left.size(), 4 * kSectorBytes);
    kept |= left.find('a') == Bytes::npos;
    lost |= left.find('b') == Bytes::npos;
    std::set<char> firsts;
    for (std::size_t at = 0; at < left.size(); at += kSectorBytes) {
      const Bytes sector = left.substr(at, kSectorBytes);
      torn_inside_a_sector |= sector.find('a') != Bytes::npos && sector.find('b') != Bytes::npos;
      firsts.insert(sector[0]);
    }
    sectors_differ |= firsts.size() == 2;
  }
  EXPECT_TRUE(kept);
  EXPECT_TRUE(lost);
  EXPECT_TRUE(torn_inside_a_sector);
  EXPECT_TRUE(sectors_differ);
}

// Random writes, truncations and syncs against a byte-wise account of what may be found afterwards.
TEST(DiskImage, UnsyncedWritingNeverDamagesSyncedBytesOutsideItsRanges) {
  constexpr Purpose kStory{"test.disk.story"};
  constexpr std::size_t kMost = 5 * kSectorBytes;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    DiskImage disk(seed);
    Stream stream(seed, kStory, 0);
    auto file = open(disk, "f");
    ASSERT_TRUE(disk.sync_dir(""));
    Bytes synced, cached;
    std::vector<bool> touched(kMost, false);
    std::size_t smallest = 0;  // size the file had at least, since the last sync
    for (int step = 0; step < 20; ++step) {
      const std::uint64_t kind = stream.next_below(8);
      if (kind == 0) {
        ASSERT_TRUE(file->sync());
        synced = cached;
        smallest = cached.size();
        touched.assign(kMost, false);
      } else if (kind == 1) {
        const std::size_t size = stream.next_below(kMost);
        ASSERT_TRUE(file->truncate(size));
        for (std::size_t i = std::min(size, cached.size()); i < kMost; ++i) touched[i] = true;
        cached.resize(size, '\0');
        smallest = std::min(smallest, size);
      } else {
        const std::size_t from = stream.next_below(kMost);
        const std::size_t size = stream.next_below(std::min<std::size_t>(kMost - from, 6000));
        const Bytes bytes(size, static_cast<char>('a' + step));
        ASSERT_TRUE(file->write_at(from, bytes));
        if (size == 0) continue;
        if (cached.size() < from + size) cached.resize(from + size, '\0');
        cached.replace(from, size, bytes);
        for (std::size_t i = from; i < from + size; ++i) touched[i] = true;
      }
      ASSERT_EQ(contents(disk, "f"), cached) << "seed " << seed << " step " << step;
    }
    disk.power_loss();
    const Bytes left = contents(disk, "f");
    ASSERT_GE(left.size(), std::min(smallest, synced.size()));
    ASSERT_LE(left.size(), std::max(cached.size(), synced.size()));
    for (std::size_t i = 0; i < std::min(left.size(), synced.size()); ++i)
      ASSERT_TRUE(touched[i] || left[i] == synced[i]) << "seed " << seed << " byte " << i;
    disk.power_loss();
    ASSERT_EQ(contents(disk, "f"), left) << "what survived one power loss is durable";
  }
}

TEST(DiskImage, AnUnsyncedNameMayBeMissingAlthoughItsBytesWereSynced) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    DiskImage disk(seed);
    const auto file = open(disk, "f");
    ASSERT_TRUE(file->write_at(0, "abc"));
    ASSERT_TRUE(file->sync());
    disk.power_loss();
    if (!*disk.exists("f")) continue;
    ++found;
    EXPECT_EQ(contents(disk, "f"), "abc");
  }
  EXPECT_GT(found, 10);
  EXPECT_LT(found, 54);
}

TEST(DiskImage, ARemovedFileMayComeBackUnlessTheDirectoryWasSynced) {
  int returned = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    for (const bool synced : {false, true}) {
      DiskImage disk(seed);
      open(disk, "d/f");
      ASSERT_TRUE(disk.sync_dir("d"));
      ASSERT_TRUE(disk.remove("d/f"));
      if (synced) {
        ASSERT_TRUE(disk.sync_dir("d"));
      }
      disk.power_loss();
      EXPECT_FALSE(synced && *disk.exists("d/f"));
      returned += *disk.exists("d/f") ? 1 : 0;
    }
  }
  EXPECT_GT(returned, 10);
  EXPECT_LT(returned, 54);
}

TEST(DiskImage, ARenameIsAtomicAndReplacesAtomically) {
  int happened = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    DiskImage disk(seed);
    ASSERT_TRUE(open(disk, "new")->write_at(0, "new"));
    ASSERT_TRUE(open(disk, "current")->write_at(0, "old"));
    ASSERT_TRUE(open(disk, "new")->sync());
    ASSERT_TRUE(open(disk, "current")->sync());
    ASSERT_TRUE(disk.sync_dir(""));
    ASSERT_TRUE(disk.rename("new", "current"));
    disk.power_loss();
    const bool renamed = contents(disk, "current") == "new";
    EXPECT_EQ(*disk.exists("new"), !renamed);
    EXPECT_TRUE(renamed || contents(disk, "current") == "old");
    happened += renamed ? 1 : 0;
  }
  EXPECT_GT(happened, 10);
  EXPECT_LT(happened, 54);
}

TEST(DiskImage, ARenameOutOfADirectoryThatWasNotSyncedTakesItsFileAlong) {
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    DiskImage disk(seed);
    open(disk, "a/f");
    ASSERT_TRUE(disk.rename("a/f", "b/f"));
    ASSERT_TRUE(disk.sync_dir("b"));
    disk.power_loss();
    EXPECT_TRUE(*disk.exists("b/f"));
    EXPECT_FALSE(*disk.exists("a/f"));
  }
}

TEST(DiskImage, AFailedSyncPoisonsTheFileUntilTheProcessDies) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    DiskImage disk(seed);
    const auto file = open(disk, "f");
    ASSERT_TRUE(file->write_at(0, "abc"));
    OneFault fault(DiskOperation::kSync, DiskFault::kIo, 1);
    disk.set_faults(&fault);
    EXPECT_EQ(code_of(file->sync()), ErrorCode::kPoisoned);
    EXPECT_EQ(code_of(file->sync()), ErrorCode::kPoisoned);
    EXPECT_EQ(code_of(file->write_at(0, "x")), ErrorCode::kPoisoned);
    EXPECT_EQ(code_of(open(disk, "f")->size()), ErrorCode::kPoisoned);
    disk.process_crash();
    lost += contents(disk, "f") == "abc" ? 0 : 1;
  }
  EXPECT_GT(lost, 3);
  EXPECT_LT(lost, 29);
}

TEST(DiskImage, ALyingSyncMakesNothingDurable) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    DiskImage disk(seed);
    const auto file = open(disk, "f");
    ASSERT_TRUE(disk.sync_dir(""));
    ASSERT_TRUE(file->write_at(0, "abc"));
    OneFault fault(DiskOperation::kSync, DiskFault::kLie, 1);
    disk.set_faults(&fault);
    EXPECT_TRUE(file->sync());
    disk.power_loss();
    lost += contents(disk, "f") == "abc" ? 0 : 1;
  }
  EXPECT_GT(lost, 3);
}

// Whoever had been promised something is told; whoever had not knows from the error.
TEST(DiskImage, AFailedSyncForgetsWhatLiesHadPromised) {
  for (const bool lies : {false, true}) {
    DiskImage disk(1);
    std::uint64_t forgot = 0;
    disk.set_on_forgot([&forgot](std::uint64_t files) { forgot += files; });
    const auto file = open(disk, "f");
    ASSERT_TRUE(file->write_at(0, "abc"));
    if (lies) {
      OneFault lie(DiskOperation::kSync, DiskFault::kLie, 1);
      disk.set_faults(&lie);
      EXPECT_TRUE(file->sync());
    }
    OneFault failure(DiskOperation::kSync, DiskFault::kIo, 1);
    disk.set_faults(&failure);
    EXPECT_EQ(code_of(file->sync()), ErrorCode::kPoisoned);
    EXPECT_EQ(forgot, lies ? 1u : 0u);
    disk.set_faults(nullptr);
  }
}

TEST(DiskImage, AFailedWriteMayHaveWrittenAnyPrefix) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    DiskImage disk(seed);
    const auto file = open(disk, "f");
    OneFault fault(DiskOperation::kWrite, DiskFault::kNoSpace, 1);
    disk.set_faults(&fault);
    EXPECT_EQ(code_of(file->write_at(0, Bytes(100, 'x'))), ErrorCode::kNoSpace);
    sizes.insert(*file->size());
  }
  EXPECT_GT(sizes.size(), 10u);
}

TEST(DiskImage, AFlippedByteIsReadDamagedAndAWipedDiskIsEmpty) {
  DiskImage disk(1);
  const auto file = open(disk, "f");
  ASSERT_TRUE(file->write_at(0, "abc"));
  disk.flip("f", 1, 0x01);
  EXPECT_EQ(contents(disk, "f"), "acc");
  disk.wipe();
  EXPECT_EQ(code_of(file->size()), ErrorCode::kGone);
  EXPECT_TRUE(disk.list("")->empty());
}

}  // namespace
}  // namespace lockstep::sim
