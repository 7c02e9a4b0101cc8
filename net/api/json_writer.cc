// Strings of JSON.
#include "net/api/json_writer.h"

#include "base/utf8.h"


namespace lockstep::api {
namespace {

void append_escape(std::string& out, unsigned char byte) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: out += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}; return;
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const std::size_t valid = valid_utf8_prefix(text);
    for (const char letter : text.substr(0, valid)) {
      const auto byte = static_cast<unsigned char>(letter);
      if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F) {
        append_escape(out, byte);
      } else {
        out += letter;
      }
    }
    if (valid == text.size()) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(valid + 1);
  }
  out += '"';
}

bool is_utf8(std::string_view bytes) { return valid_utf8_prefix(bytes) == bytes.size(); }

}  // namespace lockstep::api
