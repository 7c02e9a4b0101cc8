// Reads JSON text piece by piece, with a depth limit and errors that name file, line and column.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "reports/value.h"

namespace lockstep::reports {

// A place in a text that must outlive the cursor. Recursion is bounded by kMaxDepth, so no input overflows the stack.
class JsonCursor {
 public:
  static constexpr int kMaxDepth = 64;

  JsonCursor(std::string_view file, std::string_view text) : file_(file), text_(text) {}

  bool at_end() const { return offset_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[offset_]; }
  std::size_t offset() const { return offset_; }
  std::size_t line() const { return line_; }
  void skip_space();          // blanks, tabs and line ends
  void skip_space_in_line();  // the same, up to the line end
  void skip_byte_order_mark();
  // Consumes `c` if it comes next.
  bool accept(char c);

  Result<Value> value() { return value_at_depth(0); }
  Result<std::string> string();

  // "file:line:column: expected X, found Y", at the current place or at another offset.
  std::unexpected<Error> expected(std::string_view what) const;
  std::unexpected<Error> error_at(std::size_t offset, std::string_view sentence,
                                  ErrorCode code = ErrorCode::kInvalidArgument) const;

 private:
  Result<Value> value_at_depth(int depth);
  Result<Value> array(int depth);
  Result<Value> object(int depth);
  Result<Value> number();
  Result<Value> word(std::string_view word, Value value);
  Status escape(std::string& out);
  Result<unsigned> hex4();
  std::string found() const;

  std::string file_;
  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t line_ = 1;
};

}  // namespace lockstep::reports
