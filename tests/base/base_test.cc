// Stories about the vocabulary: codec, frame, hashes and keyed draws.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/characters.h"
#include "base/env/actor.h"
#include "base/frame.h"
#include "base/hash.h"
#include "base/hash_stream.h"
#include "base/join.h"
#include "base/prng.h"
#include "base/text.h"
#include "base/time.h"

namespace lockstep {
namespace {

TEST(Text, CatWritesLiteralsNumbersAndIds) {
  EXPECT_EQ(cat("n", NodeId(3), " at ", LogIndex(17), " ", true, ' ', -4, " ", 0.5), "n3 at 17 true -4 0.5");
}

TEST(Bytes, EveryFieldReadsBackAsWritten) {
  Bytes bytes;
  ByteWriter(bytes).u8(7).u32(0xdeadbeef).u64(1ull << 63).ordered_u32(5).ordered_u64(6).varint(300).sized("ab");
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.u8(), 7);
  EXPECT_EQ(*reader.u32(), 0xdeadbeef);
  EXPECT_EQ(*reader.u64(), 1ull << 63);
  EXPECT_EQ(*reader.ordered_u32(), 5u);
  EXPECT_EQ(*reader.ordered_u64(), 6u);
  EXPECT_EQ(*reader.varint(), 300u);
  EXPECT_EQ(*reader.sized(), "ab");
  EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, OrderedIntegersSortLikeNumbers) {
  Bytes small, large;
  ByteWriter(small).ordered_u64(255);
  ByteWriter(large).ordered_u64(256);
  EXPECT_LT(small, large);
}

TEST(Bytes, AReadPastTheEndIsCorruptAndNamesTheOffset) {
  ByteReader reader("abc");
  ASSERT_TRUE(reader.raw(2));
  const auto word = reader.u32();
  ASSERT_FALSE(word);
  EXPECT_EQ(word.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(word.error().message, "expected 4 bytes at offset 2, found 1");
}

TEST(Bytes, AnOverlongVarintIsCorrupt) {
  const Bytes overlong(11, '\xff');
  EXPECT_EQ(ByteReader(overlong).varint().error().code, ErrorCode::kCorrupt);
  Bytes largest;
  ByteWriter(largest).varint(~0ull);
  EXPECT_EQ(*ByteReader(largest).varint(), ~0ull);
}

TEST(Hash, Crc32cMatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(Bytes(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(Bytes(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Hash, Crc32cCanBeContinued) {
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789"));
}

TEST(HashStream, IsTheHashOfAllPartsTogether) {
  for (const std::size_t part : {1u, 7u, 240u, 241u, 1000u}) {
    HashStream stream;
    Bytes all;
    for (std::size_t i = 0; i < 40; ++i) {
      const Bytes bytes(part + i, static_cast<char>(i * 37));
      stream.add(bytes);
      all += bytes;
      ASSERT_EQ(stream.value(), hash64(all)) << part << " " << i;
    }
  }
}

TEST(Hash, Hash64IsStableAcrossBuilds) {
  EXPECT_EQ(hex16(hash64("")), "2d06800538d394c2");
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
}

constexpr FrameHeader kHeader{ClusterId(9), NodeId(1), NodeId(2), Channel::kRaft};

TEST(Frame, ReadsBackAsWritten) {
  Bytes bytes;
  encode_frame(kHeader, "payload", bytes);
  EXPECT_EQ(*frame_size(bytes), bytes.size());
  const auto frame = decode_frame(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->header, kHeader);
  EXPECT_EQ(frame->payload, "payload");
}

TEST(Frame, NoSingleFlippedBitPassesUnseen) {
  Bytes bytes;
  encode_frame(kHeader, "payload", bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_frame(damaged)) << "bit " << bit;
  }
}

TEST(Frame, EveryTruncationIsAnError) {
  Bytes bytes;
  encode_frame(kHeader, "payload", bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_frame(BytesView(bytes).substr(0, size))) << size;
}

TEST(Frame, ALengthOfFourGigabytesIsTooLarge) {
  EXPECT_EQ(frame_size(Bytes(4, '\xff')).error().code, ErrorCode::kTooLarge);
}

TEST(Draw, DependsOnEveryPartOfItsKey) {
  constexpr Purpose kA{"a"}, kB{"b"};
  const auto base = draw(1, kA, 2, 3);
  EXPECT_EQ(base, draw(1, kA, 2, 3));
  EXPECT_NE(base, draw(2, kA, 2, 3));
  EXPECT_NE(base, draw(1, kB, 2, 3));
  EXPECT_NE(base, draw(1, kA, 3, 3));
  EXPECT_NE(base, draw(1, kA, 2, 4));
}

TEST(Draw, BelowFillsItsRangeEvenly) {
  Stream stream(7, Purpose{"test"}, 0);
  int counts[8] = {};
  for (int i = 0; i < 8000; ++i) ++counts[stream.next_below(8)];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(Draw, ChanceIsInPartsPerMillion) {
  Stream stream(7, Purpose{"chance"}, 0);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += stream.next_chance(250'000);
  EXPECT_NEAR(hits, 2500, 200);
  EXPECT_FALSE(chance(~0ull, 0));
  EXPECT_FALSE(chance(~0ull, 999'999));
  EXPECT_TRUE(chance(~0ull, 1'000'000));
}

TEST(Lists, HaveCommasBetweenTheirElements) {
  EXPECT_EQ(joined(std::vector<std::string>{}), "");
  EXPECT_EQ(joined(std::vector{3, 1, 2}), "3, 1, 2");
  EXPECT_EQ(joined(std::vector<std::string>{"", "a"}), ", a");
  EXPECT_EQ(joined(std::vector<std::string>{"ab", "c"}, &std::string::size), "2, 1");
}

TEST(Characters, AreNeverCutInTwo) {
  const std::string_view text = "a\u00e4\u20ac";  // of one, two and three bytes
  ASSERT_EQ(text.size(), 6u);
  std::vector<std::size_t> sizes;
  for (std::size_t most = 0; most <= 7; ++most) sizes.push_back(shortened(text, most).size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 1, 1, 3, 3, 3, 6, 6}));
  EXPECT_EQ(shortened("\x80\x80\x80", 2), "");
}

}  // namespace
}  // namespace lockstep
