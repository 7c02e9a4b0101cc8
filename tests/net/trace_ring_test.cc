// The ring around its end, under a reader's eyes, after its writer's death, and when it is no ring.
#include "net/trace_ring.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/bytes.h"
#include "base/text.h"
#include "tests/temporary_directory.h"

namespace lockstep::net {
namespace {

constexpr std::size_t kLeast = 64 << 10;
constexpr env::EventType kCounted{50, "counted", {"number", "square"}};

class TraceRings : public testing::Test {
 protected:
  std::unique_ptr<TraceRing> make(std::size_t bytes = kLeast) {
    return std::move(*TraceRing::create(path_, bytes, NodeId(3), Incarnation(9)));
  }
  static void emit(TraceRing& ring, std::uint64_t number) {
    ring.emit({kCounted, {number, number * number}, cat("text ", number)});
  }
  static void expect(const RingRecord& record, std::uint64_t number) {
    EXPECT_EQ(record.type, 50);
    EXPECT_EQ(record.fields, (std::vector<std::uint64_t>{number, number * number}));
    EXPECT_EQ(record.text, cat("text ", number));
  }

  tests::TemporaryDirectory scratch_;
  std::string path_ = scratch_ / "ring";
};

TEST_F(TraceRings, RecordsReadBackAroundTheEndManyTimes) {
  const auto ring = make();
  auto reader = *TraceRingReader::open(path_);
  EXPECT_EQ(reader.node(), NodeId(3));
  EXPECT_EQ(reader.incarnation(), Incarnation(9));
  std::uint64_t next = 0;
  Instant last{};
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 97; ++i) emit(*ring, next + i);
    std::vector<RingRecord> records;
    ASSERT_TRUE(*reader.read(records));
    ASSERT_EQ(records.size(), 97u);
    for (const RingRecord& record : records) {
      expect(record, next++);
      EXPECT_GE(record.at, last);
      last = record.at;
    }
  }
}

TEST_F(TraceRings, AReaderThatWasTooSlowIsToldAndGoesOnBehindTheNewest) {
  const auto ring = make();
  auto reader = *TraceRingReader::open(path_);
  for (std::uint64_t i = 0; i < 5'000; ++i) emit(*ring, i);
  std::vector<RingRecord> records;
  EXPECT_FALSE(*reader.read(records));
  EXPECT_TRUE(records.empty());
  emit(*ring, 5'000);
  EXPECT_TRUE(*reader.read(records));
  ASSERT_EQ(records.size(), 1u);
  expect(records[0], 5'000);
}

TEST_F(TraceRings, LongTextsAreCutAndEventsWithoutAnythingAreRecords) {
  constexpr env::EventType kBare{51, "bare", {}};
  const auto ring = make();
  auto reader = *TraceRingReader::open(path_);
  ring->emit({kBare, {}, std::string(5'000, 'x')});
  ring->emit({kBare, {}});
  std::vector<RingRecord> records;
  ASSERT_TRUE(*reader.read(records));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].text, std::string(1'024, 'x'));
  EXPECT_EQ(records[1].text, "");
}

// Two threads write, one reads what they are writing: no record is torn, none comes twice.
TEST_F(TraceRings, AReaderBesideTwoWritersSeesWholeRecordsOnly) {
  const auto ring = make(kLeast);
  auto reader = *TraceRingReader::open(path_);
  constexpr std::uint64_t kEach = 20'000;
  std::atomic<int> running = 2;
  const auto write = [&](std::uint64_t first) {
    for (std::uint64_t i = 0; i < kEach; ++i) emit(*ring, first + i);
    --running;
  };
  std::thread one([&] { write(0); }), other([&] { write(1'000'000); });
  std::uint64_t next[2] = {0, 1'000'000};
  std::size_t seen = 0;
  const auto look = [&] {
    std::vector<RingRecord> records;
    ASSERT_TRUE(reader.read(records));
    seen += records.size();
    for (const RingRecord& record : records) {
      const std::uint64_t number = record.fields[0];
      expect(record, number);
      std::uint64_t& expected = next[number >= 1'000'000];
      EXPECT_GE(number, expected);
      expected = number + 1;
    }
  };
  while (running > 0) look();
  one.join();
  other.join();
  look();  // where it stops, the ring is whole
  emit(*ring, 2'000'000);
  look();
  EXPECT_GT(seen, 0u);
}

TEST_F(TraceRings, WhatAKilledWriterWroteIsThere) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t writer = ::fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) {
    const auto ring = make();
    for (std::uint64_t i = 0; i < 100; ++i) emit(*ring, i);
    if (::write(pipe_ends[1], "!", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(pipe_ends[0], &byte, 1), 1);
  ASSERT_EQ(::kill(writer, SIGKILL), 0);
  ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  auto reader = *TraceRingReader::open(path_);
  std::vector<RingRecord> records;
  ASSERT_TRUE(*reader.read(records));
  ASSERT_EQ(records.size(), 100u);
  for (std::uint64_t i = 0; i < 100; ++i) expect(records[i], i);
}

TEST_F(TraceRings, ANewLifeReplacesTheRingAndLeavesTheOldReaderItsOwn) {
  const auto first = make();
  emit(*first, 1);
  auto old = *TraceRingReader::open(path_);
  const auto second = make();
  emit(*second, 2);
  std::vector<RingRecord> records;
  ASSERT_TRUE(*old.read(records));
  ASSERT_TRUE(*TraceRingReader::open(path_)->read(records));
  ASSERT_EQ(records.size(), 2u);
  expect(records[0], 1);
  expect(records[1], 2);
}

TEST_F(TraceRings, WhatIsNoRingIsRefused) {
  EXPECT_EQ(TraceRingReader::open(path_).error().code, ErrorCode::kNotFound);
  std::ofstream(path_) << "short";
  EXPECT_EQ(TraceRingReader::open(path_).error().code, ErrorCode::kCorrupt);
  std::ofstream(path_) << std::string(kLeast + 4'096, '\0');
  EXPECT_EQ(TraceRingReader::open(path_).error().code, ErrorCode::kCorrupt);
  // A header that lies: a ring of no bytes, and one larger than its file.
  for (const std::uint64_t capacity : {std::uint64_t{0}, std::uint64_t{1} << 40}) {
    Bytes header;
    ByteWriter(header).raw("LKPRING1").u64(capacity).u64(3).u64(9).u64(100);
    header.resize(4'096 + (capacity == 0 ? 0 : kLeast));
    std::ofstream(path_, std::ios::trunc) << header;
    EXPECT_EQ(TraceRingReader::open(path_).error().code, ErrorCode::kCorrupt) << capacity;
  }
}

TEST_F(TraceRings, DamagedRecordsAreNotBelieved) {
  {
    const auto ring = make();
    emit(*ring, 1);
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4'096);
  file.write("\xff\xff\xff\xff", 4);
  file.close();
  auto reader = *TraceRingReader::open(path_);
  std::vector<RingRecord> records;
  EXPECT_EQ(reader.read(records).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace lockstep::net
