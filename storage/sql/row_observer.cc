// The pre-update hook.
#include "storage/sql/row_observer.h"

#include "storage/sql/sql_text.h"

namespace lockstep::sql {

RowObserver::RowObserver(Connection& connection, Ledger& ledger, bool feed)
    : db_(connection.db()), ledger_(ledger), feed_(feed) {
  sqlite3_preupdate_hook(db_, hook, this);
}

void RowObserver::hook(void* self, sqlite3*, int operation, const char*, const char* table,
                       sqlite3_int64 old_rowid, sqlite3_int64 new_rowid) {
  auto& observer = *static_cast<RowObserver*>(self);
  if (observer.paused_ == 0) observer.see(operation, table, old_rowid, new_rowid);
}

void RowObserver::see(int operation, std::string_view table, sqlite3_int64 old_rowid,
                      sqlite3_int64 new_rowid) {
  if (last_record_ == nullptr || last_name_ != table) {
    const std::string name = fold(table);
    if (is_system_table(name)) return;  // sqlite_schema is rehashed after DDL
    last_name_ = table;
    last_record_ = &ledger_.record(name);
  }
  ++rows_seen_;
  RowChange change;
  std::uint64_t difference = 0;
  if (operation != SQLITE_INSERT)
    difference -= hash_row(sqlite3_preupdate_old, old_rowid, feed_ ? &change.before : nullptr);
  if (operation != SQLITE_DELETE) {
    difference += hash_row(sqlite3_preupdate_new, new_rowid, feed_ ? &change.after : nullptr);
    if (new_rowid == INT64_MAX) largest_rowids_.push_back(last_record_->name);
  }
  ledger_.add_to_sum(*last_record_, difference);
  if (!feed_) return;
  change.index = index_;
  change.table = last_record_->name;
  change.rowid = operation == SQLITE_DELETE ? old_rowid : new_rowid;
  changes_.push_back(std::move(change));
}

std::uint64_t RowObserver::hash_row(Getter getter, sqlite3_int64 rowid, std::vector<Value>* values) {
  hasher_.begin(rowid);
  const int columns = sqlite3_preupdate_count(db_);
  for (int column = 0; column < columns; ++column) {
    sqlite3_value* value = nullptr;
    const int rc = getter(db_, column, &value);
    if (rc == SQLITE_RANGE)
      break;  // columns are counted in storage order; virtual ones come last and are not stored
    if (rc != SQLITE_OK) {
      failed_ = true;
      break;
    }
    hasher_.add(value);
    if (values != nullptr) values->push_back(value_of(value));
  }
  return hasher_.finish();
}

}  // namespace lockstep::sql
