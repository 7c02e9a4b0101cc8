// Positions from outside the reader: an iterator counts what the lexer has consumed, the text tells where
// tokens begin.
#include "json/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/characters.h"
#include "base/text.h"
#include "base/utf8.h"

namespace lockstep::json {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// An input iterator over the text that tells how many bytes were taken, whichever copy of it took them.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::size_t* taken_;
};

// Turns byte offsets into lines and columns; offsets are asked for in ascending order, so the whole is
// linear.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}

  Position at(std::size_t offset) {
    for (; at_ < std::min(offset, text_.size()); ++at_) {
      const char byte = text_[at_];
      if (byte == '\n') {
        ++here_.line;
        here_.column = 1;
      } else if (begins_character(byte)) {
        ++here_.column;
      }
    }
    return here_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  Position here_;
};

// What nlohmann's reader says about a syntax error, taken apart.
struct SyntaxError {
  std::string expected = "valid JSON";
  std::string because;

  explicit SyntaxError(std::string_view what) {
    constexpr std::string_view kLastRead = "; last read: '";
    constexpr std::string_view kExpected = "; expected ";
    for (const std::string_view lead :
         {"] ", " - "}) {  // "[json.exception.parse_error.101] parse error at ... - "
      const std::size_t reason = what.find(lead);
      if (reason != std::string_view::npos) what.remove_prefix(reason + lead.size());
    }
    const std::size_t tail = what.rfind(kExpected);
    if (tail != std::string_view::npos && what.size() - tail < 60) {
      expected = what.substr(tail + kExpected.size());
      what = what.substr(0, tail);
    }
    because = what.substr(0, std::min(what.find(kLastRead), std::size_t{160}));
    // In words that are about the text, not about the reader's grammar.
    if (expected == "string literal") expected = "a key in double quotes";
    if (expected == "'[', '{', or a literal") expected = "a value";
    if (because == "unexpected end of input") because.clear();  // what was found says so
  }
};

// Receives the reader's events and builds the tree. Between two events only white space, commas and colons
// can stand, so that a token begins where those that follow the token before it end.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view text, const std::size_t& taken) : text_(text), taken_(taken), lines_(text) {}

  bool null() override { return literal(Kind::kNull, "null"); }
  bool boolean(bool value) override { return literal(Kind::kBoolean, value ? "true" : "false"); }
  bool number_integer(number_integer_t) override { return number(); }
  bool number_unsigned(number_unsigned_t) override { return number(); }
  bool number_float(number_float_t, const string_t&) override { return number(); }
  bool binary(binary_t&) override { return false; }  // cannot stand in a text

  bool string(string_t& value) override {
    Node node = node_here(Kind::kString);
    node.text = std::move(value);
    token_end_ = taken_;
    return place(std::move(node));
  }

  bool key(string_t& value) override {
    const Position where = lines_.at(token_begin());
    token_end_ = taken_;
    if (open_.back().members.size() == kMaxMembers) {
      return refuse(where, cat("an object of at most ", kMaxMembers, " members"), "more");
    }
    if (open_.back().find(value) != nullptr) {
      report(Problem{where, pointer_to(pointer(), value), "every key only once", in_quotes(value),
                     "this object has the key already"});
    }
    open_.back().members.push_back(Member{std::move(value), where, Node{}});
    return true;
  }

  bool start_object(std::size_t) override { return start(Kind::kObject); }
  bool start_array(std::size_t) override { return start(Kind::kArray); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    const std::size_t last = taken_ == 0 ? 0 : taken_ - 1;
    const std::size_t offset = std::min(token_begin(), last);
    const SyntaxError syntax(error.what());
    const bool at_end = token_begin() >= text_.size();
    report(Problem{lines_.at(at_end ? text_.size() : offset), pointer(), syntax.expected,
                   at_end ? "the end of the text" : in_quotes(excerpt(offset)), syntax.because});
    return false;
  }

  void refuse_byte(std::size_t offset, std::string_view name) {
    report(Problem{lines_.at(offset), "", "a text in UTF-8", std::string(name), ""});
  }

  void refuse_blank(std::string_view wanted) {
    report(Problem{lines_.at(text_.size()), "", std::string(wanted), "nothing", ""});
  }
  bool is_blank() const { return token_begin() >= text_.size(); }  // before anything was read

  std::expected<Node, Problems> result() && {
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return std::move(root_);
  }

 private:
  std::size_t token_begin() const {
    std::size_t at = token_end_;
    if (at == 0 && text_.starts_with(kByteOrderMark)) at = kByteOrderMark.size();
    return std::min(text_.find_first_not_of(" \t\r\n,:", at), text_.size());
  }

  // The bytes of one token or so, at least one character.
  std::string_view excerpt(std::size_t offset) const {
    const std::string_view rest = text_.substr(offset, 20);
    const auto ends = [](char byte) { return byte <= ' ' || byte > '~'; };
    const auto plain = static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), ends) - rest.begin());
    return rest.substr(0, std::max({plain, utf8_length(rest, 0), std::size_t{1}}));
  }

  Node node_here(Kind kind) {
    Node node;
    node.kind = kind;
    node.where = lines_.at(token_begin());
    return node;
  }

  bool literal(Kind kind, std::string_view text) {
    Node node = node_here(kind);
    node.text = text;
    token_end_ = token_begin() + text.size();
    return place(std::move(node));
  }

  bool number() {
    Node node = node_here(Kind::kNumber);
    const std::size_t begin = token_begin();
    // The lexer has looked at the byte behind the number, unless the text ends with the number.
    const bool ends_text = taken_ == text_.size() && std::string_view("0123456789").contains(text_.back());
    token_end_ = ends_text ? taken_ : taken_ - 1;
    node.text = text_.substr(begin, token_end_ - begin);
    return place(std::move(node));
  }

  bool start(Kind kind) {
    Node node = node_here(kind);
    token_end_ = token_begin() + 1;
    if (open_.size() == kMaxDepth) {
      return refuse(node.where, cat("at most ", kMaxDepth, " levels of arrays and objects"), "one more");
    }
    open_.push_back(std::move(node));
    return true;
  }

  bool end() {
    token_end_ = token_begin() + 1;
    Node done = std::move(open_.back());
    open_.pop_back();
    return place(std::move(done));
  }

  bool place(Node node) {
    if (++values_ > kMaxValues) {
      return refuse(node.where, cat("at most ", kMaxValues, " values"), "more");
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().is(Kind::kArray)) {
      open_.back().items.push_back(std::move(node));
    } else {
      open_.back().members.back().value = std::move(node);
    }
    return true;
  }

  std::string pointer() const {
    std::string out;
    for (std::size_t depth = 0; depth < open_.size(); ++depth) {
      const Node& node = open_[depth];
      const bool innermost = depth + 1 == open_.size();
      if (node.is(Kind::kArray) && !innermost) out = pointer_to(out, cat(node.items.size()));
      if (node.is(Kind::kObject) && !innermost) out = pointer_to(out, node.members.back().key);
    }
    return out;
  }

  bool refuse(Position where, std::string expected, std::string found) {
    report(Problem{where, "", std::move(expected), std::move(found), ""});
    return false;
  }

  void report(Problem problem) {
    if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
  }

  std::string_view text_;
  const std::size_t& taken_;
  LineCounter lines_;
  std::size_t token_end_ = 0;
  std::size_t values_ = 0;
  std::vector<Node> open_;  // the arrays and objects around the reader's place, outermost first
  Node root_;
  Problems problems_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

std::expected<Node, Problems> parse(std::string_view text, std::string_view wanted) {
  std::size_t taken = 0;
  TreeBuilder builder(text, taken);
  // The reader would take a NUL byte for the end of the text and never see what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    builder.refuse_byte(nul, "a NUL byte");
    return std::move(builder).result();
  }
  if (builder.is_blank()) {
    builder.refuse_blank(wanted);
    return std::move(builder).result();
  }
  const CountingIterator first(text.data(), &taken);
  const CountingIterator last(text.data() + text.size(), &taken);
  nlohmann::json::sax_parse(first, last, &builder);
  return std::move(builder).result();
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Kind::kArray: return "an array";
    case Kind::kObject: return "an object";
    case Kind::kString: return in_quotes(node.text);
    default: return node.text.size() > 40 ? node.text.substr(0, 40) + "..." : node.text;
  }
}

ScaledNumber scaled(std::string_view number, int shift) {
  constexpr std::int64_t kMaxDigits = 30;
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  const std::size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  std::int64_t exponent = shift;
  if (exponent_at < number.size()) {
    const std::string_view text = number.substr(exponent_at + 1);
    std::int64_t value = 0;
    for (const char digit : text) {
      if (digit != '-' && digit != '+')
        value = std::min<std::int64_t>(value * 10 + (digit - '0'), 1'000'000'000);
    }
    exponent += text.starts_with('-') ? -value : value;
  }
  std::string digits;
  bool after_point = false;
  for (const char c : number.substr(0, exponent_at)) {
    if (c == '.') {
      after_point = true;
      continue;
    }
    if (after_point) --exponent;
    if (c != '0' || !digits.empty()) digits.push_back(c);
  }
  ScaledNumber out;
  if (digits.empty()) return out;
  const std::int64_t kept = static_cast<std::int64_t>(digits.size()) + exponent;  // digits before the point
  for (std::int64_t i = 0; i < std::min(kept, kMaxDigits); ++i) {
    const auto at = static_cast<std::size_t>(i);
    out.whole = out.whole * 10 + (at < digits.size() ? digits[at] - '0' : 0);
  }
  const std::size_t cut_from =
      static_cast<std::size_t>(std::clamp<std::int64_t>(kept, 0, static_cast<std::int64_t>(digits.size())));
  out.exact = digits.find_first_not_of('0', cut_from) == std::string::npos;
  if (kept > kMaxDigits) {
    out.whole = 1;
    for (int i = 0; i < kMaxDigits; ++i) out.whole *= 10;
    out.exact = true;
  }
  if (negative) out.whole = -out.whole - (out.exact ? 0 : 1);
  return out;
}

}  // namespace lockstep::json
