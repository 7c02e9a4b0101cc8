// Moving, and saying what was found instead.
#include "reports/text_cursor.h"

#include <algorithm>

#include "base/text.h"

namespace lockstep::reports {

void append_utf8(std::string& out, unsigned code) {
  const auto push = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return push(code);
  if (code < 0x800) {
    push(0xc0 | (code >> 6));
  } else if (code < 0x10000) {
    push(0xe0 | (code >> 12));
    push(0x80 | ((code >> 6) & 0x3f));
  } else {
    push(0xf0 | (code >> 18));
    push(0x80 | ((code >> 12) & 0x3f));
    push(0x80 | ((code >> 6) & 0x3f));
  }
  push(0x80 | (code & 0x3f));
}

void TextCursor::skip_space_in_line() {
  while (peek() == ' ' || peek() == '\t' || peek() == '\r') ++offset_;
}

void TextCursor::skip_byte_order_mark() {
  if (text_.substr(offset_).starts_with("\xef\xbb\xbf")) offset_ += 3;
}

std::string TextCursor::found() const {
  if (at_end()) return "the end of the file";
  const auto byte = static_cast<unsigned char>(text_[offset_]);
  if (byte == '\n') return "the end of the line";
  if (byte > 0x20 && byte < 0x7f) return cat("'", static_cast<char>(byte), "'");
  return cat("byte 0x", "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]);
}

std::unexpected<Error> TextCursor::error_at(std::size_t offset, std::string_view sentence,
                                            ErrorCode code) const {
  const std::string_view before = text_.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 in the first line, as npos + 1 is 0
  return fail(code, cat(file_, ":", line, ":", offset - line_start + 1, ": ", sentence));
}

std::unexpected<Error> TextCursor::expected(std::string_view what) const {
  return error_at(offset_, cat("expected ", what, ", found ", found()));
}

Result<unsigned> TextCursor::hex4() {
  unsigned code = 0;
  for (int digit = 0; digit < 4; ++digit, ++offset_) {
    const char c = peek();
    if (c >= '0' && c <= '9') {
      code = code * 16 + static_cast<unsigned>(c - '0');
    } else if (const char lower = static_cast<char>(c | 0x20); lower >= 'a' && lower <= 'f') {
      code = code * 16 + static_cast<unsigned>(lower - 'a' + 10);
    } else {
      return expected("four hexadecimal digits after \\u");
    }
  }
  return code;
}

}  // namespace lockstep::reports
