// Markup byte by byte, where what is not ASCII passes; for terminals character by character.
#include "reports/escape.h"

#include "base/utf8.h"

namespace lockstep::reports {
namespace {

// U+0000 to U+001F, U+007F to U+009F.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out.push_back("0123456789abcdef"[byte >> 4]);
    out.push_back("0123456789abcdef"[byte & 15]);
  }
}

std::string for_terminal(std::string_view text, bool keeps_line_ends) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_length(text, 0);
    const std::string_view character = text.substr(0, size == 0 ? 1 : size);
    if ((keeps_line_ends && character == "\n") || (size > 0 && !is_control(character))) {
      out += character;
    } else {
      append_escaped(out, character);
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::string escaped_markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') {
          out += "\xef\xbf\xbd";
        } else {
          out.push_back(c);
        }
    }
  }
  return out;
}

std::string escaped_markdown(std::string_view text) {
  static constexpr std::string_view kFormats = "\\`*_{}[]<>#|~&";
  std::string out;
  for (const char c : text) {
    if (kFormats.find(c) != kFormats.npos) out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out;
}

std::string escaped_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string escaped_terminal(std::string_view text) { return for_terminal(text, false); }
std::string escaped_terminal_lines(std::string_view text) { return for_terminal(text, true); }

}  // namespace lockstep::reports
