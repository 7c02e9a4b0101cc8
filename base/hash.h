// The two checksums of the project: a 64-bit fingerprint for comparing, CRC32C for detecting damage.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace lockstep {

// XXH3 with 64 bits of output and a seed. Stable across compilers and machines; not cryptographic.
std::uint64_t hash64(BytesView bytes, std::uint64_t seed = 0);

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), continued from `crc` (0 at the start).
std::uint32_t crc32c(BytesView bytes, std::uint32_t crc = 0);

}  // namespace lockstep
