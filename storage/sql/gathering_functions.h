// Aggregates that gather many small values into one large one, charged for their bytes and not by the size of
// the result.
#pragma once

#include <sqlite3.h>

#include <string>

#include "storage/sql/lane.h"

namespace lockstep::sql {

// They replace group_concat, json_group_array and json_group_object: SQLite's own would make every operation
// of the statement count as one on large values, though only the result is large. From the moment that there
// is one, operations do.
//
// And count: SQLite's own counts a whole table within one operation.
class GatheringFunctions {
 public:
  GatheringFunctions() = default;
  ~GatheringFunctions();
  GatheringFunctions(const GatheringFunctions&) = delete;
  GatheringFunctions& operator=(const GatheringFunctions&) = delete;

  // SQLite's result code. `builtins`: a connection with SQLite's own functions, which outlives this.
  int install(sqlite3* db, sqlite3* builtins, Lane& lane);

 private:
  enum class Kind { kText, kArray, kObject };
  struct Function {
    Kind kind;
    GatheringFunctions* all;
  };
  struct Gathered;

  static void step(sqlite3_context* context, int count, sqlite3_value** arguments);
  static void leave(sqlite3_context* context, int count, sqlite3_value** arguments);
  static void look(sqlite3_context* context);
  static void finish(sqlite3_context* context);
  static void give(sqlite3_context* context, const Function& function, const Gathered* gathered);
  // What SQLite would write for it; false: it is an error, which has been given.
  bool quote(sqlite3_context* context, sqlite3_value* value, std::string& out);
  bool run(sqlite3_context* context, sqlite3_stmt* statement, sqlite3_value* value, std::string& out);
  bool quote_name(sqlite3_context* context, sqlite3_value* value, std::string& out);

  Lane* lane_ = nullptr;
  sqlite3* builtins_ = nullptr;
  sqlite3_stmt* quote_ = nullptr;
  sqlite3_stmt* quote_json_ = nullptr;
  sqlite3_stmt* quote_text_ = nullptr;
  Function text_{Kind::kText, this};
  Function array_{Kind::kArray, this};
  Function object_{Kind::kObject, this};
};

}  // namespace lockstep::sql
