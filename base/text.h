// Building sentences: cat("n", 3, " acknowledged ", index) without streams or locale.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace lockstep {

inline void append_text(std::string& out, std::string_view text) { out.append(text); }
inline void append_text(std::string& out, char c) { out.push_back(c); }

// A template, because a string literal converts to bool more readily than to std::string_view.
template <std::same_as<bool> T>
void append_text(std::string& out, T value) {
  out.append(value ? "true" : "false");
}

template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>)
void append_text(std::string& out, T value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

// Shortest text that reads back as the same double.
inline void append_text(std::string& out, double value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (append_text(out, parts), ...);
  return out;
}

// Sixteen lower-case hex digits, most significant first.
std::string hex16(std::uint64_t value);

// Exact, in the largest unit that fits: "300ms", "-2s".
std::string to_string(Duration duration);

}  // namespace lockstep
