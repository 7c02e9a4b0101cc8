// The table _lockstep_state: what the machine must remember, in the same transaction as the users' rows.
//
// Columns (space INTEGER, key BLOB, value BLOB), primary key (space, key), WITHOUT ROWID. Spaces >= 0 are the
// participant's. The machine's own come first, so that they share pages: layouts are little-endian.
#pragma once

#include <optional>

#include "storage/sql/connection.h"
#include "storage/sql/database.h"
#include "storage/sql/ledger.h"

namespace lockstep::sql {

struct Progress {
  LogIndex applied;
  std::int64_t time_ns = 0;  // of the entry `applied`
  bool vacuuming = false;    // a VACUUM has begun and its sums are not recorded yet
};

class StateTable final : public StateWriter {
 public:
  // Creates the table if the connection writes and it is not there.
  static Result<std::unique_ptr<StateTable>> open(Connection& connection, bool create);

  Result<Progress> progress();
  Status save_progress(const Progress& progress);
  Status load_tables(Ledger& ledger);
  Status save_table(const TableRecord& record);
  Result<std::uint64_t> version(std::string_view folded_table);
  Status load_participant(Participant& participant);

  // StateWriter, for the participant. The first failure is kept for take_failure().
  void put(std::uint32_t space, BytesView key, BytesView value) override;
  void erase(std::uint32_t space, BytesView key) override;
  Status take_failure() { return std::exchange(failure_, Status()); }

 private:
  explicit StateTable(Connection& connection) : connection_(connection) {}
  Status write(std::int64_t space, BytesView key, BytesView value);
  Result<std::optional<Bytes>> read(std::int64_t space, BytesView key);

  Connection& connection_;
  StatementHandle select_;
  StatementHandle upsert_;
  StatementHandle delete_;
  Status failure_;
};

}  // namespace lockstep::sql
