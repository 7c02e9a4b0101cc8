// Well-formed byte sequences, table 3-7 of the Unicode standard.
#include "base/utf8.h"

namespace lockstep {
namespace {

std::uint8_t byte_at(BytesView bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
}

bool is_between(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
  return byte >= low && byte <= high;
}

}  // namespace

std::size_t utf8_length(BytesView bytes, std::size_t at) {
  const std::uint8_t first = byte_at(bytes, at);
  if (first < 0x80) return 1;
  const std::size_t length = is_between(first, 0xC2, 0xDF)   ? 2
                             : is_between(first, 0xE0, 0xEF) ? 3
                             : is_between(first, 0xF0, 0xF4) ? 4
                                                             : 0;
  if (length == 0) return 0;
  const std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (!is_between(byte_at(bytes, at + 1), low, high)) return 0;
  for (std::size_t next = at + 2; next < at + length; ++next)
    if (!is_between(byte_at(bytes, next), 0x80, 0xBF)) return 0;
  return length;
}

std::size_t valid_utf8_prefix(BytesView bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = utf8_length(bytes, at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::string as_utf8(BytesView bytes) {
  std::string text;
  for (;;) {
    const std::size_t valid = valid_utf8_prefix(bytes);
    text.append(bytes.substr(0, valid));
    if (valid == bytes.size()) return text;
    text.append("\xEF\xBF\xBD");
    bytes.remove_prefix(valid + 1);
  }
}

}  // namespace lockstep
