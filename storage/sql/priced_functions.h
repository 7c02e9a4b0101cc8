// Functions whose work may be far more than one operation, charged for their bytes.
#pragma once

#include <sqlite3.h>

#include <list>
#include <memory>
#include <string>

#include "storage/sql/lane.h"

namespace lockstep::sql {

// Bytes that are read, parsed or written in about the time of an operation.
inline constexpr std::uint64_t kBytesPerOperation = 16;

// The end of a function that may cost no more.
void interrupt(sqlite3_context* context);

// They replace the builtins of the same names on one connection, charge its budget, and let the builtins do
// the work on another connection that holds nothing: SQLite has no other way to call what was replaced.
class PricedFunctions {
 public:
  PricedFunctions();
  ~PricedFunctions();
  PricedFunctions(const PricedFunctions&) = delete;
  PricedFunctions& operator=(const PricedFunctions&) = delete;

  // SQLite's result code. `like`: also LIKE and GLOB, which then find no index to help them.
  int install(sqlite3* db, Lane& lane, const char* vfs, bool like);
  // A connection with SQLite's own functions, once installed.
  sqlite3* builtins() { return builtins_; }

 private:
  struct Function;
  static void call(sqlite3_context* context, int count, sqlite3_value** arguments);

  sqlite3* builtins_ = nullptr;
  std::list<Function> functions_;
};

}  // namespace lockstep::sql
