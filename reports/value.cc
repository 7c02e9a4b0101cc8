// Printing and hashing of history values.
#include "reports/value.h"

#include "base/hash.h"
#include "base/text.h"

namespace lockstep::reports {

namespace {

struct Printer {
  std::string& out;

  void operator()(std::monostate) const { out.append("null"); }
  void operator()(bool value) const { lockstep::append_text(out, value); }
  void operator()(std::int64_t value) const { lockstep::append_text(out, value); }
  void operator()(double value) const {
    const std::size_t start = out.size();
    lockstep::append_text(out, value);
    // A real stays a real when it is read back.
    if (out.find_first_of(".e", start) == std::string::npos) out.append(".0");
  }
  void operator()(const std::string& value) const { append_quoted(out, value); }
  void operator()(const Value::Array& items) const {
    out.push_back('[');
    for (const Value& item : items) {
      if (&item != items.data()) out.push_back(',');
      append_text(out, item);
    }
    out.push_back(']');
  }
  void operator()(const Value::Object& members) const {
    out.push_back('{');
    for (const auto& member : members) {
      if (&member != members.data()) out.push_back(',');
      append_quoted(out, member.first);
      out.push_back(':');
      append_text(out, member.second);
    }
    out.push_back('}');
  }
};

}  // namespace

Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append("\\u00");
      out.push_back("0123456789abcdef"[byte >> 4]);
      out.push_back("0123456789abcdef"[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_text(std::string& out, const Value& value) { std::visit(Printer{out}, value.data_); }

std::string to_json(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

std::uint64_t Value::hash() const {
  if (const std::int64_t* number = as_integer()) {
    return hash64(BytesView(reinterpret_cast<const char*>(number), sizeof *number), 1);
  }
  if (const std::string* text = as_text()) return hash64(*text, 2);
  if (is_null()) return 3;
  return hash64(to_json(*this), 4);
}

}  // namespace lockstep::reports
