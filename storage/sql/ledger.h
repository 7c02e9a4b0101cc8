// The numbers kept per table, version and digest, which can be undone to any earlier mark.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::sql {

using TableVersions = std::vector<std::pair<std::string, std::uint64_t>>;

// A table name that was ever written. The record stays when the table is dropped: its version must not start
// again.
struct TableRecord {
  std::string name;           // folded
  std::uint64_t version = 0;  // successful statements that wrote it
  std::uint64_t sum = 0;      // of the hashes of its rows, modulo 2^64; the order of the rows does not matter
  bool is_table = false;      // it exists and has rows to be hashed

 private:
  friend class Ledger;
  std::uint64_t term = 0;   // what it contributes to the digest, if not `stale`
  std::uint64_t noted = 0;  // the serial of the mark under which the old numbers were kept
  bool stale = false;
  bool unsaved = false;
};

// Addresses of records are stable.
class Ledger {
 public:
  using Mark = std::size_t;

  // The record of this name, made if need be.
  TableRecord& record(std::string_view folded_name);
  const TableRecord* find(std::string_view folded_name) const;

  void load(std::string_view folded_name, std::uint64_t version, std::uint64_t sum);
  void bump_version(TableRecord& record) { touch(record), ++record.version; }
  void add_to_sum(TableRecord& record, std::uint64_t amount) { touch(record), record.sum += amount; }
  void set_table(TableRecord& record, bool is_table, std::uint64_t sum) {
    touch(record), record.is_table = is_table, record.sum = sum;
  }

  // A place to come back to. undo_to() restores every number as it was then; marks made later are void.
  Mark mark();
  void undo_to(Mark mark);
  // The transaction is committed: nothing before now can be undone.
  void forget_marks();

  // The versions that differ from those at the mark, sorted by name.
  TableVersions changed_since(Mark mark) const;
  TableVersions versions() const;
  // Of all sums and versions. Independent of the order in which tables were written.
  std::uint64_t digest();
  // What digest() would be if the tables had these sums.
  std::uint64_t digest_with(const std::map<std::string, std::uint64_t>& sums) const;

  // Calls save(record) for each record touched since the last call.
  template <class Save>
  void save_changed(Save&& save) {
    for (TableRecord* record : unsaved_) {
      save(*record);
      record->unsaved = false;
    }
    unsaved_.clear();
  }
  const std::map<std::string, TableRecord, std::less<>>& records() const { return records_; }

 private:
  struct Undo {
    TableRecord* record;
    std::uint64_t version;
    std::uint64_t sum;
    bool is_table;
  };

  void touch(TableRecord& record) {
    if (record.noted != serial_) note(record);
  }
  void note(TableRecord& record);
  void mark_stale(TableRecord& record);

  std::map<std::string, TableRecord, std::less<>> records_;
  std::vector<Undo> undo_;
  std::vector<TableRecord*> stale_;
  std::vector<TableRecord*> unsaved_;
  std::uint64_t serial_ = 1;  // of the latest mark; never reused
  std::uint64_t total_ = 0;   // sum of the terms
};

}  // namespace lockstep::sql
