// Widths first, then lines.
#include "cli/table.h"

#include <algorithm>

#include "base/characters.h"

namespace lockstep::cli {
namespace {

bool looks_like_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.e+-") == std::string_view::npos &&
         text[0] >= '0' && text[0] <= '9';
}

// A column of addresses has points and digits too; they hold colons.
bool is_numeric(const std::vector<TextRow>& rows, std::size_t column) {
  bool any = false;
  for (const TextRow& row : rows) {
    if (row[column].empty()) continue;
    if (!looks_like_number(row[column])) return false;
    any = true;
  }
  return any;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string to_table(const TextRow& headline, const std::vector<TextRow>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t column = 0; column < headline.size(); ++column) {
    std::size_t widest = width_of(headline[column]);
    for (const TextRow& row : rows) widest = std::max(widest, width_of(row[column]));
    widths.push_back(widest);
    right.push_back(is_numeric(rows, column));
  }
  std::string out;
  const auto add = [&](const TextRow& row) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string padding(widths[column] - width_of(row[column]), ' ');
      if (column > 0) line += "  ";
      line += right[column] ? padding + row[column] : row[column] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add(headline);
  TextRow dashes;
  for (const std::size_t width : widths) dashes.emplace_back(width, '-');
  add(dashes);
  for (const TextRow& row : rows) add(row);
  return out;
}

std::string to_columns(const std::vector<std::string>& words, std::size_t width) {
  std::size_t widest = 0;
  for (const std::string& word : words) widest = std::max(widest, width_of(word));
  const std::size_t columns = std::max<std::size_t>(1, width / (widest + 2));
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool ends_line = (i + 1) % columns == 0 || i + 1 == words.size();
    out += words[i] + (ends_line ? "\n" : std::string(widest + 2 - width_of(words[i]), ' '));
  }
  return out;
}

}  // namespace lockstep::cli
