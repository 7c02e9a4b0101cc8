// Exact integers, reals that stay reals, bytes that are no text.
#include "net/api/json_values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace lockstep::api {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kDigitValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  return values;
}();

bool read_whole(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

void read_number(const json::Cursor& at, wire::Value& out) {
  const std::string_view text = at.text();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t whole = 0;
    if (!read_whole(text, whole)) {
      at.refuse("an integer of 64 bits, from -9223372036854775808 to 9223372036854775807");
    }
    return out.set_integer(whole);
  }
  double real = 0;
  std::from_chars(text.data(), text.data() + text.size(), real);
  out.set_real(real);
}

void read_bytes(const json::Cursor& at, Bytes& out) {
  auto bytes = at.node().is(json::Kind::kString)
                   ? from_base64(at.text())
                   : Result<Bytes>(fail(ErrorCode::kInvalidArgument, "expected a string"));
  if (bytes) {
    out = std::move(*bytes);
  } else {
    at.refuse("a string of base64 digits", bytes.error().message);
  }
}

// {"integer": "5"} and its kind.
void read_named(const json::Cursor& at, wire::Value& out) {
  const auto& members = at.node().members;
  const std::string_view name = members.size() == 1 ? std::string_view(members.front().key) : "";
  if (name == "blob") return read_bytes(*at.member(name), *out.mutable_blob());
  if (name == "text_base64") return read_bytes(*at.member(name), *out.mutable_text());
  if (name == "integer") {
    std::int64_t whole = 0;
    const json::Cursor digits = *at.member(name);
    if (!read_whole(digits.text(), whole)) digits.refuse("the digits of an integer of 64 bits, in a string");
    return out.set_integer(whole);
  }
  if (name == "real") {
    const json::Cursor word = *at.member(name);
    if (word.text() != "Infinity" && word.text() != "-Infinity") word.refuse("\"Infinity\" or \"-Infinity\"");
    return out.set_real(word.text().starts_with('-') ? -INFINITY : INFINITY);
  }
  at.refuse("a value: null, a number, a string, or an object with one of blob, integer, real, text_base64");
}

void write_real(JsonWriter& json, double real) {
  if (std::isinf(real)) {
    json.open_object().member("real", real < 0 ? "-Infinity" : "Infinity").close_object();
    return;
  }
  std::string text = cat(real);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  json.raw(text);
}

}  // namespace

void read_value(const json::Cursor& at, wire::Value& out) {
  switch (at.node().kind) {
    case json::Kind::kNull: return out.Clear();
    case json::Kind::kBoolean: return out.set_integer(at.text() == "true" ? 1 : 0);  // as SQLite reads TRUE
    case json::Kind::kNumber: return read_number(at, out);
    case json::Kind::kString: return out.set_text(std::string(at.text()));
    case json::Kind::kArray: return at.refuse("a value, not an array");
    case json::Kind::kObject: return read_named(at, out);
  }
}

void write_value(JsonWriter& json, const wire::Value& value) {
  switch (value.kind_case()) {
    case wire::Value::KIND_NOT_SET: json.null(); return;
    case wire::Value::kInteger: json.value(value.integer()); return;
    case wire::Value::kReal: write_real(json, value.real()); return;
    case wire::Value::kBlob:
      json.open_object().member("blob", to_base64(value.blob())).close_object();
      return;
    case wire::Value::kText:
      if (is_utf8(value.text())) {
        json.value(value.text());
      } else {
        json.open_object().member("text_base64", to_base64(value.text())).close_object();
      }
      return;
  }
}

void write_rows(JsonWriter& json, const wire::Rows& rows) {
  json.key("columns").open_array();
  for (const std::string& column : rows.columns()) json.value(column);
  json.close_array().key("rows").open_array();
  for (const wire::Row& row : rows.rows()) {
    json.open_array();
    for (const wire::Value& value : row.values()) write_value(json, value);
    json.close_array();
  }
  json.close_array();
}

std::string to_base64(BytesView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    const std::size_t digits = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) text += k < digits ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::kInvalidArgument, "its length must be a multiple of four");
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char digit : text) {
    const std::int8_t value = kDigitValues[static_cast<unsigned char>(digit)];
    if (value < 0) return fail(ErrorCode::kInvalidArgument, "it has a character that is no digit of base64");
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFF);
  }
  if ((bits & ((1U << held) - 1)) != 0)
    return fail(ErrorCode::kInvalidArgument, "its last digit says more than whole bytes");
  return bytes;
}

}  // namespace lockstep::api
