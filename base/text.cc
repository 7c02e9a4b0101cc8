// Fixed-width hexadecimal, for hashes in reports, and durations as people write them.
#include "base/text.h"

#include <array>
#include <utility>

namespace lockstep {

std::string hex16(std::uint64_t value) {
  std::string out(16, '0');
  for (int digit = 15; digit >= 0; --digit, value >>= 4) out[digit] = "0123456789abcdef"[value & 15];
  return out;
}

std::string to_string(Duration duration) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 6> kUnits{{
      {3'600'000'000'000, "h"},
      {60'000'000'000, "m"},
      {1'000'000'000, "s"},
      {1'000'000, "ms"},
      {1'000, "us"},
      {1, "ns"},
  }};
  const std::int64_t nanoseconds = duration.count();
  if (nanoseconds == 0) return "0s";
  for (const auto& [unit, name] : kUnits) {
    if (nanoseconds % unit == 0) return cat(nanoseconds / unit, name);
  }
  return "";
}

}  // namespace lockstep
