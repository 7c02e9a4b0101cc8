// Sees every changed row through SQLite's pre-update hook: maintains the sums, collects the feed, spots the
// last rowid.
#pragma once

#include <string>
#include <vector>

#include "storage/sql/connection.h"
#include "storage/sql/database.h"
#include "storage/sql/ledger.h"
#include "storage/sql/row_hash.h"

namespace lockstep::sql {

class RowObserver {
 public:
  RowObserver(Connection& connection, Ledger& ledger, bool feed);

  void begin_entry(LogIndex index) { index_ = index; }
  // While one lives the rows of our own bookkeeping change, or rows are rewritten that will be rehashed.
  class Pause {
   public:
    explicit Pause(RowObserver& observer) : observer_(observer) { ++observer_.paused_; }
    ~Pause() { --observer_.paused_; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    RowObserver& observer_;
  };

  // Tables in which the largest rowid was stored since this was last asked.
  std::vector<std::string> take_largest_rowids() { return std::exchange(largest_rowids_, {}); }
  bool saw_largest_rowid() const { return !largest_rowids_.empty(); }
  // SQLite could not show a row (out of memory, or it could not be read); the sums are void then.
  bool failed() const { return failed_; }

  // Rows changed since the beginning, whether or not SQLite has taken some back.
  std::uint64_t rows_seen() const { return rows_seen_; }

  std::size_t change_count() const { return changes_.size(); }
  void drop_changes_from(std::size_t count) { changes_.resize(count); }
  std::vector<RowChange> take_changes() { return std::exchange(changes_, {}); }

 private:
  static void hook(void* self, sqlite3* db, int operation, const char* database, const char* table,
                   sqlite3_int64 old_rowid, sqlite3_int64 new_rowid);
  using Getter = int (*)(sqlite3*, int, sqlite3_value**);
  void see(int operation, std::string_view table, sqlite3_int64 old_rowid, sqlite3_int64 new_rowid);
  // The row's hash; its values also go into `values` if that is given.
  std::uint64_t hash_row(Getter getter, sqlite3_int64 rowid, std::vector<Value>* values);

  sqlite3* db_;
  Ledger& ledger_;
  const bool feed_;
  LogIndex index_;
  int paused_ = 0;
  bool failed_ = false;
  std::uint64_t rows_seen_ = 0;
  RowHasher hasher_;
  std::string last_name_;  // as SQLite spells it; rows come in runs of one table
  TableRecord* last_record_ = nullptr;
  std::vector<std::string> largest_rowids_;
  std::vector<RowChange> changes_;
};

}  // namespace lockstep::sql
