// A read-only connection: one query, one snapshot.
#pragma once

#include <memory>

#include "storage/sql/connection.h"
#include "storage/sql/database.h"
#include "storage/sql/execution.h"
#include "storage/sql/state_table.h"

namespace lockstep::sql {

class SqliteReader final : public Reader {
 public:
  static Result<std::unique_ptr<Reader>> open(env::Disk& disk, SharedFile& shared, const Options& options);

  using Reader::query;
  Result<std::vector<QueryResult>> query(std::span<const Statement> statements, const QueryLimits& limits) override;
  Result<std::vector<QueryResult>> query_briefly(std::span<const Statement> statements) override;
  Result<std::uint64_t> version(const std::string& table) override;

 private:
  explicit SqliteReader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Result<std::vector<QueryResult>> query_snapshot(std::span<const Statement> statements, const QueryLimits& limits);
  // The bytes of its rows are added to `bytes`.
  Result<QueryResult> query_one(const Statement& statement, const QueryLimits& limits, LogIndex applied,
                                std::size_t& bytes);
  // SQLite ends it by itself when it is refused memory.
  bool snapshot_has_ended() const { return sqlite3_get_autocommit(connection_->db()) != 0; }
  Execution run(const Statement& statement, const QueryLimits& limits, LogIndex applied);

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<StateTable> state_;
  StatementHandle begin_;
  StatementHandle commit_;
};

}  // namespace lockstep::sql
