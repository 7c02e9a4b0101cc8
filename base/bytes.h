// Byte strings, shared immutable payloads, and the one codec for fixed-width and variable integers.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lockstep {

// std::string owns bytes, std::string_view looks at them; both may hold any byte, also zero.
using Bytes = std::string;
using BytesView = std::string_view;

// Immutable bytes with shared ownership: an entry is stored once however many peers it is sent to, and entries that
// arrived together stay where they arrived.
class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(Bytes bytes) : owner_(std::make_shared<const Bytes>(std::move(bytes))), view_(*owner_) {}
  BytesView view() const { return owner_ ? view_ : BytesView(); }
  std::size_t size() const { return view().size(); }
  // `part` of view(); keeps all of it in memory.
  SharedBytes slice(BytesView part) const {
    SharedBytes sliced(*this);
    sliced.view_ = part;
    return sliced;
  }
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) {
    return a.view() == b.view();
  }

 private:
  std::shared_ptr<const Bytes> owner_;
  BytesView view_;  // into *owner_, if there is one
};

// Appends to a byte string. Fixed-width integers are little-endian, except the `ordered` ones:
// big-endian, so that bytewise order is numeric order (keys).
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}
  ByteWriter& u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); return *this; }
  ByteWriter& u32(std::uint32_t value) { return little_endian(value); }
  ByteWriter& u64(std::uint64_t value) { return little_endian(value); }
  ByteWriter& ordered_u32(std::uint32_t value) { return big_endian(value); }
  ByteWriter& ordered_u64(std::uint64_t value) { return big_endian(value); }
  // LEB128, 1 to 10 bytes.
  ByteWriter& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    return u8(static_cast<std::uint8_t>(value));
  }
  ByteWriter& raw(BytesView bytes) { out_.append(bytes); return *this; }
  // varint length, then the bytes.
  ByteWriter& sized(BytesView bytes) { return varint(bytes.size()).raw(bytes); }

 private:
  template <class T>
  ByteWriter& little_endian(T value) {
    char bytes[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
    return raw(BytesView(bytes, sizeof value));
  }
  template <class T>
  ByteWriter& big_endian(T value) {
    char bytes[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i) bytes[sizeof value - 1 - i] = static_cast<char>(value >> (8 * i));
    return raw(BytesView(bytes, sizeof value));
  }

  Bytes& out_;
};

// Reads what ByteWriter wrote. A read past the end or an over-long varint gives kCorrupt and names the offset.
class ByteReader {
 public:
  explicit ByteReader(BytesView bytes) : bytes_(bytes) {}
  Result<std::uint8_t> u8();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<std::uint32_t> ordered_u32();
  Result<std::uint64_t> ordered_u64();
  Result<std::uint64_t> varint();
  Result<BytesView> raw(std::size_t size) {
    if (size > remaining()) [[unlikely]] return too_short(size);
    const BytesView bytes = bytes_.substr(offset_, size);
    offset_ += size;
    return bytes;
  }
  Result<BytesView> sized();
  bool at_end() const { return offset_ == bytes_.size(); }
  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }

 private:
  std::unexpected<Error> too_short(std::size_t wanted) const;

  BytesView bytes_;
  std::size_t offset_ = 0;
};

}  // namespace lockstep
