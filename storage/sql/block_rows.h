// Blocks of series in a database: the rows of series_blocks from within another statement, and blocks that
// SQL hands over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/series/block.h"
#include "storage/sql/table_function.h"

namespace lockstep::sql {

// [from, to); nothing: no bound.
struct TimeRange {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  bool holds(std::int64_t time_ns) const { return (!from || time_ns >= *from) && (!to || time_ns < *to); }
};

// A query on series_blocks while another statement runs: under the rules of users, and counted as part of
// that statement. Values may be as large as a block is, whatever class of sizes the statement is in: who
// takes one is charged.
class BlockRows {
 public:
  // `asker` is named when something is refused.
  BlockRows(sqlite3* db, Lane& lane, std::string_view asker) : db_(db), lane_(lane), asker_(asker) {}

  // Compiled once, then only begun again. The table must be a table: a view might ask what asks it.
  Accepted begin(std::string_view sql);
  void bind(int position, std::int64_t value) { sqlite3_bind_int64(statement_.get(), position, value); }
  void bind(int position, const std::optional<std::int64_t>& value);
  void bind(int position, sqlite3_value* value) { sqlite3_bind_value(statement_.get(), position, value); }
  // True: at a row.
  std::expected<bool, Refusal> step();
  void end() { sqlite3_reset(statement_.get()); }

  // Numbers of the row; refused if they are none.
  std::expected<std::int64_t, Refusal> integer(int column) const;
  std::expected<double, Refusal> real(int column) const;
  std::expected<std::vector<series::Point>, Refusal> points(int column);

 private:
  Refusal refusal(int code, std::string_view sentence) const;

  sqlite3* db_;
  Lane& lane_;
  std::string_view asker_;
  StatementHandle statement_;
};

// The points of a block, charged to the statement: one for each, and for its bytes.
std::expected<std::vector<series::Point>, Refusal> unpack_charged(Lane& lane, BytesView block,
                                                                  std::string_view asker);
std::expected<BytesView, Refusal> block_argument(sqlite3_value* value, std::string_view asker);
// Nothing if it is left out or NULL.
std::expected<std::optional<std::int64_t>, Refusal> time_argument(sqlite3_value* value,
                                                                  std::string_view asker,
                                                                  std::string_view name);

}  // namespace lockstep::sql
