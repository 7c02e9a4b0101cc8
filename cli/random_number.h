// 64 bits from the operating system: for seeds and names, which are drawn once and then said or kept.
#pragma once

#include <cstdint>
#include <random>

namespace lockstep::cli {

inline std::uint64_t random_number() {
  std::random_device device;
  const std::uint64_t high = device();
  const std::uint64_t low = device();
  return high << 32 | low;
}

}  // namespace lockstep::cli
