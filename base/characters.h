// Where the characters of UTF-8 text begin, whatever the bytes are.
#pragma once

#include <cstddef>
#include <string_view>

namespace lockstep {

// Not in the middle of one.
inline bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// Its beginning of at most so many bytes, cut between characters.
inline std::string_view shortened(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  std::size_t end = most_bytes;
  while (end > 0 && !begins_character(text[end])) --end;
  return text.substr(0, end);
}

}  // namespace lockstep
