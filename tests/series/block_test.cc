// Stories about blocks: what goes in comes out, in one encoding only, and damage is told.
#include "storage/series/block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/prng.h"
#include "base/text.h"

namespace lockstep::series {
namespace {

constexpr std::int64_t kStartNs = 1'767'323'045'000'000'000;
constexpr double kHuge = std::numeric_limits<double>::max();

std::string hex(BytesView bytes) {
  std::string out;
  for (const char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[static_cast<unsigned char>(byte) >> 4];
    out += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return out;
}

bool same(const std::vector<Point>& a, const std::vector<Point>& b) {
  return std::ranges::equal(a, b, [](const Point& x, const Point& y) {
    return x.time_ns == y.time_ns &&
           std::bit_cast<std::uint64_t>(x.value) == std::bit_cast<std::uint64_t>(y.value);
  });
}

void expect_round_trip(const std::vector<Point>& points) {
  const Bytes block = pack(points);
  const auto found = unpack(block);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(same(points, *found));
  const auto head = summary(block);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->count, points.size());
  EXPECT_EQ(head->first_ns, points.front().time_ns);
  EXPECT_EQ(head->last_ns, points.back().time_ns);
  double sum = points.front().value;
  for (std::size_t at = 1; at < points.size(); ++at) sum += points[at].value;
  const auto [least, greatest] = std::ranges::minmax(points, {}, &Point::value);
  EXPECT_EQ(head->least, least.value);
  EXPECT_EQ(head->greatest, greatest.value);
  EXPECT_EQ(head->sum, sum);
}

// A series of one of several characters, all of the seed's choice.
std::vector<Point> drawn(std::uint64_t seed) {
  Stream draws(seed, Purpose("test.series"), 0);
  const std::uint64_t count = 1 + draws.next_below(seed % 10 == 0 ? kMostPoints : 60);
  const std::uint64_t character = draws.next_below(5);
  std::vector<Point> points;
  std::int64_t time = kStartNs - static_cast<std::int64_t>(draws.next_below(1'000'000));
  double value = 290;
  for (std::uint64_t at = 0; at < count; ++at) {
    switch (character) {
      case 0: value = std::bit_cast<double>(draws.next()); break;                         // any bits
      case 1: value += (static_cast<double>(draws.next_below(1001)) - 500) / 1e4; break;  // noise
      case 2: value = static_cast<double>(draws.next_below(4)); break;                    // few values
      case 3: value += 0.5; break;                                                        // a ramp
      default: break;                                                                     // always the same
    }
    if (!std::isfinite(value)) value = -0.0;
    points.push_back({time, value});
    time +=
        character == 3 ? 1'000'000 : static_cast<std::int64_t>(draws.next() >> (30 + draws.next_below(34)));
  }
  return points;
}

TEST(Block, GivesBackWhatWentInToTheLastBit) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(expect_round_trip(drawn(seed)));
  }
}

TEST(Block, HoldsTheLimitsOfTimeAndValue) {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  expect_round_trip({{kFirst, 0.0}});
  expect_round_trip({{kFirst, -0.0}, {kFirst, 0.0}, {0, 5e-324}, {kLast, -kHuge}, {kLast, kHuge}});
  expect_round_trip({{kFirst, kHuge}, {kLast, kHuge}});  // whose sum is infinite
  expect_round_trip(std::vector<Point>(kMostPoints, Point{kStartNs, 1.0}));
}

TEST(Block, HasTheBytesOfItsDescription) {
  EXPECT_EQ(hex(pack(std::vector<Point>{{1000, 1.5}, {2000, 1.5}, {3000, 2.5}})),
            "0103d00fd00f"
            "000000000000f83f00000000000004400000000000001640"
            "d00f00"
            "3ff8000000000000"
            "6133ffe0");
  EXPECT_EQ(hex(pack(std::vector<Point>{{-1, -2.0}})),
            "01010100"
            "00000000000000c000000000000000c000000000000000c0"
            "c000000000000000");
}

TEST(Block, TakesFewBytesForWhatChangesLittle) {
  std::vector<Point> steady, noisy;
  for (std::int64_t at = 0; at < 100; ++at) {
    steady.push_back({kStartNs + at * 20'000'000, 293.15});
    noisy.push_back({kStartNs + at * 20'000'000, 293.15 + static_cast<double>(at * 7919 % 101) / 1000});
  }
  EXPECT_LT(pack(steady).size(), 170u);
  EXPECT_LT(pack(noisy).size(), 950u);
}

TEST(Block, DamageIsToldOrMeansTheSamePoints) {
  std::size_t told = 0;
  std::size_t made = 0;
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    const Bytes block = pack(drawn(seed));
    for (std::size_t bit = 0; bit < std::min<std::size_t>(block.size() * 8, 2000); ++bit) {
      Bytes damaged = block;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      const auto found = unpack(damaged);
      ++made;
      if (!found) {
        EXPECT_EQ(found.error().code, ErrorCode::kCorrupt);
        ++told;
        continue;
      }
      EXPECT_EQ(pack(*found), damaged)
          << "seed " << seed << ", bit " << bit;  // another block, and a sound one
    }
  }
  EXPECT_GT(told, made * 9 / 10);
}

TEST(Block, EveryPieceOfOneIsRefused) {
  const Bytes block = pack(drawn(20));
  for (std::size_t size = 0; size < block.size(); ++size) {
    EXPECT_FALSE(unpack(BytesView(block).substr(0, size))) << size;
    EXPECT_FALSE(unpack(block + block[size])) << size;
  }
}

TEST(Block, SaysWhatIsWrong) {
  const Bytes block = pack(std::vector<Point>{{1000, 1.5}, {2000, 1.5}, {3000, 2.5}});
  const auto reason = [](Bytes bytes) {
    const auto found = unpack(bytes);
    return found ? std::string("nothing") : found.error().message;
  };
  const auto with = [&](std::size_t at, BytesView bytes) {
    Bytes changed = block;
    changed.replace(at, bytes.size(), bytes);
    return changed;
  };
  EXPECT_EQ(reason(""), "a block of a series: it is empty");
  EXPECT_EQ(reason(with(0, "\x02")), "a block of a series: expected format 1, found 2");
  EXPECT_EQ(reason(with(1, BytesView("\0", 1))), "a block of a series: expected 1 to 4096 points, found 0");
  EXPECT_EQ(reason(with(1, "\x7f")), "a block of a series: it is too short for 127 points");
  EXPECT_EQ(reason(with(12, "\xff\xff")),
            "a block of a series: least, greatest and sum are not those of any points");
  EXPECT_EQ(reason(with(30, "\xd1")),
            "a block of a series: time 1 is before the one before it or beyond the last");
  EXPECT_EQ(reason(with(33, "\x3e")), "a block of a series: its head does not say what it holds");
  EXPECT_EQ(reason(with(33, "\x7f\xff")), "a block of a series: value 0 is not finite");
  EXPECT_EQ(reason(block + "x"), "a block of a series: there is more behind the last value");
}

TEST(Block, RandomBytesAreRefused) {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    Stream draws(seed, Purpose("test.noise"), 0);
    Bytes noise("\x01", 1);
    const std::uint64_t count = draws.next_below(200);
    for (std::uint64_t at = 0; at < count; ++at) noise.push_back(static_cast<char>(draws.next()));
    const auto found = unpack(noise);
    EXPECT_TRUE(!found || pack(*found) == noise);
  }
}

}  // namespace
}  // namespace lockstep::series
