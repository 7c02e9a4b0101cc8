// How long something takes, given by its median and its 99th percentile.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace lockstep {

// Half of the draws are spread evenly between half the median and the median; from the median to p99 they
// thin out with the square; the last hundredth is spread evenly up to twice p99. p99 below the median
// means the median: {x, x} is nearly constant, {0, 0} is exactly nothing.
struct Latency {
  Duration median{};
  Duration p99{};
  bool operator==(const Latency&) const = default;

  // From 64 uniform bits; integers only.
  Duration from(std::uint64_t bits) const;
};

}  // namespace lockstep
