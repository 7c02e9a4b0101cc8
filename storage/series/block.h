// A block: readings of one series, ascending in time, packed into few bytes. Format:
// docs/format/series_block.md.
//
// Pure and deterministic: equal points give equal bytes on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lockstep::series {

struct Point {
  std::int64_t time_ns = 0;  // Unix time
  double value = 0;          // finite
  bool operator==(const Point&) const = default;
};

inline constexpr std::size_t kMostPoints = 4096;  // of a block

// What can be known of a block without unpacking it; written at its head.
struct Summary {
  std::uint32_t count = 0;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  double least = 0;
  double greatest = 0;
  double sum = 0;  // added up in the order of the points
  bool operator==(const Summary&) const = default;
};

// One to kMostPoints points, times ascending or equal, values finite (checked).
Bytes pack(std::span<const Point> points);
// kCorrupt: not a block; the sentence says where.
Result<Summary> summary(BytesView block);
// The head is compared with what is found.
Result<std::vector<Point>> unpack(BytesView block);

}  // namespace lockstep::series
