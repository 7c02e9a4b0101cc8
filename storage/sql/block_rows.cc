// The inner query, its count and its limits.
#include "storage/sql/block_rows.h"

#include "base/check.h"
#include "base/text.h"
#include "storage/sql/priced_functions.h"

namespace lockstep::sql {
namespace {

// More than a block of kMostPoints takes at worst, with room for the rest of its row.
constexpr int kMostRowBytes = 256 << 10;

std::unexpected<Refusal> refuse(int code, std::string message) {
  return std::unexpected(Refusal{code, std::move(message)});
}

BytesView bytes_of(sqlite3_value* value) {
  const void* bytes = sqlite3_value_blob(value);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return bytes == nullptr ? BytesView() : BytesView(static_cast<const char*>(bytes), size);
}

// SQLite tells none when it was refused memory.
std::string_view column_name(sqlite3_stmt* statement, int column) {
  const char* name = sqlite3_column_name(statement, column);
  return name == nullptr ? "?" : name;
}

}  // namespace

Refusal BlockRows::refusal(int code, std::string_view sentence) const {
  return Refusal{code, cat(asker_, "(): ", sentence)};
}

Accepted BlockRows::begin(std::string_view sql) {
  if (statement_ != nullptr) {
    end();
    return {};
  }
  if (sqlite3_table_column_metadata(db_, "main", "series_blocks", "points", nullptr, nullptr, nullptr,
                                    nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(refusal(
        SQLITE_ERROR,
        "there is no table series_blocks(series, first_ns, last_ns, count, least, greatest, sum, points)"));
  sqlite3_stmt* statement = nullptr;
  const int rc = sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(refusal(rc, sqlite3_errmsg(db_)));
  statement_.reset(statement);
  return {};
}

void BlockRows::bind(int position, const std::optional<std::int64_t>& value) {
  if (value) {
    bind(position, *value);
  } else {
    sqlite3_bind_null(statement_.get(), position);
  }
}

std::expected<bool, Refusal> BlockRows::step() {
  const int before = sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, -1);
  if (before < kMostRowBytes) sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, kMostRowBytes);
  const Budget::Seen before_step = lane_.budget.begin_inner();
  const int rc = sqlite3_step(statement_.get());
  const int operations = sqlite3_stmt_status(statement_.get(), SQLITE_STMTSTATUS_VM_STEP, 1);
  lane_.budget.end_inner(before_step, static_cast<std::uint32_t>(operations));
  sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, before);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  // No larger class of sizes would help.
  if ((rc & 0xff) == SQLITE_TOOBIG)
    return std::unexpected(refusal(SQLITE_ERROR, "a row of series_blocks is too large for a block"));
  return std::unexpected(refusal(rc, sqlite3_errmsg(db_)));
}

std::expected<std::int64_t, Refusal> BlockRows::integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER)
    return std::unexpected(refusal(SQLITE_ERROR, cat("a row of series_blocks has no integer in its column ",
                                                     column_name(statement_.get(), column))));
  return sqlite3_column_int64(statement_.get(), column);
}

std::expected<double, Refusal> BlockRows::real(int column) const {
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type != SQLITE_FLOAT && type != SQLITE_INTEGER)
    return std::unexpected(refusal(SQLITE_ERROR, cat("a row of series_blocks has no number in its column ",
                                                     column_name(statement_.get(), column))));
  return sqlite3_column_double(statement_.get(), column);
}

std::expected<std::vector<series::Point>, Refusal> BlockRows::points(int column) {
  sqlite3_value* value = sqlite3_column_value(statement_.get(), column);
  if (sqlite3_value_type(value) != SQLITE_BLOB)
    return std::unexpected(refusal(SQLITE_ERROR, "a row of series_blocks has no block in its column points"));
  return unpack_charged(lane_, bytes_of(value), asker_);
}

std::expected<std::vector<series::Point>, Refusal> unpack_charged(Lane& lane, BytesView block,
                                                                  std::string_view asker) {
  // First, so that what is refused has its price too.
  const auto head = series::summary(block);
  const std::uint64_t points = head ? head->count : 0;
  if (!lane.budget.charge(points + block.size() / kBytesPerOperation))
    return refuse(SQLITE_INTERRUPT, "interrupted");
  auto found = series::unpack(block);
  if (!found) return refuse(SQLITE_ERROR, cat(asker, "(): ", found.error().message));
  return std::move(*found);
}

std::expected<BytesView, Refusal> block_argument(sqlite3_value* value, std::string_view asker) {
  if (sqlite3_value_type(value) != SQLITE_BLOB)
    return refuse(SQLITE_ERROR, cat(asker, "(): expected a block, which is a BLOB"));
  return bytes_of(value);
}

std::expected<std::optional<std::int64_t>, Refusal> time_argument(sqlite3_value* value,
                                                                  std::string_view asker,
                                                                  std::string_view name) {
  if (value == nullptr || sqlite3_value_type(value) == SQLITE_NULL) return std::nullopt;
  if (sqlite3_value_type(value) != SQLITE_INTEGER)
    return refuse(SQLITE_ERROR, cat(asker, "(): expected an integer as ", name, ", in nanoseconds"));
  return sqlite3_value_int64(value);
}

}  // namespace lockstep::sql
