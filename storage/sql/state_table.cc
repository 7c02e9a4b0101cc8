// Reading and writing _lockstep_state.
#include "storage/sql/state_table.h"

#include "base/check.h"

namespace lockstep::sql {
namespace {

constexpr std::int64_t kProgressSpace = -2;  // one row, key "": applied u64, time u64, vacuuming u8
constexpr std::int64_t kTableSpace = -1;     // key = folded name: version u64, sum u64

constexpr const char* kCreate =
    "CREATE TABLE IF NOT EXISTS _lockstep_state(space INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT "
    "NULL, "
    "PRIMARY KEY(space, key)) WITHOUT ROWID";

BytesView blob_at(sqlite3_stmt* row, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
  return BytesView(bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

void bind_blob(sqlite3_stmt* statement, int position, BytesView bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  CHECK(sqlite3_bind_blob64(statement, position, data, bytes.size(), SQLITE_STATIC) == SQLITE_OK);
}

}  // namespace

Result<std::unique_ptr<StateTable>> StateTable::open(Connection& connection, bool create) {
  std::unique_ptr<StateTable> table(new StateTable(connection));
  if (create) LOCKSTEP_TRY_STATUS(connection.run(kCreate));
  LOCKSTEP_TRY(select, connection.prepare("SELECT value FROM _lockstep_state WHERE space = ?1 AND key = ?2"));
  table->select_ = std::move(select);
  if (!create) return table;
  LOCKSTEP_TRY(upsert,
               connection.prepare("INSERT INTO _lockstep_state VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
                                  "value = excluded.value"));
  LOCKSTEP_TRY(erase, connection.prepare("DELETE FROM _lockstep_state WHERE space = ?1 AND key = ?2"));
  table->upsert_ = std::move(upsert);
  table->delete_ = std::move(erase);
  return table;
}

Result<Progress> StateTable::progress() {
  LOCKSTEP_TRY(value, read(kProgressSpace, ""));
  if (!value) return Progress{};
  ByteReader reader(*value);
  LOCKSTEP_TRY(applied, reader.u64());
  LOCKSTEP_TRY(time, reader.u64());
  LOCKSTEP_TRY(vacuuming, reader.u8());
  return Progress{LogIndex(applied), static_cast<std::int64_t>(time), vacuuming != 0};
}

Status StateTable::save_progress(const Progress& progress) {
  Bytes value;
  ByteWriter(value)
      .u64(progress.applied.value())
      .u64(static_cast<std::uint64_t>(progress.time_ns))
      .u8(progress.vacuuming ? 1 : 0);
  return write(kProgressSpace, "", value);
}

Status StateTable::load_tables(Ledger& ledger) {
  LOCKSTEP_TRY(query,
               connection_.prepare("SELECT key, value FROM _lockstep_state WHERE space = -1 ORDER BY key"));
  int rc;
  while ((rc = sqlite3_step(query.get())) == SQLITE_ROW) {
    ByteReader reader(blob_at(query.get(), 1));
    LOCKSTEP_TRY(version, reader.u64());
    LOCKSTEP_TRY(sum, reader.u64());
    ledger.load(blob_at(query.get(), 0), version, sum);
  }
  if (rc != SQLITE_DONE) return std::unexpected(connection_.failure(rc, "loading versions and digests"));
  return {};
}

Status StateTable::save_table(const TableRecord& record) {
  Bytes value;
  ByteWriter(value).u64(record.version).u64(record.sum);
  return write(kTableSpace, record.name, value);
}

Result<std::uint64_t> StateTable::version(std::string_view folded_table) {
  LOCKSTEP_TRY(value, read(kTableSpace, folded_table));
  if (!value) return 0;
  return ByteReader(*value).u64();
}

Status StateTable::load_participant(Participant& participant) {
  LOCKSTEP_TRY(query,
               connection_.prepare(
                   "SELECT space, key, value FROM _lockstep_state WHERE space >= 0 ORDER BY space, key"));
  participant.reset();
  int rc;
  while ((rc = sqlite3_step(query.get())) == SQLITE_ROW) {
    const auto space = static_cast<std::uint32_t>(sqlite3_column_int64(query.get(), 0));
    participant.row(space, blob_at(query.get(), 1), blob_at(query.get(), 2));
  }
  if (rc != SQLITE_DONE) return std::unexpected(connection_.failure(rc, "loading the participant's rows"));
  return {};
}

void StateTable::put(std::uint32_t space, BytesView key, BytesView value) {
  if (failure_) failure_ = write(space, key, value);
}

void StateTable::erase(std::uint32_t space, BytesView key) {
  if (!failure_) return;
  sqlite3_bind_int64(delete_.get(), 1, space);
  bind_blob(delete_.get(), 2, key);
  failure_ = connection_.step(delete_.get());
}

Status StateTable::write(std::int64_t space, BytesView key, BytesView value) {
  sqlite3_bind_int64(upsert_.get(), 1, space);
  bind_blob(upsert_.get(), 2, key);
  bind_blob(upsert_.get(), 3, value);
  return connection_.step(upsert_.get());
}

Result<std::optional<Bytes>> StateTable::read(std::int64_t space, BytesView key) {
  Authoriser::Trusted trusted(connection_.authoriser());  // it may be compiled again
  sqlite3_bind_int64(select_.get(), 1, space);
  bind_blob(select_.get(), 2, key);
  const int rc = sqlite3_step(select_.get());
  std::optional<Bytes> value;
  if (rc == SQLITE_ROW) value.emplace(blob_at(select_.get(), 0));
  std::optional<Error> error;
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) error = connection_.failure(rc, "reading _lockstep_state");
  sqlite3_reset(select_.get());
  if (error) return std::unexpected(std::move(*error));
  return value;
}

}  // namespace lockstep::sql
