// Draws of the physical world as real numbers: each a function of (seed, purpose, object, ordinal) alone.
#pragma once

#include "base/prng.h"
#include "base/time.h"

namespace lockstep::devices {

// Uniform in [low, high), in steps of 2^-53 of the width.
inline double uniform(std::uint64_t bits, double low, double high) {
  return low + (high - low) * (static_cast<double>(bits >> 11) * 0x1p-53);
}

// Mean 0, deviation 1, never beyond 3.5: the sum of four uniform draws (Irwin-Hall), one per 16 bits.
inline double bell(std::uint64_t bits) {
  double sum = 0;
  for (int part = 0; part < 4; ++part) sum += static_cast<double>((bits >> (16 * part)) & 0xffff) * 0x1p-16;
  return (sum - 2) * 1.7320508075688772;
}

// What changes by itself: a new value, uniform in [low, high), at every multiple of the period.
struct Course {
  std::uint64_t seed = 0;
  Purpose purpose;
  Duration period{};
  double low = 0, high = 0;

  double knot(std::int64_t number) const {
    return uniform(draw(seed, purpose, 0, static_cast<std::uint64_t>(number)), low, high);
  }
  // It jumps from value to value.
  double jumping(Duration at) const { return knot(at / period); }
  // It goes from value to value in straight lines.
  double gliding(Duration at) const {
    const std::int64_t slot = at / period;
    const double from = knot(slot);
    const double to = knot(slot + 1);
    return from +
           (to - from) * (static_cast<double>((at % period).count()) / static_cast<double>(period.count()));
  }
};

}  // namespace lockstep::devices
