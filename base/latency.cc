// A quantile function of three pieces in 32-bit fixed point.
#include "base/latency.h"

#include <algorithm>

namespace lockstep {
namespace {

using Wide = unsigned __int128;

constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
constexpr std::uint64_t kHalf = kOne / 2;
constexpr std::uint64_t kAt99 = kOne / 100 * 99;

// `span` times part / whole.
std::int64_t share(std::int64_t span, Wide part, Wide whole) {
  return static_cast<std::int64_t>(static_cast<Wide>(span) * part / whole);
}

}  // namespace

Duration Latency::from(std::uint64_t bits) const {
  const std::uint64_t quantile = bits >> 32;
  const std::int64_t middle = median.count();
  const std::int64_t high = std::max(p99, median).count();
  if (quantile < kHalf) return Duration{middle - middle / 2 + share(middle / 2, quantile, kHalf)};
  if (quantile >= kAt99) return Duration{high + share(high, quantile - kAt99, kOne - kAt99)};
  // Sixteen bits of the position are enough here, and their square stays small.
  const std::uint64_t position = ((quantile - kHalf) << 16) / (kAt99 - kHalf);
  return Duration{middle + share(high - middle, position * position, Wide{1} << 32)};
}

}  // namespace lockstep
