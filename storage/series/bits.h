// Strings of bits in bytes, the highest bit of each byte first.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace lockstep::series {

class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}

  // The low `count` bits of `bits`, 1 to 64; those above are zero.
  void put(std::uint64_t bits, unsigned count) {
    if (count > 32) {
      put_few(bits >> 32, count - 32);
      put_few(bits & 0xffffffff, 32);
    } else {
      put_few(bits, count);
    }
  }
  // The last byte is filled up with zeros.
  void finish() {
    if (held_ > 0) put_few(0, 8 - held_);
  }

 private:
  void put_few(std::uint64_t bits, unsigned count) {
    bits_ = bits_ << count | bits;
    held_ += count;
    for (; held_ >= 8; held_ -= 8) out_.push_back(static_cast<char>(bits_ >> (held_ - 8)));
  }

  Bytes& out_;
  std::uint64_t bits_ = 0;  // the low `held_` of them are not yet in a byte
  unsigned held_ = 0;       // below 8 between calls
};

// Zeros beyond the end, of which overrun() tells afterwards.
class BitReader {
 public:
  explicit BitReader(BytesView bytes) : bytes_(bytes) {}

  // 1 to 64.
  std::uint64_t take(unsigned count) {
    if (count <= 32) return take_few(count);
    const std::uint64_t high = take_few(count - 32);
    return high << 32 | take_few(32);
  }
  bool overrun() const { return overrun_; }
  // Nothing is left but zeros that fill up the last byte.
  bool at_end() const {
    const std::uint64_t left = held_ == 0 ? 0 : bits_ & ((std::uint64_t{1} << held_) - 1);
    return !overrun_ && next_ == bytes_.size() && held_ < 8 && left == 0;
  }

 private:
  std::uint64_t take_few(unsigned count) {
    while (held_ < count) {
      overrun_ = overrun_ || next_ == bytes_.size();
      const std::uint64_t byte = overrun_ ? 0 : static_cast<unsigned char>(bytes_[next_++]);
      bits_ = bits_ << 8 | byte;
      held_ += 8;
    }
    held_ -= count;
    return bits_ >> held_ & ((std::uint64_t{1} << count) - 1);
  }

  BytesView bytes_;
  std::size_t next_ = 0;
  std::uint64_t bits_ = 0;
  unsigned held_ = 0;
  bool overrun_ = false;
};

}  // namespace lockstep::series
