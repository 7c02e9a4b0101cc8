// Blanks and names of SQL, by SQLite's rules.
#include "storage/sql/sql_text.h"

#include <algorithm>

namespace lockstep::sql {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_word(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_'; }

std::string_view drop_through(std::string_view text, std::string_view end, std::size_t from) {
  const std::size_t at = text.find(end, from);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + end.size());
}

}  // namespace

std::string fold(std::string_view name) {
  std::string folded(name);
  std::ranges::transform(folded, folded.begin(), lower);
  return folded;
}

std::string_view skip_blank(std::string_view text) {
  while (!text.empty()) {
    if (text.starts_with("--"))
      text = drop_through(text, "\n", 2);
    else if (text.starts_with("/*"))
      text = drop_through(text, "*/", 2);
    else if (std::string_view(" \t\n\f\r;").find(text.front()) != std::string_view::npos)
      text.remove_prefix(1);
    else
      break;
  }
  return text;
}

std::string first_word(std::string_view text) {
  text = skip_blank(text);
  return fold(
      text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_word) - text.begin())));
}

std::size_t longest_literal(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const char open = text.front();
    if (text.starts_with("--") || text.starts_with("/*")) {
      text = drop_through(text, text.starts_with("--") ? "\n" : "*/", 2);
      continue;
    }
    if (std::string_view("'\"`[").find(open) == std::string_view::npos) {
      text.remove_prefix(1);
      continue;
    }
    const char close = open == '[' ? ']' : open;
    std::size_t end = 1;  // a doubled quote stands for itself
    while (end < text.size() && (text[end] != close || text.substr(end + 1).starts_with(close)))
      end += text[end] == close ? 2 : 1;
    if (open == '\'') longest = std::max(longest, end + 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

}  // namespace lockstep::sql
