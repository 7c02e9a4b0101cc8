// Real numbers in files that must give back every bit: as the integers that their bits are.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace lockstep::cloud {

inline void write_bits(ByteWriter& out, double value) { out.u64(std::bit_cast<std::uint64_t>(value)); }
inline void write_bits(ByteWriter& out, float value) { out.u32(std::bit_cast<std::uint32_t>(value)); }

// kCorrupt beyond the end.
inline Status read_bits(ByteReader& in, double& value) {
  LOCKSTEP_TRY(bits, in.u64());
  value = std::bit_cast<double>(bits);
  return {};
}
inline Status read_bits(ByteReader& in, float& value) {
  LOCKSTEP_TRY(bits, in.u32());
  value = std::bit_cast<float>(bits);
  return {};
}

}  // namespace lockstep::cloud
