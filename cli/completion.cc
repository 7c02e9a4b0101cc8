// Dot commands by their table, everything else by SQLite's list of keywords and the names of the schema.
#include "cli/completion.h"

#include <sqlite3.h>

#include <algorithm>
#include <cctype>

namespace lockstep::cli {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), text.begin(),
                                                       [](char a, char b) { return lower(a) == lower(b); });
}

void add(Completion& out, const std::vector<std::string>& words, std::string_view beginning) {
  for (const std::string& word : words)
    if (begins_with(word, beginning)) out.candidates.push_back(word);
}

void add_keywords(Completion& out, std::string_view beginning) {
  const bool in_lower_case = std::islower(static_cast<unsigned char>(beginning[0])) != 0;
  for (int i = 0; i < sqlite3_keyword_count(); ++i) {
    const char* begin = nullptr;
    int size = 0;
    if (sqlite3_keyword_name(i, &begin, &size) != SQLITE_OK) continue;
    std::string word(begin, static_cast<std::size_t>(size));
    if (!begins_with(word, beginning)) continue;
    if (in_lower_case) std::ranges::transform(word, word.begin(), lower);
    out.candidates.push_back(std::move(word));
  }
}

Completion complete_command(std::string_view line, const Vocabulary& vocabulary) {
  Completion out;
  const std::size_t blank = line.find_first_of(" \t");
  if (blank == std::string_view::npos) {
    for (const Vocabulary::Command& command : vocabulary.commands) add(out, {command.name}, line);
    return out;
  }
  out.begin = std::min(line.find_first_not_of(" \t", blank), line.size());
  for (const Vocabulary::Command& command : vocabulary.commands) {
    if (command.name != line.substr(0, blank)) continue;
    add(out, command.values, line.substr(out.begin));
    if (command.takes_table) add(out, vocabulary.tables, line.substr(out.begin));
  }
  return out;
}

Completion complete_sql(std::string_view line, const Vocabulary& vocabulary) {
  Completion out{.begin = line.size(), .candidates = {}};
  while (out.begin > 0 && is_word(line[out.begin - 1])) --out.begin;
  const std::string_view word = line.substr(out.begin);
  if (word.empty()) return out;
  add_keywords(out, word);
  add(out, vocabulary.tables, word);
  add(out, vocabulary.columns, word);
  return out;
}

}  // namespace

Completion complete(std::string_view line, const Vocabulary& vocabulary) {
  Completion out =
      line.starts_with('.') ? complete_command(line, vocabulary) : complete_sql(line, vocabulary);
  std::ranges::sort(out.candidates);
  const auto repeated = std::ranges::unique(out.candidates);
  out.candidates.erase(repeated.begin(), repeated.end());
  return out;
}

std::string common_beginning(const std::vector<std::string>& words) {
  std::string out = words.front();
  for (const std::string& word : words) {
    const auto end = std::ranges::mismatch(out, word).in1;
    out.erase(end, out.end());
  }
  return out;
}

}  // namespace lockstep::cli
