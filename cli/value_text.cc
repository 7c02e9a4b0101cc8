// One kind of value after another.
#include "cli/value_text.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::cli {
namespace {

std::string blob_literal(const std::string& bytes) {
  std::string out = "x'";
  for (const char byte : bytes) append_text(out, hex16(static_cast<unsigned char>(byte)).substr(14));
  return out + "'";
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
  }
  return out + "'";
}

}  // namespace

std::string real_text(double value) {
  if (std::isinf(value)) return value < 0 ? "-Inf" : "Inf";
  std::string out = cat(value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

std::string plain_text(const wire::Value& value) {
  switch (value.kind_case()) {
    case wire::Value::kInteger: return cat(value.integer());
    case wire::Value::kReal: return real_text(value.real());
    case wire::Value::kText: return value.text();
    case wire::Value::kBlob: return blob_literal(value.blob());
    case wire::Value::KIND_NOT_SET: return "";
  }
  return "";
}

std::string literal_text(const wire::Value& value) {
  if (value.kind_case() == wire::Value::KIND_NOT_SET) return "NULL";
  return value.has_text() ? quoted(value.text()) : plain_text(value);
}

std::string json_text(const wire::Value& value) {
  if (value.kind_case() == wire::Value::KIND_NOT_SET) return "null";
  if (value.has_real() && std::isinf(value.real())) return value.real() < 0 ? "-1e999" : "1e999";
  return value.has_text() || value.has_blob() ? json_string(plain_text(value)) : plain_text(value);
}

std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace lockstep::cli
