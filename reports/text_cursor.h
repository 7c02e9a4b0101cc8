// A place in a text that somebody reads piece by piece, and errors that name file, line and column.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lockstep::reports {

// The text must outlive the cursor.
class TextCursor {
 public:
  TextCursor(std::string_view file, std::string_view text) : file_(file), text_(text) {}

  bool at_end() const { return offset_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[offset_]; }
  std::size_t offset() const { return offset_; }
  std::size_t line() const { return line_; }
  // Blanks, tabs and line ends. Here, like accept(), because every token begins with them.
  void skip_space() {
    for (; offset_ < text_.size(); ++offset_) {
      const char c = text_[offset_];
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
      line_ += c == '\n';
    }
  }
  void skip_space_in_line();  // the same, up to the line end
  void skip_byte_order_mark();
  // Consumes `c` if it comes next.
  bool accept(char c) {
    if (at_end() || text_[offset_] != c) return false;
    ++offset_;
    return true;
  }

  // "file:line:column: expected X, found Y", at the current place or at another offset.
  std::unexpected<Error> expected(std::string_view what) const;
  std::unexpected<Error> error_at(std::size_t offset, std::string_view sentence,
                                  ErrorCode code = ErrorCode::kInvalidArgument) const;

 protected:
  std::string_view rest() const { return text_.substr(offset_); }
  std::string found() const;
  // Four hexadecimal digits.
  Result<unsigned> hex4();

  std::string file_;
  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t line_ = 1;
};

void append_utf8(std::string& out, unsigned code);

}  // namespace lockstep::reports
