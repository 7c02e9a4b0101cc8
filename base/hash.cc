// xxHash behind one function, and CRC32C by the processor's instruction or by eight tables.
#include "base/hash.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/hash_stream.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lockstep {
namespace {

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t table = 1; table < 8; ++table)
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t previous = tables[table - 1][byte];
      tables[table][byte] = (previous >> 8) ^ tables[0][previous & 0xff];
    }
  return tables;
}

constexpr CrcTables kTables = make_crc_tables();

// Little-endian. Spelled as one load, because g++ 12 does not make one of eight shifted bytes.
std::uint64_t load_u64(const unsigned char* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

std::uint32_t crc_by_tables(const unsigned char* bytes, std::size_t size, std::uint32_t crc) {
  for (; size >= 8; bytes += 8, size -= 8) {
    const std::uint64_t word = load_u64(bytes) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; size > 0; ++bytes, --size) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(const unsigned char* bytes,
                                                                   std::size_t size,
                                                                   std::uint32_t crc) {
  for (; size >= 8; bytes += 8, size -= 8)
    crc = static_cast<std::uint32_t>(__builtin_ia32_crc32di(crc, load_u64(bytes)));
  for (; size > 0; ++bytes, --size) crc = __builtin_ia32_crc32qi(crc, *bytes);
  return crc;
}

const bool kHasInstruction = __builtin_cpu_supports("sse4.2");
#endif

}  // namespace

std::uint64_t hash64(BytesView bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

struct HashStream::State {
  XXH3_state_t xxh3;
};

HashStream::HashStream() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh3); }
HashStream::~HashStream() = default;
HashStream::HashStream(HashStream&&) noexcept = default;
HashStream& HashStream::operator=(HashStream&&) noexcept = default;
void HashStream::add(BytesView bytes) { XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size()); }
std::uint64_t HashStream::value() const { return XXH3_64bits_digest(&state_->xxh3); }

std::uint32_t crc32c(BytesView bytes, std::uint32_t crc) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
#if defined(__x86_64__)
  if (kHasInstruction) return ~crc_by_instruction(data, bytes.size(), ~crc);
#endif
  return ~crc_by_tables(data, bytes.size(), ~crc);
}

}  // namespace lockstep
