// Reads JSON text piece by piece, with a depth limit.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "reports/text_cursor.h"
#include "reports/value.h"

namespace lockstep::reports {

// Recursion is bounded by kMaxDepth, so no input overflows the stack.
class JsonCursor : public TextCursor {
 public:
  static constexpr int kMaxDepth = 64;

  using TextCursor::TextCursor;

  Result<Value> value() { return value_at_depth(0); }
  Result<std::string> string();

 private:
  Result<Value> value_at_depth(int depth);
  Result<Value> array(int depth);
  Result<Value> object(int depth);
  Result<Value> number();
  Result<Value> word(std::string_view word, Value value);
  Status escape(std::string& out);
};

}  // namespace lockstep::reports
