// Sentences about problems, and names that were probably meant.
#include "json/problem.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace lockstep::json {
namespace {

constexpr std::size_t kMaxQuotedCharacters = 40;

bool is_printable(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x20 && value != 0x7F;
}

// Levenshtein's distance with one row.
std::size_t edits_between(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t substituted = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string to_text(const Problem& problem, std::string_view file) {
  std::string line = cat(file, ":", problem.where.line, ":", problem.where.column, ": ",
                         problem.pointer.empty() ? "the document" : problem.pointer, ": expected ",
                         problem.expected, ", found ", problem.found);
  if (!problem.because.empty()) append_text(line, cat(": ", problem.because));
  return line;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  std::size_t characters = 0;
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    if (++characters > kMaxQuotedCharacters) return out + "...\"";
    const std::size_t whole = utf8_length(text, at);  // 0: bytes that are not UTF-8 get as far as the JSON reader
    length = std::max<std::size_t>(whole, 1);
    if (whole == 0 || !is_printable(text[at])) {
      append_text(out, cat("\\x", hex16(static_cast<unsigned char>(text[at])).substr(14)));
    } else {
      if (text[at] == '"' || text[at] == '\\') out.push_back('\\');
      out.append(text.substr(at, length));
    }
  }
  return out + "\"";
}

std::string pointer_to(std::string_view pointer, std::string_view key) {
  std::string out = cat(pointer, "/");
  for (const char byte : key) {
    if (byte == '~') {
      out += "~0";
    } else if (byte == '/') {
      out += "~1";
    } else {
      out.push_back(byte);
    }
  }
  return out;
}

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t best_edits = text.size() / 3 + 2;  // more edits than this were not a slip of the finger
  if (text.size() > 64) return best;
  for (const std::string_view name : names) {
    const std::size_t edits = edits_between(text, name);
    if (edits < best_edits && edits < name.size()) {
      best = name;
      best_edits = edits;
    }
  }
  if (!best.empty() && best_edits == 1) return best;
  // "slow" for "disk_slow", "kill_node" for "kill": a word of a name, or a name with another word.
  constexpr std::size_t kLeast = 4;
  const auto has_word = [](std::string_view name, std::string_view word) {
    return word.size() >= kLeast && (name.starts_with(cat(word, "_")) || name.ends_with(cat("_", word)));
  };
  for (const std::string_view name : names)
    if (has_word(name, text) || has_word(text, name)) return name;
  return best;
}

std::string suggestion(std::string_view text, const std::vector<std::string_view>& names) {
  const std::string_view name = nearest(text, names);
  return name.empty() ? std::string() : cat("did you mean \"", name, "\"?");
}

Problems in_order(Problems problems) {
  std::sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where, a.pointer, a.expected) < std::tie(b.where, b.pointer, b.expected);
  });
  Problems out;
  for (Problem& problem : problems) {
    if (out.size() < kMaxProblems && std::find(out.begin(), out.end(), problem) == out.end()) {
      out.push_back(std::move(problem));
    }
  }
  return out;
}

}  // namespace lockstep::json
