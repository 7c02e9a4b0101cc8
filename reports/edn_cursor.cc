// The grammar of EDN by recursive descent.
#include "reports/edn_cursor.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace lockstep::reports {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Ends a symbol, keyword or number.
bool is_delimiter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7f || std::string_view(",;\"()[]{}").find(c) != std::string_view::npos;
}

std::string key_text(const Value& key) {
  const std::string* text = key.as_text();
  return text != nullptr ? *text : to_json(key);
}

}  // namespace

Status EdnCursor::skip_at_depth(int depth) {
  if (depth > kMaxDepth)
    return error_at(offset_, cat("expected at most ", kMaxDepth, " nested forms"), ErrorCode::kTooLarge);
  while (true) {
    skip_space();
    if (accept(',')) continue;
    if (peek() == ';') {
      while (!at_end() && peek() != '\n') ++offset_;
      continue;
    }
    if (!rest().starts_with("#_")) return {};
    offset_ += 2;
    LOCKSTEP_TRY_STATUS(skip_at_depth(depth + 1));
    LOCKSTEP_TRY(discarded, value_at_depth(depth + 1));
  }
}

Status EdnCursor::skip_tag_at_depth(int depth) {
  if (peek() != '#' || rest().starts_with("#{")) return {};
  ++offset_;
  const char first = peek();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  if (!letter) return expected("a set #{...}, a tag or a discarded form after '#'");
  token();
  return skip_at_depth(depth + 1);
}

std::string_view EdnCursor::token() {
  const std::size_t start = offset_;
  while (!at_end() && !is_delimiter(peek())) ++offset_;
  return text_.substr(start, offset_ - start);
}

Result<Value> EdnCursor::value_at_depth(int depth) {
  if (depth > kMaxDepth)
    return error_at(offset_, cat("expected at most ", kMaxDepth, " nested forms"), ErrorCode::kTooLarge);
  const char c = peek();
  switch (c) {
    case '"': return string();
    case '[': ++offset_; return sequence(']', depth);
    case '(': ++offset_; return sequence(')', depth);
    case '{': return map(depth);
    case '#': return dispatch(depth);
    case '\\': return character();
    default: break;
  }
  const char next = rest().size() > 1 ? rest()[1] : '\0';
  if (is_digit(c) || ((c == '-' || c == '+') && is_digit(next))) return number();
  if (at_end() || is_delimiter(c) || c == '^' || c == '@' || c == '`' || c == '~' || c == '\'')
    return expected("an EDN value");
  return word();
}

Result<Value> EdnCursor::sequence(char end, int depth) {
  Value::Array items;
  while (true) {
    LOCKSTEP_TRY_STATUS(skip_at_depth(depth + 1));
    if (accept(end)) return Value(std::move(items));
    if (at_end()) return expected(cat("'", end, "'"));
    LOCKSTEP_TRY(item, value_at_depth(depth + 1));
    items.push_back(std::move(item));
  }
}

Result<Value> EdnCursor::map(int depth) {
  accept('{');
  Value::Object members;
  while (true) {
    LOCKSTEP_TRY_STATUS(skip_at_depth(depth + 1));
    if (accept('}')) return Value::object(std::move(members));
    if (at_end()) return expected("'}'");
    LOCKSTEP_TRY(key, value_at_depth(depth + 1));
    LOCKSTEP_TRY_STATUS(skip_at_depth(depth + 1));
    if (peek() == '}') return expected(cat("a value for ", key_text(key)));
    LOCKSTEP_TRY(member, value_at_depth(depth + 1));
    members.emplace_back(key_text(key), std::move(member));
  }
}

Result<Value> EdnCursor::dispatch(int depth) {
  if (rest().starts_with("#{")) {
    offset_ += 2;
    return sequence('}', depth);
  }
  LOCKSTEP_TRY_STATUS(skip_tag_at_depth(depth));
  return value_at_depth(depth + 1);
}

Result<Value> EdnCursor::string() {
  const std::size_t start = offset_;
  accept('"');
  std::string out;
  while (true) {
    const std::size_t run = offset_;
    while (!at_end() && peek() != '"' && peek() != '\\') {
      line_ += peek() == '\n';
      ++offset_;
    }
    out.append(text_.substr(run, offset_ - run));
    if (accept('"')) return Value(std::move(out));
    if (!accept('\\'))
      return expected(cat("the '\"' that ends the string begun ", offset_ - start, " bytes before"));
    LOCKSTEP_TRY_STATUS(escape(out));
  }
}

Status EdnCursor::escape(std::string& out) {
  static constexpr std::string_view kNames = "\"\\bfnrt";
  static constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  if (const std::size_t at = kNames.find(peek()); !at_end() && at != kNames.npos) {
    out.push_back(kMeanings[at]);
    ++offset_;
    return {};
  }
  if (!accept('u')) return expected("one of \" \\ b f n r t u after a backslash");
  LOCKSTEP_TRY(code, hex4());
  append_utf8(out, code);
  return {};
}

Result<Value> EdnCursor::character() {
  const std::size_t start = offset_;
  accept('\\');
  if (at_end()) return expected("a character");
  std::string name(1, peek());
  ++offset_;
  name += token();
  for (const auto& [known, meaning] : {std::pair{"newline", "\n"}, std::pair{"space", " "},
                                       std::pair{"tab", "\t"}, std::pair{"return", "\r"}}) {
    if (name == known) return Value(meaning);
  }
  if (name.size() == 1 || static_cast<unsigned char>(name[0]) >= 0x80) return Value(std::move(name));
  return error_at(start, cat("expected a character, found \\", name));
}

Result<Value> EdnCursor::number() {
  const std::size_t start = offset_;
  const std::string_view text = token();
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const bool real = digits.find_first_of(".eEM") != digits.npos;
  if (digits.ends_with(real ? 'M' : 'N')) digits.remove_suffix(1);
  const char* end = digits.data() + digits.size();
  const std::string_view unsigned_digits = digits.starts_with('-') ? digits.substr(1) : digits;
  const bool leading_zero =
      unsigned_digits.size() > 1 && unsigned_digits[0] == '0' && is_digit(unsigned_digits[1]);
  if (!leading_zero && !real) {
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(digits.data(), end, number);
    if (error == std::errc() && rest == end) return Value(number);
    if (error == std::errc::result_out_of_range)
      return error_at(start, "expected an integer of 64 bits", ErrorCode::kTooLarge);
  }
  if (!leading_zero && real) {
    double number = 0;
    const auto [rest, error] = std::from_chars(digits.data(), end, number);
    if (error == std::errc() && rest == end) return Value::real(number);
    if (error == std::errc::result_out_of_range)
      return error_at(start, "expected a number within the range of a double", ErrorCode::kTooLarge);
  }
  return error_at(start, cat("expected a number, found ", text.substr(0, 40)));
}

Result<Value> EdnCursor::word() {
  const std::size_t start = offset_;
  const std::string_view text = token();
  if (text == "nil") return Value();
  if (text == "true") return Value::boolean(true);
  if (text == "false") return Value::boolean(false);
  const std::string_view name = text.starts_with(':') ? text.substr(1) : text;
  if (name.empty() || name.starts_with(':')) return error_at(start, cat("expected a keyword, found ", text));
  return Value(std::string(name));
}

}  // namespace lockstep::reports
