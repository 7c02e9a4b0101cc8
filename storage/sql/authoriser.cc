// The rules, one function per kind of action (https://sqlite.org/c3ref/c_alter_table.html names the
// arguments).
#include "storage/sql/authoriser.h"

#include <algorithm>

#include "base/check.h"
#include "storage/sql/functions.h"
#include "storage/sql/sql_text.h"

namespace lockstep::sql {
namespace {

// Sorted. They only describe the schema, and say the same on every replica.
constexpr std::string_view kPragmas[] = {"foreign_key_list", "index_info", "index_list",
                                         "index_xinfo",      "table_info", "table_xinfo"};
static_assert(std::ranges::is_sorted(kPragmas));

void add_unique(std::vector<std::string>& names, std::string_view name) {
  if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
}

std::string_view view_of(const char* text) {
  return text != nullptr ? std::string_view(text) : std::string_view();
}

// Which argument names the table (or view) that a DDL action is about.
bool second_names_table(int action) {
  switch (action) {
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_ALTER_TABLE: return true;
    default: return false;
  }
}

}  // namespace

void Authoriser::install(sqlite3* db) { CHECK(sqlite3_set_authorizer(db, callback, this) == SQLITE_OK); }

int Authoriser::callback(void* self, int action, const char* first, const char* second, const char* database,
                         const char*) {
  auto& authoriser = *static_cast<Authoriser*>(self);
  if (authoriser.trusted_ > 0) return SQLITE_OK;
  // CREATE TABLE temp.x has no action of its own.
  const bool alters = authoriser.facts_ != nullptr && authoriser.facts_->alters;
  if (view_of(database) == "temp" && !alters)
    return authoriser.refuse("temporary objects: they belong to one connection");
  return authoriser.decide(action, view_of(first), view_of(second));
}

int Authoriser::refuse(std::string reason) {
  if (reason_.empty()) reason_ = std::move(reason);
  return SQLITE_DENY;
}

int Authoriser::decide(int action, std::string_view first, std::string_view second) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_REINDEX: return SQLITE_OK;
    case SQLITE_READ: return decide_read(first, second);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: return decide_write(first);
    case SQLITE_FUNCTION: return decide_function(second);
    case SQLITE_PRAGMA: return decide_pragma(first);
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT: return refuse("transaction control: a batch is a transaction already");
    case SQLITE_ATTACH:
    case SQLITE_DETACH: return refuse("ATTACH: other databases are not replicated");
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE: return refuse("virtual tables: their state does not follow savepoints");
    case SQLITE_ANALYZE: return refuse("ANALYZE in a batch: it is a maintenance entry of its own");
    default: return decide_schema(action, first, second);
  }
}

int Authoriser::decide_read(std::string_view table, std::string_view column) {
  const std::string name = fold(table);
  if (is_own_table(name)) return refuse(cat("reading ", name, ": it belongs to the machine"));
  if (name.starts_with("pragma_")) {
    if (!std::ranges::binary_search(kPragmas, std::string_view(name).substr(7)))
      return refuse(cat("the pragma function ", name));
    return SQLITE_OK;
  }
  if (name == "dbstat" || name == "sqlite_stmt" || name == "sqlite_dbpage")
    return refuse(cat("reading ", name, ": it shows this node's file or connection, not the data"));
  // Where a table begins in the file depends on how entries were grouped: it reads as NULL.
  const bool is_schema = name == "sqlite_master" || name == "sqlite_schema";
  return is_schema && fold(column) == "rootpage" ? SQLITE_IGNORE : SQLITE_OK;
}

int Authoriser::decide_write(std::string_view table) {
  const std::string name = fold(table);
  if (is_own_table(name)) return refuse(cat("writing ", name, ": it belongs to the machine"));
  if (is_system_table(name)) {
    // DDL maintains these itself; SQLite lets nobody else write sqlite_master.
    const bool by_ddl = facts_ != nullptr && facts_->changes_schema;
    if (by_ddl || name == "sqlite_master" || name == "sqlite_schema") return SQLITE_OK;
    return refuse(cat("writing ", name, ": SQLite maintains it"));
  }
  if (facts_ != nullptr) add_unique(facts_->written, name);
  return SQLITE_OK;
}

int Authoriser::decide_schema(int action, std::string_view first, std::string_view second) {
  const std::string table = fold(second_names_table(action) ? second : first);
  const std::string object = fold(first);
  if (is_own_table(table) || is_own_table(object))
    return refuse(
        cat("changing ", is_own_table(table) ? table : object, ": the name belongs to the machine"));
  switch (action) {
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_VIEW:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_ALTER_TABLE: break;
    default: return refuse(cat("action ", action, " of SQLite's authoriser"));
  }
  if (facts_ == nullptr) return SQLITE_OK;
  facts_->changes_schema = true;
  if (action == SQLITE_ALTER_TABLE) facts_->alters = true;
  if (action == SQLITE_CREATE_TRIGGER) facts_->creates_trigger = true;
  add_unique(facts_->written, table);
  if (action == SQLITE_ALTER_TABLE || action == SQLITE_CREATE_TABLE) add_unique(facts_->altered, table);
  return SQLITE_OK;
}

int Authoriser::decide_function(std::string_view name) {
  const std::string folded = fold(name);
  if (folded == "changes" && facts_ != nullptr) facts_->calls_changes = true;
  if (function_allowed(folded)) return SQLITE_OK;
  // ALTER TABLE is implemented with functions that user SQL cannot name.
  const bool of_alter = folded.starts_with("sqlite_rename_") || folded == "sqlite_drop_column";
  if (of_alter && facts_ != nullptr && facts_->changes_schema) return SQLITE_OK;
  return refuse(refusal_of_function(folded));
}

int Authoriser::decide_pragma(std::string_view name) {
  const std::string folded = fold(name);
  if (std::ranges::binary_search(kPragmas, std::string_view(folded))) return SQLITE_OK;
  return refuse(cat("PRAGMA ", folded));
}

}  // namespace lockstep::sql
