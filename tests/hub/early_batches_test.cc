// Batches that wait for one before them: in which order they come out, and how many may wait.
#include "hub/early_batches.h"

#include <gtest/gtest.h>

#include <string>

namespace lockstep::hub {
namespace {

constexpr std::size_t kMany = 64;
constexpr StreamKey kFirst{NodeId(10'001), 7, 1}, kSecond{NodeId(10'001), 7, 2}, kOther{NodeId(10'002), 7, 1};

wire::SensorBatch batch(std::uint64_t sequence, std::size_t bytes = 10) {
  wire::SensorBatch out;
  out.set_sequence(sequence);
  out.set_previous(sequence - 1);
  out.add_blocks()->set_points(std::string(bytes, 'p'));
  return out;
}

// The numbers that come out one after the other when all up to `taken` is taken.
std::vector<std::uint64_t> drain(EarlyBatches& early, const StreamKey& key, std::uint64_t taken) {
  std::vector<std::uint64_t> out;
  while (const auto next = early.next(key, taken)) {
    EXPECT_EQ(next->blocks_size(), 1);
    out.push_back(taken = next->sequence());
  }
  return out;
}

TEST(EarlyBatches, ComeOutInOrderUpToTheNextGap) {
  EarlyBatches early;
  for (const std::uint64_t sequence : {6, 3, 4, 3}) early.keep(kFirst, kMany, batch(sequence));
  EXPECT_EQ(drain(early, kFirst, 1), std::vector<std::uint64_t>{});
  EXPECT_EQ(drain(early, kSecond, 2), std::vector<std::uint64_t>{});
  EXPECT_EQ(drain(early, kFirst, 2), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_TRUE(early.any(kFirst));
  EXPECT_EQ(drain(early, kFirst, 6), std::vector<std::uint64_t>{}) << "it is taken already";
  EXPECT_FALSE(early.any(kFirst));
}

TEST(EarlyBatches, OfAStreamTheLowestWait) {
  EarlyBatches early;
  for (const std::uint64_t sequence : {5, 2, 4, 3}) early.keep(kFirst, 2, batch(sequence));
  EXPECT_EQ(drain(early, kFirst, 1), (std::vector<std::uint64_t>{2, 3}));
  early.keep(kFirst, 0, batch(9));
  EXPECT_FALSE(early.any(kFirst));
}

// 8 MiB in all. What goes away makes room again, however it goes.
TEST(EarlyBatches, WhatIsTooMuchInAllIsForgotten) {
  constexpr std::size_t kLarge = 3 << 20;
  EarlyBatches early;
  early.keep(kFirst, kMany, batch(2, 3 * kLarge));
  EXPECT_FALSE(early.any(kFirst)) << "alone it is too much";
  for (std::uint64_t round = 0; round < 3; ++round) {
    early.keep(kFirst, kMany, batch(2, kLarge));
    early.keep(kFirst, kMany, batch(2, kLarge));  // instead of the former
    early.keep(kOther, kMany, batch(2, kLarge));
    EXPECT_EQ(drain(early, kFirst, 1), std::vector<std::uint64_t>{2}) << round;
    early.keep(kFirst, 1, batch(3, kLarge));
    early.keep(kFirst, 1, batch(2, 100));
    EXPECT_TRUE(early.any(kOther)) << round;
    early.forget(kFirst.edge);
    EXPECT_FALSE(early.any(kFirst));
    EXPECT_TRUE(early.any(kOther)) << round;
    early.forget(kOther.edge);
  }
  early.keep(kFirst, kMany, batch(2, kLarge));
  early.keep(kSecond, kMany, batch(2, kLarge));
  early.keep(kOther, kMany, batch(2, kLarge));
  EXPECT_FALSE(early.any(kFirst) || early.any(kSecond));
  EXPECT_EQ(drain(early, kOther, 1), std::vector<std::uint64_t>{2});
}

}  // namespace
}  // namespace lockstep::hub
