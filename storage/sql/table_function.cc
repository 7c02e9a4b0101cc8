// The virtual table without a table (https://sqlite.org/vtab.html, 2.1.2): it exists in every connection, is
// never created, and cannot be written.
#include "storage/sql/table_function.h"

#include <vector>

#include "base/text.h"

namespace lockstep::sql {
namespace {

struct Module {
  const TableFunction& function;
  Lane& lane;
};

struct Table : sqlite3_vtab {
  Table(sqlite3* connection, const Module& of) : sqlite3_vtab{}, db(connection), module(of) {}
  sqlite3* db;
  const Module& module;
};

struct FreeValue {
  void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};

struct Cursor : sqlite3_vtab_cursor {
  explicit Cursor(const Table& table)
      : sqlite3_vtab_cursor{}, rows(table.module.function.open(table.db, table.module.lane)) {}
  std::unique_ptr<RowSource> rows;
  std::vector<std::unique_ptr<sqlite3_value, FreeValue>> arguments;  // the hidden columns
  sqlite3_int64 row = 0;
};

Table& table_of(sqlite3_vtab* table) { return *static_cast<Table*>(table); }
Cursor& cursor_of(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

int refuse(sqlite3_vtab* table, const Refusal& refusal) {
  sqlite3_free(table->zErrMsg);
  table->zErrMsg = sqlite3_mprintf("%s", refusal.message.c_str());
  return refusal.code;
}

int connect(sqlite3* db, void* data, int, const char* const*, sqlite3_vtab** out, char**) {
  const auto& module = *static_cast<const Module*>(data);
  const std::string declaration = cat("CREATE TABLE x(", module.function.columns, ")");
  if (const int rc = sqlite3_declare_vtab(db, declaration.c_str()); rc != SQLITE_OK) return rc;
  sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  *out = new Table(db, module);
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete &table_of(table);
  return SQLITE_OK;
}

// Arguments are equations on hidden columns. idxNum says which of them are given: bit n for the n-th.
int best_index(sqlite3_vtab* table, sqlite3_index_info* plan) {
  const TableFunction& function = table_of(table).module.function;
  std::vector<int> given(static_cast<std::size_t>(function.arguments), -1);
  for (int at = 0; at < plan->nConstraint; ++at) {
    const auto& constraint = plan->aConstraint[at];
    if (constraint.iColumn < function.results || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (!constraint.usable) return SQLITE_CONSTRAINT;  // in another order of the join it is
    int& place = given[static_cast<std::size_t>(constraint.iColumn - function.results)];
    if (place < 0) place = at;
  }
  int next = 0;
  for (int at = 0; at < function.arguments; ++at) {
    const int place = given[static_cast<std::size_t>(at)];
    if (place < 0) {
      if (at >= function.required) continue;
      return refuse(table, {SQLITE_ERROR, cat(function.name, "(): expected at least ", function.required,
                                              function.required == 1 ? " argument" : " arguments")});
    }
    plan->aConstraintUsage[place].argvIndex = ++next;
    plan->aConstraintUsage[place].omit = 1;
    plan->idxNum |= 1 << at;
  }
  plan->estimatedRows = static_cast<sqlite3_int64>(function.rows);
  plan->estimatedCost = function.rows * 10;
  if (function.rows <= 1) plan->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  if (function.ascending && plan->nOrderBy == 1 && plan->aOrderBy[0].iColumn == 0 && !plan->aOrderBy[0].desc)
    plan->orderByConsumed = 1;
  return SQLITE_OK;
}

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  *out = new Cursor(table_of(table));
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete &cursor_of(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int given, const char*, int, sqlite3_value** values) {
  Cursor& cursor = cursor_of(base);
  const TableFunction& function = table_of(base->pVtab).module.function;
  std::vector<sqlite3_value*> arguments(static_cast<std::size_t>(function.arguments), nullptr);
  cursor.arguments.clear();
  cursor.row = 1;
  for (int at = 0; at < function.arguments; ++at) {
    if ((given >> at & 1) != 0) arguments[static_cast<std::size_t>(at)] = *values++;
    sqlite3_value* argument = arguments[static_cast<std::size_t>(at)];
    sqlite3_value* copy = argument != nullptr ? sqlite3_value_dup(argument) : nullptr;
    if (argument != nullptr && copy == nullptr) return SQLITE_NOMEM;
    cursor.arguments.emplace_back(copy);
  }
  const Accepted started = cursor.rows->start(arguments);
  return started ? SQLITE_OK : refuse(base->pVtab, started.error());
}

int next(sqlite3_vtab_cursor* cursor) {
  ++cursor_of(cursor).row;
  const Accepted moved = cursor_of(cursor).rows->next();
  return moved ? SQLITE_OK : refuse(cursor->pVtab, moved.error());
}

int at_end(sqlite3_vtab_cursor* cursor) { return cursor_of(cursor).rows->at_end() ? 1 : 0; }

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int at) {
  const Cursor& cursor = cursor_of(base);
  const int results = table_of(base->pVtab).module.function.results;
  if (at < results) {
    cursor.rows->column(context, at);
  } else if (const auto& argument = cursor.arguments[static_cast<std::size_t>(at - results)]) {
    sqlite3_result_value(context, argument.get());
  }
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
  *out = cursor_of(cursor).row;
  return SQLITE_OK;
}

// Without xCreate: it cannot be made by CREATE VIRTUAL TABLE.
constexpr sqlite3_module kCalls = [] {
  sqlite3_module calls{};
  calls.xConnect = connect;
  calls.xBestIndex = best_index;
  calls.xDisconnect = disconnect;
  calls.xOpen = open;
  calls.xClose = close;
  calls.xFilter = filter;
  calls.xNext = next;
  calls.xEof = at_end;
  calls.xColumn = column;
  calls.xRowid = rowid;
  return calls;
}();

}  // namespace

int install_table_function(sqlite3* db, Lane& lane, const TableFunction& function) {
  const auto destroy = [](void* module) { delete static_cast<Module*>(module); };
  return sqlite3_create_module_v2(db, function.name, &kCalls, new Module{function, lane}, destroy);
}

}  // namespace lockstep::sql
