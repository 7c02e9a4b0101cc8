// SQLite says where a statement ends; the rest is formats.
#include "cli/shell_text.h"

#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/table.h"

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

std::string hex_of(std::string_view bytes) {
  std::string out = "x'";
  for (const char byte : bytes) append_text(out, hex16(static_cast<unsigned char>(byte)).substr(14));
  return out + "'";
}

std::string text_of(const wire::Value& value) {
  switch (value.kind_case()) {
    case wire::Value::kInteger: return cat(value.integer());
    case wire::Value::kReal: return cat(value.real());
    case wire::Value::kText: return value.text();
    case wire::Value::kBlob: return hex_of(value.blob());
    case wire::Value::KIND_NOT_SET: return "";
  }
  return "";
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
  for (const wire::Row& row : rows.rows()) add(row.values(), text_of);
  return out;
}

std::string as_json(const wire::Rows& rows) {
  using Json = nlohmann::ordered_json;
  Json out = Json::array();
  for (const wire::Row& row : rows.rows()) {
    Json object = Json::object();
    for (int column = 0; column < rows.columns_size(); ++column) {
      const wire::Value& value = row.values(column);
      Json& cell = object[rows.columns(column)];
      if (value.has_integer()) cell = value.integer();
      if (value.has_real()) cell = value.real();
      if (value.has_text() || value.has_blob()) cell = text_of(value);
    }
    out.push_back(std::move(object));
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_table(const wire::Rows& rows) {
  TextRow headline;
  for (const std::string& name : rows.columns()) headline.push_back(in_one_line(name));
  std::vector<TextRow> lines;
  for (const wire::Row& row : rows.rows()) {
    TextRow line;
    for (const wire::Value& value : row.values()) {
      line.push_back(value.kind_case() == wire::Value::KIND_NOT_SET ? "NULL" : in_one_line(text_of(value)));
    }
    lines.push_back(std::move(line));
  }
  return to_table(headline, lines);
}

}  // namespace

std::vector<std::string> take_statements(std::string& text) {
  std::vector<std::string> out;
  for (std::size_t end = text.find(';'); end != std::string::npos;) {
    const std::string candidate = text.substr(0, end + 1);
    if (sqlite3_complete(candidate.c_str()) == 0) {
      end = text.find(';', end + 1);
      continue;
    }
    if (!verb_of(candidate).empty()) out.push_back(candidate);
    text.erase(0, end + 1);
    end = text.find(';');
  }
  return out;
}

bool is_blank_sql(std::string_view text) {
  return verb_of(text).empty() && text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

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
