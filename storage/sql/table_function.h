// Table-valued functions: what SQLite asks of a virtual table, so that a function need only say its rows.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <span>

#include "storage/sql/lane.h"
#include "storage/sql/statement.h"

namespace lockstep::sql {

using Accepted = std::expected<void, Refusal>;
// One for each that the function can have; nullptr: left out. SQLite's, during the call.
using Arguments = std::span<sqlite3_value* const>;

// The rows of one call, one after another.
class RowSource {
 public:
  virtual ~RowSource() = default;
  // Stands at the first row afterwards. May be called again, with other arguments.
  virtual Accepted start(Arguments arguments) = 0;
  virtual Accepted next() = 0;
  virtual bool at_end() const = 0;
  // Of the row at which it stands.
  virtual void column(sqlite3_context* context, int column) const = 0;
};

struct TableFunction {
  const char* name;
  const char* columns;  // declarations: first those of the rows, then the arguments, each HIDDEN
  int results;          // columns of the rows
  int arguments;        // of which the first `required` cannot be left out
  int required;
  bool ascending;  // rows come in the order of their first column
  double rows;     // how many to expect, for the planner
  std::unique_ptr<RowSource> (*open)(sqlite3* db, Lane& lane);
};

// Readable everywhere, in views and triggers too: it must show nothing that a statement could not read.
// `function` and `lane` outlive the connection. SQLite's result code: there may be no memory.
int install_table_function(sqlite3* db, Lane& lane, const TableFunction& function);

}  // namespace lockstep::sql
