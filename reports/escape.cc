// Byte by byte; what is not ASCII passes.
#include "reports/escape.h"

namespace lockstep::reports {

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

}  // namespace lockstep::reports
