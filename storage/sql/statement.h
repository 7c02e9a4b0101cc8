// Prepared statements: our own, and a cache of the users' keyed by their text.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/sql/authoriser.h"
#include "storage/sql/value.h"

namespace lockstep::sql {

struct FinaliseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinaliseStatement>;

// The value stays SQLite's or the caller's: text and blobs must outlive the execution.
int bind_value(sqlite3_stmt* statement, int position, const Value& value);
Value value_of(sqlite3_value* value);
std::size_t size_of(const Value& value);

// How a user's statement failed, and in which words.
struct Refusal {
  int code;  // SQLite's result code; SQLITE_AUTH: refused by our rules
  std::string message;
};

struct UserStatement {
  StatementHandle handle;
  StatementFacts facts;
  bool read_only;
  std::size_t longest_literal;
  std::optional<bool> single_pass;  // storage/sql/single_pass.h; none: not looked at yet
};

// Least recently used statements go first. What a statement does never depends on whether it was cached: it
// must be emptied whenever the schema may have changed, as a cached statement would then be compiled again
// while it runs.
class StatementCache {
 public:
  StatementCache(sqlite3* db, Authoriser& authoriser) : db_(db), authoriser_(authoriser) {}

  // Compiles exactly one statement, or finds it. The pointer is valid until the next call.
  std::expected<UserStatement*, Refusal> get(const std::string& text);
  void clear();

 private:
  static constexpr std::size_t kCapacity = 256;
  struct Cached {
    std::string text;
    UserStatement statement;
  };

  std::expected<UserStatement, Refusal> compile(const std::string& text);

  sqlite3* db_;
  Authoriser& authoriser_;
  std::list<Cached> by_use_;  // most recently used first
  std::map<std::string_view, std::list<Cached>::iterator> by_text_;
  UserStatement uncached_;  // DDL is executed once
};

}  // namespace lockstep::sql
