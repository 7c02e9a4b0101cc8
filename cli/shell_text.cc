// SQLite says where a statement ends; the rest is formats.
#include "cli/shell_text.h"

#include <sqlite3.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cli/table.h"
#include "cli/value_text.h"

namespace lockstep::cli {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Calls visit(word, depth) for every word outside quotes and comments until it returns true.
template <class Visit>
void walk_words(std::string_view text, const Visit& visit) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (text.substr(at, 2) == "--") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else if (c == '\'' || c == '"' || c == '`' || c == '[') {
      const std::size_t end = text.find(c == '[' ? ']' : c, at + 1);
      at = end == std::string_view::npos ? text.size() : end + 1;
    } else if (is_word(c)) {
      std::size_t end = at;
      while (end < text.size() && is_word(text[end])) ++end;
      std::string word(text.substr(at, end - at));
      std::transform(word.begin(), word.end(), word.begin(),
                     [](unsigned char byte) { return std::tolower(byte); });
      if (visit(word, depth)) return;
      at = end;
    } else {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      ++at;
    }
  }
}

// A cell of a table stays in its line and cannot upset a terminal.
std::string in_one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  return text;
}

std::string in_csv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

std::string as_csv(const wire::Rows& rows) {
  std::string out;
  const auto add = [&](const auto& cells, const auto& text) {
    bool first = true;
    for (const auto& cell : cells) {
      append_text(out, cat(first ? "" : ",", in_csv(text(cell))));
      first = false;
    }
    out += "\r\n";
  };
  add(rows.columns(), [](const std::string& name) { return name; });
  for (const wire::Row& row : rows.rows()) add(row.values(), plain_text);
  return out;
}

// By hand: two columns of a name, exact integers, reals that stay reals.
std::string as_json(const wire::Rows& rows) {
  std::string out = "[";
  for (const wire::Row& row : rows.rows()) {
    out += out.size() > 1 ? ",\n{" : "{";
    for (int column = 0; column < rows.columns_size(); ++column) {
      append_text(out, cat(column > 0 ? "," : "", json_string(rows.columns(column)), ":",
                           json_text(row.values(column))));
    }
    out += "}";
  }
  return out + "]\n";
}

std::string as_table(const wire::Rows& rows) {
  TextRow headline;
  for (const std::string& name : rows.columns()) headline.push_back(in_one_line(name));
  std::vector<TextRow> lines;
  for (const wire::Row& row : rows.rows()) {
    TextRow line;
    for (const wire::Value& value : row.values()) {
      line.push_back(value.kind_case() == wire::Value::KIND_NOT_SET ? "NULL"
                                                                    : in_one_line(plain_text(value)));
    }
    lines.push_back(std::move(line));
  }
  return to_table(headline, lines);
}

}  // namespace

std::optional<std::string> take_statement(std::string& text) {
  for (std::size_t end = text.find(';'); end != std::string::npos; end = text.find(';', end + 1)) {
    std::string statement = text.substr(0, end + 1);
    if (sqlite3_complete(statement.c_str()) == 0) continue;
    text.erase(0, end + 1);
    return statement;
  }
  return std::nullopt;
}

std::size_t begin_of(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text.substr(at, 2) == "--") {
      end = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t close = text.find("*/", at + 2);
      if (close == std::string_view::npos) return at;
      end = close + 2;
    } else if (text.find_first_of(" \t\r\n\f;", at) != at) {
      return at;
    }
    at = end;
  }
  return text.size();
}

bool is_blank_sql(std::string_view text) { return begin_of(text) == text.size(); }

std::string verb_of(std::string_view statement) {
  std::string out;
  bool with = false;
  walk_words(statement, [&](const std::string& word, int depth) {
    if (!with && word == "with") {
      with = true;
      return false;
    }
    const bool is_verb = word == "select" || word == "values" || word == "insert" || word == "update" ||
                         word == "delete" || word == "replace";
    if (with && (depth != 0 || !is_verb)) return false;
    out = word;
    return true;
  });
  return out;
}

bool is_query(std::string_view statement) {
  const std::string verb = verb_of(statement);
  return verb == "select" || verb == "values" || verb == "explain" || verb == "pragma";
}

std::string to_text(const wire::Rows& rows, OutputMode mode) {
  if (rows.columns_size() == 0) return {};
  switch (mode) {
    case OutputMode::kTable: return as_table(rows);
    case OutputMode::kCsv: return as_csv(rows);
    case OutputMode::kJson: return as_json(rows);
  }
  return {};
}

}  // namespace lockstep::cli
