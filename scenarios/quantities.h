// The quantities of a scenario file as types: exact integers, because floating point decides nothing here.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace lockstep::scenarios {

// A probability in parts per million, 0 to 1,000,000.
struct Probability {
  std::uint32_t parts_per_million = 0;
  bool operator==(const Probability&) const = default;
};

// A distribution of durations by two of its quantiles (base/latency.h says which). Checked: median <= p99.
struct Spread {
  Duration median{};
  Duration p99{};
  bool operator==(const Spread&) const = default;
};

// So many operations in each period. Checked: count >= 1, period > 0.
struct Rate {
  std::uint32_t count = 1;
  Duration period = std::chrono::seconds(1);
  Duration interval() const { return period / count; }
  bool operator==(const Rate&) const = default;
};

}  // namespace lockstep::scenarios
