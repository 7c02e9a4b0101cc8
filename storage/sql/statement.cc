// Compiling, binding and reading values.
#include "storage/sql/statement.h"

#include "base/text.h"
#include "storage/sql/sql_text.h"

namespace lockstep::sql {
namespace {

// Less than the smallest class of sizes: SQLite checks a literal only once, and those of the schema are in no
// statement's own text.
constexpr std::size_t kMaxSchemaLiteral = 1000;

struct Binder {
  sqlite3_stmt* statement;
  int position;
  int operator()(std::monostate) const { return sqlite3_bind_null(statement, position); }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, position, value); }
  int operator()(double value) const { return sqlite3_bind_double(statement, position, value); }
  int operator()(const std::string& text) const {
    return sqlite3_bind_text64(statement, position, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(const Blob& blob) const {
    // A null pointer would bind NULL.
    const char* bytes = blob.bytes.empty() ? "" : blob.bytes.data();
    return sqlite3_bind_blob64(statement, position, bytes, blob.bytes.size(), SQLITE_STATIC);
  }
};

}  // namespace

int bind_value(sqlite3_stmt* statement, int position, const Value& value) {
  return std::visit(Binder{statement, position}, value);
}

Value value_of(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return std::int64_t{sqlite3_value_int64(value)};
    case SQLITE_FLOAT: return sqlite3_value_double(value);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
      if (text == nullptr) return std::string();  // no memory: the statement fails
      return std::string(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      return Blob{Bytes(bytes, static_cast<std::size_t>(sqlite3_value_bytes(value)))};
    }
    default: return std::monostate{};
  }
}

std::size_t size_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size() + sizeof(Value);
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes.size() + sizeof(Value);
  return sizeof(Value);
}

std::expected<UserStatement*, Refusal> StatementCache::get(const std::string& text) {
  if (const auto found = by_text_.find(text); found != by_text_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return &found->second->statement;
  }
  auto compiled = compile(text);
  if (!compiled) return std::unexpected(std::move(compiled).error());
  if (compiled->facts.changes_schema) {
    uncached_ = std::move(*compiled);
    return &uncached_;
  }
  if (by_use_.size() == kCapacity) {
    by_text_.erase(by_use_.back().text);
    by_use_.pop_back();
  }
  by_use_.push_front(Cached{text, std::move(*compiled)});
  by_text_.emplace(by_use_.front().text, by_use_.begin());
  return &by_use_.front().statement;
}

void StatementCache::clear() {
  by_text_.clear();
  by_use_.clear();
  uncached_ = UserStatement{};
}

std::expected<UserStatement, Refusal> StatementCache::compile(const std::string& text) {
  const auto refused = [](int code, std::string message) {
    return std::unexpected(Refusal{code, std::move(message)});
  };
  if (text.find('\0') != std::string::npos) return refused(SQLITE_ERROR, "the statement contains a NUL byte");
  if (first_word(text) == "vacuum")
    return refused(SQLITE_AUTH, "VACUUM in a batch: it is a maintenance entry of its own");
  UserStatement out{};
  const char* tail = nullptr;
  sqlite3_stmt* handle = nullptr;
  authoriser_.note_into(out.facts);
  const int rc = sqlite3_prepare_v3(db_, text.c_str(), static_cast<int>(text.size() + 1), 0, &handle, &tail);
  authoriser_.stop_noting();
  out.handle.reset(handle);
  if (rc != SQLITE_OK) {
    if (!authoriser_.reason().empty()) return refused(SQLITE_AUTH, authoriser_.reason());
    return refused(rc, sqlite3_errmsg(db_));
  }
  if (handle == nullptr) return refused(SQLITE_ERROR, "the text contains no statement");
  if (!skip_blank(tail).empty())
    return refused(SQLITE_ERROR, "exactly one statement is expected, more text follows it");
  if (sqlite3_stmt_isexplain(handle) == 1)
    return refused(SQLITE_AUTH, "EXPLAIN: programs show where tables lie in the file");
  out.read_only = sqlite3_stmt_readonly(handle) != 0;
  out.longest_literal = longest_literal(text);
  if (out.facts.changes_schema && out.longest_literal > kMaxSchemaLiteral)
    return refused(SQLITE_AUTH, cat("a literal of more than ", kMaxSchemaLiteral,
                                    " bytes in the schema: whatever uses it would count as work on large values"));
  return out;
}

}  // namespace lockstep::sql
