// What the store says when durable bytes are not what was written.
#include <gtest/gtest.h>

#include <map>

#include "base/hash.h"
#include "base/prng.h"
#include "sim/disk_image.h"
#include "storage/kv/record.h"
#include "storage/kv/segment.h"
#include "storage/kv/store.h"
#include "tests/kv/dump.h"

namespace lockstep::kv {
namespace {

using Files = std::map<std::string, Bytes>;

Files files_of(env::Disk& disk) {
  Files files;
  const auto names = disk.list("kv");
  for (const std::string& name : *names) {
    const auto file = disk.open("kv/" + name, env::OpenMode::kMustExist);
    Bytes bytes(*(*file)->size(), '\0');
    EXPECT_EQ(*(*file)->read_at(0, bytes.data(), bytes.size()), bytes.size());
    files[name] = bytes;
  }
  return files;
}

struct Opened {
  Result<std::string> contents;
  Recovery recovery;
};

// Opens a store on a new disk that holds just these files.
Opened open_on(const Files& files) {
  sim::DiskImage disk(1);
  for (const auto& [name, bytes] : files) {
    const auto file = disk.open("kv/" + name, env::OpenMode::kCreate);
    EXPECT_TRUE((*file)->write_at(0, bytes));
    EXPECT_TRUE((*file)->sync());
  }
  EXPECT_TRUE(disk.sync_dir("kv"));
  Opened opened;
  const auto store = Store::open(disk, {.segment_bytes = 480, .ready_bytes = 1600}, &opened.recovery);
  if (store) {
    opened.contents = dump(**store);
  } else {
    opened.contents = std::unexpected(store.error());
  }
  return opened;
}

// A small store of three segments. `states` holds its contents after each write, `ends` the end of each group
// in the newest segment.
class DamageTest : public ::testing::Test {
 protected:
  DamageTest() {
    sim::DiskImage disk(1);
    auto store = Store::open(disk, {.segment_bytes = 480, .ready_bytes = 1600});
    EXPECT_TRUE(store);
    states_.push_back("");
    for (int i = 0; i < 17; ++i) {
      Batch batch;
      batch.put(1, cat("key", i), Bytes(static_cast<std::size_t>(20 + i), static_cast<char>('a' + i)));
      batch.erase(1, cat("key", i - 5));
      EXPECT_TRUE((*store)->write(batch));
      states_.push_back(dump(**store));
    }
    files_ = files_of(disk);
    EXPECT_EQ(files_.size(), 3u);
    newest_ = files_.rbegin()->first;
    for (std::size_t at = kSegmentHeaderBytes;;) {
      const auto header =
          read_group_header(BytesView(files_[newest_]).substr(at), {segment_id(newest_).value(), at});
      if (!header) break;
      groups_.push_back(at);
      at += kGroupHeaderBytes + header->payload_bytes;
      end_ = at;
    }
    EXPECT_GE(groups_.size(), 3u);
  }

  // The contents without the last `lost` writes.
  const std::string& state(std::size_t lost) const { return states_[states_.size() - 1 - lost]; }

  Files files_;
  std::vector<std::string> states_;
  std::string newest_;
  std::vector<std::size_t> groups_;  // offsets in the newest segment
  std::size_t end_ = 0;
};

TEST_F(DamageTest, EveryFlippedBitIsReportedExceptWhereTheLastGroupNowLooksCut) {
  std::size_t flips = 0, reported = 0, dropped = 0;
  for (const auto& [name, bytes] : files_) {
    for (std::size_t at = 0; at < bytes.size() && at < 2000; ++at)
      for (const int mask : {0x01, 0x80, 0xff}) {
        Files damaged = files_;
        damaged[name][at] = static_cast<char>(damaged[name][at] ^ mask);
        const Opened opened = open_on(damaged);
        SCOPED_TRACE(cat(name, " offset ", at, " mask ", mask));
        if (name == newest_ && at >= end_) {  // space not used yet
          ASSERT_TRUE(opened.contents);
          ASSERT_EQ(*opened.contents, state(0));
          continue;
        }
        ++flips;
        if (opened.contents) {
          ASSERT_EQ(name, newest_);
          ASSERT_GE(at, groups_.back());
          ASSERT_EQ(*opened.contents, state(1));
          ASSERT_GT(opened.recovery.torn_tail_bytes, 0u);
          ++dropped;
        } else {
          ASSERT_EQ(opened.contents.error().code, ErrorCode::kCorrupt) << opened.contents.error().message;
          ASSERT_NE(opened.contents.error().message.find(name), std::string::npos);
          ++reported;
        }
      }
  }
  EXPECT_EQ(reported + dropped, flips);
  EXPECT_GT(reported, 3000u);
  // Only flips that turn a byte at the edge of a sector to zero, or hide where the group ends, look like a
  // cut.
  EXPECT_LE(dropped, 3u);
}

TEST_F(DamageTest, EveryTruncationOfTheNewestSegmentDropsWholeWritesOnly) {
  const Bytes whole = files_[newest_];
  for (std::size_t size = 0; size <= end_; ++size) {
    Files cut = files_;
    cut[newest_] = whole.substr(0, size);
    const Opened opened = open_on(cut);
    ASSERT_TRUE(opened.contents) << size << ": " << opened.contents.error().message;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < groups_.size(); ++i)
      if (size >= (i + 1 < groups_.size() ? groups_[i + 1] : end_)) ++kept;
    ASSERT_EQ(*opened.contents, state(groups_.size() - kept)) << size;
  }
}

TEST_F(DamageTest, EveryTruncationOfAClosedSegmentIsReported) {
  for (const auto& [name, bytes] : files_) {
    if (name == newest_) continue;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Files cut = files_;
      cut[name] = bytes.substr(0, size);
      const Opened opened = open_on(cut);
      ASSERT_FALSE(opened.contents) << name << " " << size;
      ASSERT_EQ(opened.contents.error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST_F(DamageTest, AMissingClosedSegmentIsReported) {
  for (const auto& [name, bytes] : files_) {
    if (name == newest_) continue;
    Files fewer = files_;
    fewer.erase(name);
    const Opened opened = open_on(fewer);
    ASSERT_FALSE(opened.contents) << name;
    EXPECT_EQ(opened.contents.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(DamageTest, AnExchangedSegmentIsReported) {
  Files exchanged = files_;
  std::swap(exchanged.begin()->second, std::next(exchanged.begin())->second);
  EXPECT_EQ(open_on(exchanged).contents.error().code, ErrorCode::kCorrupt);
}

TEST_F(DamageTest, ABadMiddleIsNeverReadAsTheEnd) {
  // Whole sectors lost, as a cut would leave them, but groups follow (qdrant#1329).
  Files damaged = files_;
  Bytes& bytes = damaged[newest_];
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(groups_[0]),
            bytes.begin() + static_cast<std::ptrdiff_t>(groups_[1]), '\0');
  const Opened opened = open_on(damaged);
  ASSERT_FALSE(opened.contents);
  EXPECT_EQ(opened.contents.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(opened.contents.error().message, cat("segment ", newest_, " is damaged at offset ", groups_[0],
                                                 ": an intact group follows at offset ", groups_[1]));
}

TEST_F(DamageTest, AGroupInsideAValueOfACutGroupIsNotTakenForALaterOne) {
  sim::DiskImage disk(1);
  for (const auto& [name, bytes] : files_) {
    const auto file = disk.open("kv/" + name, env::OpenMode::kCreate);
    ASSERT_TRUE((*file)->write_at(0, bytes));
  }
  auto store = Store::open(disk, {.segment_bytes = 1 << 20});
  ASSERT_TRUE(store);
  Batch batch;
  batch.put(1, "copy", files_[newest_].substr(0, end_) + Bytes(1000, 'x'));
  ASSERT_TRUE((*store)->write(batch));
  Files cut = files_of(disk);
  cut[newest_].resize(cut[newest_].find(Bytes(100, 'x')) + 50);
  const Opened opened = open_on(cut);
  ASSERT_TRUE(opened.contents) << opened.contents.error().message;
  EXPECT_EQ(*opened.contents, state(0));
}

TEST_F(DamageTest, AValueThatRotsWhileTheStoreIsOpenIsReported) {
  sim::DiskImage disk(1);
  auto store = Store::open(disk, {});
  ASSERT_TRUE(store);
  Batch batch;
  batch.put(1, "k", "value");
  ASSERT_TRUE((*store)->write(batch));
  const Files files = files_of(disk);
  disk.flip("kv/" + files.begin()->first, files.begin()->second.find("value"), 0x10);
  EXPECT_EQ((*store)->get(1, "k").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ((*store)->scan(1, "", "", [](BytesView, BytesView) { return true; }).error().code,
            ErrorCode::kCorrupt);
}

TEST_F(DamageTest, ASegmentOfANewerVersionIsRefused) {
  SegmentHeader header{.id = 1, .oldest = 1, .first_sequence = 1};
  Bytes bytes = encode_segment_header(header);
  bytes[4] = 2;
  Bytes checksum;
  ByteWriter(checksum).u32(crc32c(BytesView(bytes).substr(4)));
  bytes.replace(0, 4, checksum);
  EXPECT_EQ(open_on({{segment_name(1), bytes}}).contents.error().code, ErrorCode::kRefused);
}

TEST(Decoders, RandomBytesAreRefusedAndNeverReadOutside) {
  Stream random(1, Purpose("kv.decoders"), 0);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random.next_below(300), '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random.next_below(random.next_chance(500'000) ? 8 : 256));
    RecordReader reader(bytes);
    for (Record record; reader.next(record);) ASSERT_LE(record.at + record.bytes, bytes.size());
    std::uint32_t chain = 0;
    EXPECT_FALSE(decode_segment_header(bytes, 1, &chain));
    EXPECT_FALSE(read_group_header(bytes, {1, 0}));
    (void)judge_tail(bytes, {1, random.next_below(1000)});
    if (round % 20 == 0) {
      const Opened opened = open_on({{segment_name(1), bytes}});
      EXPECT_EQ(opened.contents.value_or(""), "");
    }
  }
}

TEST_F(DamageTest, ManyRandomDamagesAtOnceNeverCrash) {
  Stream random(2, Purpose("kv.damage"), 0);
  for (int round = 0; round < 2000; ++round) {
    Files damaged = files_;
    for (std::uint64_t n = 1 + random.next_below(4); n > 0; --n) {
      auto victim = damaged.begin();
      std::advance(victim, static_cast<std::ptrdiff_t>(random.next_below(damaged.size())));
      Bytes& bytes = victim->second;
      const std::size_t at = random.next_below(bytes.size());
      const std::size_t size = random.next_below(100);
      const char byte = random.next_chance(300'000) ? '\0' : static_cast<char>(random.next_below(256));
      for (std::size_t i = at; i < std::min(at + size, bytes.size()); ++i) bytes[i] = byte;
    }
    const Opened opened = open_on(damaged);
    if (!opened.contents) {
      ASSERT_EQ(opened.contents.error().code, ErrorCode::kCorrupt);
    } else {
      ASSERT_NE(std::find(states_.begin(), states_.end(), *opened.contents), states_.end());
    }
  }
}

}  // namespace
}  // namespace lockstep::kv
