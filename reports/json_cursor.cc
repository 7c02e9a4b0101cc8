// The JSON grammar of RFC 8259 by recursive descent.
#include "reports/json_cursor.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace lockstep::reports {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<Value> JsonCursor::value_at_depth(int depth) {
  if (depth > kMaxDepth) {
    return error_at(offset_, cat("expected at most ", kMaxDepth, " nested arrays and objects"), ErrorCode::kTooLarge);
  }
  switch (peek()) {
    case '"': {
      LOCKSTEP_TRY(text, string());
      return Value(std::move(text));
    }
    case '[': return array(depth);
    case '{': return object(depth);
    case 'n': return word("null", Value());
    case 't': return word("true", Value::boolean(true));
    case 'f': return word("false", Value::boolean(false));
    default: break;
  }
  if (peek() == '-' || is_digit(peek())) return number();
  return expected("a JSON value");
}

Result<Value> JsonCursor::word(std::string_view word, Value value) {
  if (!text_.substr(offset_).starts_with(word)) return expected(cat("the word ", word));
  offset_ += word.size();
  return value;
}

Result<Value> JsonCursor::array(int depth) {
  accept('[');
  Value::Array items;
  skip_space();
  if (accept(']')) return Value(std::move(items));
  while (true) {
    skip_space();
    LOCKSTEP_TRY(item, value_at_depth(depth + 1));
    items.push_back(std::move(item));
    skip_space();
    if (accept(']')) return Value(std::move(items));
    if (!accept(',')) return expected("',' or ']' after an item of an array");
  }
}

Result<Value> JsonCursor::object(int depth) {
  accept('{');
  Value::Object members;
  skip_space();
  if (accept('}')) return Value::object(std::move(members));
  while (true) {
    skip_space();
    LOCKSTEP_TRY(name, string());
    skip_space();
    if (!accept(':')) return expected(cat("':' after the name ", to_json(name)));
    skip_space();
    LOCKSTEP_TRY(member, value_at_depth(depth + 1));
    members.emplace_back(std::move(name), std::move(member));
    skip_space();
    if (accept('}')) return Value::object(std::move(members));
    if (!accept(',')) return expected("',' or '}' after a member of an object");
  }
}

Result<Value> JsonCursor::number() {
  const std::size_t start = offset_;
  accept('-');
  if (!is_digit(peek())) return expected("a digit");
  const bool leading_zero = accept('0');
  if (leading_zero && is_digit(peek())) return expected("no digit after a leading zero");
  while (is_digit(peek())) ++offset_;
  bool integer = true;
  if (accept('.')) {
    integer = false;
    if (!is_digit(peek())) return expected("a digit after the decimal point");
    while (is_digit(peek())) ++offset_;
  }
  if (peek() == 'e' || peek() == 'E') {
    integer = false;
    ++offset_;
    if (!accept('+')) accept('-');
    if (!is_digit(peek())) return expected("a digit in the exponent");
    while (is_digit(peek())) ++offset_;
  }
  const char* first = text_.data() + start;
  const char* last = text_.data() + offset_;
  if (integer) {
    std::int64_t number = 0;
    if (std::from_chars(first, last, number).ec == std::errc()) return Value(number);
    return error_at(start, "expected an integer of 64 bits", ErrorCode::kTooLarge);
  }
  double number = 0;
  if (std::from_chars(first, last, number).ec == std::errc()) return Value::real(number);
  return error_at(start, "expected a number within the range of a double", ErrorCode::kTooLarge);
}

Result<std::string> JsonCursor::string() {
  const std::size_t start = offset_;
  if (!accept('"')) return expected("a string");
  std::string out;
  while (true) {
    const std::size_t run = offset_;
    while (offset_ < text_.size() && text_[offset_] != '"' && text_[offset_] != '\\' &&
           static_cast<unsigned char>(text_[offset_]) >= 0x20) {
      ++offset_;
    }
    out.append(text_.substr(run, offset_ - run));
    if (accept('"')) return out;
    if (!accept('\\')) return expected(cat("the '\"' that ends the string begun ", offset_ - start, " bytes before"));
    LOCKSTEP_TRY_STATUS(escape(out));
  }
}

Status JsonCursor::escape(std::string& out) {
  static constexpr std::string_view kNames = "\"\\/bfnrt";
  static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t at = kNames.find(peek()); !at_end() && at != kNames.npos) {
    out.push_back(kMeanings[at]);
    ++offset_;
    return {};
  }
  if (!accept('u')) return expected("one of \" \\ / b f n r t u after a backslash");
  LOCKSTEP_TRY(high, hex4());
  if (high < 0xd800 || high > 0xdfff) {
    append_utf8(out, high);
    return {};
  }
  if (high > 0xdbff || !accept('\\') || !accept('u')) return expected("a surrogate pair");
  LOCKSTEP_TRY(low, hex4());
  if (low < 0xdc00 || low > 0xdfff) return expected("the second half of a surrogate pair");
  append_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
  return {};
}

}  // namespace lockstep::reports
