// Bounds-checked decoding of integers and byte strings.
#include "base/bytes.h"

#include <bit>
#include <cstring>

#include "base/text.h"

namespace lockstep {
namespace {

template <class T>
T from_little_endian(BytesView bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return std::endian::native == std::endian::big ? std::byteswap(value) : value;
}

template <class T>
T from_big_endian(BytesView bytes) {
  return std::byteswap(from_little_endian<T>(bytes));
}

}  // namespace

std::unexpected<Error> ByteReader::too_short(std::size_t wanted) const {
  return fail(ErrorCode::kCorrupt, cat("expected ", wanted, " bytes at offset ", offset_, ", found ",
                                       remaining()));
}

Result<std::uint8_t> ByteReader::u8() {
  LOCKSTEP_TRY(bytes, raw(1));
  return static_cast<std::uint8_t>(bytes[0]);
}

Result<std::uint32_t> ByteReader::u32() {
  LOCKSTEP_TRY(bytes, raw(4));
  return from_little_endian<std::uint32_t>(bytes);
}

Result<std::uint64_t> ByteReader::u64() {
  LOCKSTEP_TRY(bytes, raw(8));
  return from_little_endian<std::uint64_t>(bytes);
}

Result<std::uint32_t> ByteReader::ordered_u32() {
  LOCKSTEP_TRY(bytes, raw(4));
  return from_big_endian<std::uint32_t>(bytes);
}

Result<std::uint64_t> ByteReader::ordered_u64() {
  LOCKSTEP_TRY(bytes, raw(8));
  return from_big_endian<std::uint64_t>(bytes);
}

Result<std::uint64_t> ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    LOCKSTEP_TRY(byte, u8());
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return fail(ErrorCode::kCorrupt, cat("expected a varint of at most 64 bits before offset ", offset_));
}

Result<BytesView> ByteReader::sized() {
  LOCKSTEP_TRY(size, varint());
  return raw(size);
}

}  // namespace lockstep
