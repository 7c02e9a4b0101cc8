// Reads EDN (Clojure's data notation), as Jepsen and Elle write histories, into the same values as JSON.
#pragma once

#include "reports/text_cursor.h"
#include "reports/value.h"

namespace lockstep::reports {

// Keywords and symbols become strings without the colon; sets, lists and vectors become arrays; a map becomes
// an object, its keys as text; a tag is passed over and its value taken. Strict: what EDN does not allow is
// an error, and so are ratios, regular expressions, metadata and numbers beyond 64 bits. Recursion is
// bounded.
class EdnCursor : public TextCursor {
 public:
  static constexpr int kMaxDepth = 64;

  using TextCursor::TextCursor;

  // Blanks, commas, comments and discarded forms (#_).
  Status skip() { return skip_at_depth(0); }
  // A tag, if one comes next, and what follows it up to its form.
  Status skip_tag() { return skip_tag_at_depth(0); }
  Result<Value> value() { return value_at_depth(0); }

 private:
  Status skip_at_depth(int depth);
  Status skip_tag_at_depth(int depth);
  Result<Value> value_at_depth(int depth);
  Result<Value> sequence(char end, int depth);
  Result<Value> map(int depth);
  Result<Value> dispatch(int depth);  // what begins with #
  Result<Value> string();
  Status escape(std::string& out);
  Result<Value> character();
  Result<Value> number();
  Result<Value> word();
  std::string_view token();
};

}  // namespace lockstep::reports
