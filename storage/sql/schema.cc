// Reading the schema and scanning tables.
#include "storage/sql/schema.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "storage/sql/row_hash.h"
#include "storage/sql/sql_text.h"

namespace lockstep::sql {
namespace {

// As PRAGMA table_xinfo reports it.
struct Column {
  std::string name;
  bool has_default;
  bool primary_key;
  bool is_virtual;
};

struct Table {
  std::vector<Column> columns;
  bool has_rowid = true;
  std::string rowid_name;  // one of SQLite's three names that no column hides; empty if there is none
};

std::string text_at(sqlite3_stmt* row, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text == nullptr ? std::string()
                         : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

// Calls visit(row) for each row of our own query.
template <class Visit>
Status for_each_row(Connection& connection, const std::string& sql, const std::vector<Value>& parameters,
                    Visit&& visit) {
  Authoriser::Trusted trusted(connection.authoriser());
  LOCKSTEP_TRY(statement, connection.prepare(sql));
  int position = 0;
  for (const Value& value : parameters) {
    ++position;
    CHECK(bind_value(statement.get(), position, value) == SQLITE_OK, sql);
  }
  int rc;
  while ((rc = sqlite3_step(statement.get())) == SQLITE_ROW) visit(statement.get());
  if (rc != SQLITE_DONE || connection.lane().fault) return std::unexpected(connection.failure(rc, sql));
  return {};
}

Result<Table> describe(Connection& connection, const std::string& name) {
  Table table;
  LOCKSTEP_TRY_STATUS(for_each_row(
      connection, "SELECT name, dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1, 'main')",
      {name}, [&](sqlite3_stmt* row) {
        table.columns.push_back({text_at(row, 0), sqlite3_column_int(row, 1) != 0,
                                 sqlite3_column_int(row, 2) != 0, sqlite3_column_int(row, 3) == 2});
      }));
  LOCKSTEP_TRY_STATUS(
      for_each_row(connection, "SELECT wr FROM pragma_table_list(?1) WHERE schema = 'main'", {name},
                   [&](sqlite3_stmt* row) { table.has_rowid = sqlite3_column_int(row, 0) == 0; }));
  for (const std::string_view candidate : {"rowid", "_rowid_", "oid"}) {
    const bool hidden =
        std::ranges::any_of(table.columns, [&](const Column& c) { return fold(c.name) == candidate; });
    if (hidden) continue;
    table.rowid_name = candidate;
    break;
  }
  return table;
}

// A query for key and stored columns, as the pre-update hook shows them.
std::string scan_query(const std::string& name, const Table& table) {
  std::string sql = table.has_rowid ? cat("SELECT ", table.rowid_name) : std::string("SELECT 0");
  for (const Column& column : table.columns)
    if (!column.is_virtual) sql += cat(", ", quoted(column.name));
  return cat(sql, " FROM main.", quoted(name));
}

constexpr std::string_view kSchemaQuery =
    "SELECT 0, type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_lockstep\\_%' ESCAPE "
    "'\\'";

}  // namespace

Result<std::vector<std::string>> user_tables(Connection& connection) {
  std::vector<std::string> names;
  LOCKSTEP_TRY_STATUS(for_each_row(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'", {},
                                   [&](sqlite3_stmt* row) {
                                     std::string name = fold(text_at(row, 0));
                                     if (!is_system_table(name) && !is_own_table(name))
                                       names.push_back(std::move(name));
                                   }));
  return names;
}

Result<std::string> objection_to(Connection& connection, const std::string& name) {
  LOCKSTEP_TRY(table, describe(connection, name));
  if (!table.has_rowid) return std::string();
  // Then its rows could not be told apart by a scan.
  if (table.rowid_name.empty()) return cat("table ", name, " hides all three names of the rowid");
  // Then the pre-update hook confuses the two columns (it counts one in storage order, the other in table
  // order).
  const auto first_virtual = std::ranges::find_if(table.columns, &Column::is_virtual);
  const bool key_follows =
      std::any_of(first_virtual, table.columns.end(), [](const Column& c) { return c.primary_key; });
  if (key_follows) return cat("table ", name, " has a virtual column before its primary key");
  return std::string();
}

Result<std::string> misnamed_object(Connection& connection) {
  std::string found;
  LOCKSTEP_TRY_STATUS(for_each_row(connection, "SELECT name FROM sqlite_schema", {}, [&](sqlite3_stmt* row) {
    const std::string name = fold(text_at(row, 0));
    if (is_own_table(name) && name != "_lockstep_state") found = name;
  }));
  return found;
}

Result<std::string> objection_to_triggers(Connection& connection, const std::string& name) {
  std::string assignments;
  LOCKSTEP_TRY_STATUS(for_each_row(connection, "SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE hidden = 0",
                                   {name}, [&](sqlite3_stmt* row) {
                                     const std::string column = quoted(text_at(row, 0));
                                     assignments += cat(assignments.empty() ? "" : ", ", column, " = ", column);
                                   }));
  const std::string table = cat("main.", quoted(name));
  for (const std::string& sql : {cat("INSERT INTO ", table, " DEFAULT VALUES"),
                                 cat("UPDATE ", table, " SET ", assignments), cat("DELETE FROM ", table)}) {
    const auto compiled = connection.statements().get(sql);
    if (connection.lane().fault) return std::unexpected(*connection.lane().fault);
    // Other errors may be mended later: a trigger may name tables that do not exist yet.
    if (!compiled && compiled.error().code == SQLITE_AUTH)
      return cat("a trigger of ", name, ": ", compiled.error().message);
  }
  return std::string();
}

Result<std::uint64_t> scan_sum(Connection& connection, std::string_view name) {
  std::string sql(kSchemaQuery);
  if (name != kSchemaTable) {
    LOCKSTEP_TRY(table, describe(connection, std::string(name)));
    sql = scan_query(std::string(name), table);
  }
  std::uint64_t sum = 0;
  RowHasher hasher;
  LOCKSTEP_TRY_STATUS(for_each_row(connection, sql, {}, [&](sqlite3_stmt* row) {
    hasher.begin(sqlite3_column_int64(row, 0));
    std::uint64_t bytes = 0;
    for (int column = 1; column < sqlite3_column_count(row); ++column) {
      hasher.add(sqlite3_column_value(row, column));
      const int type = sqlite3_column_type(row, column);
      if (type == SQLITE_TEXT || type == SQLITE_BLOB)
        bytes += static_cast<std::uint64_t>(sqlite3_column_bytes(row, column));
    }
    sum += hasher.finish();
    // One change of the schema may be as much work as its table is large, the next in the same batch may not.
    connection.lane().budget.spend(10 + bytes / 16);
  }));
  return sum;
}

Result<std::map<std::string, std::uint64_t>> scan_all_sums(Connection& connection) {
  std::map<std::string, std::uint64_t> sums;
  LOCKSTEP_TRY(names, user_tables(connection));
  names.emplace_back(kSchemaTable);
  for (const std::string& name : names) {
    LOCKSTEP_TRY(sum, scan_sum(connection, name));
    sums.emplace(name, sum);
  }
  return sums;
}

Status rewrite_rows(Connection& connection, const std::string& name) {
  LOCKSTEP_TRY(table, describe(connection, name));
  const auto changed = std::ranges::find_if(table.columns, &Column::has_default);
  if (changed == table.columns.end()) return {};
  CHECK(sqlite3_db_config(connection.db(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr) == SQLITE_OK);
  const std::string column = quoted(changed->name);
  const Status done =
      connection.run(cat("UPDATE main.", quoted(name), " SET ", column, " = ", column).c_str());
  CHECK(sqlite3_db_config(connection.db(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, nullptr) == SQLITE_OK);
  return done;
}

Result<bool> is_autoincrement(Connection& connection, const std::string& table) {
  bool counted = false;
  bool any = false;
  const auto exists = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'";
  LOCKSTEP_TRY_STATUS(for_each_row(connection, exists, {}, [&](sqlite3_stmt*) { any = true; }));
  if (!any) return false;
  LOCKSTEP_TRY_STATUS(for_each_row(connection, "SELECT 1 FROM sqlite_sequence WHERE name = ?1 COLLATE NOCASE",
                                   {table}, [&](sqlite3_stmt*) { counted = true; }));
  return counted;
}

}  // namespace lockstep::sql
