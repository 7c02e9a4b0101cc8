// Fixed-width hexadecimal, for hashes in reports.
#include "base/text.h"

namespace lockstep {

std::string hex16(std::uint64_t value) {
  std::string out(16, '0');
  for (int digit = 15; digit >= 0; --digit, value >>= 4) out[digit] = "0123456789abcdef"[value & 15];
  return out;
}

}  // namespace lockstep
