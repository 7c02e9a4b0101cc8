// What the schema says about tables: which exist, how to read their stored rows, and which cannot be
// replicated.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/connection.h"

namespace lockstep::sql {

// The pseudo table whose rows are the schema itself, in the ledger and the digest.
inline constexpr std::string_view kSchemaTable = "sqlite_schema";

// Folded names of the users' tables.
Result<std::vector<std::string>> user_tables(Connection& connection);

// Why a schema with this table cannot be replicated; empty if it can.
Result<std::string> objection_to(Connection& connection, const std::string& table);
// Any object (view, index, ...) whose name belongs to the machine; empty if there is none.
Result<std::string> misnamed_object(Connection& connection);

// What the triggers of this table or view do that user SQL may not; empty if there is nothing. SQLite looks into a
// trigger only when a statement fires it, and the table would be lost to its users by then.
Result<std::string> objection_to_triggers(Connection& connection, const std::string& table);

// The sum of row hashes by a full scan. `table` may be kSchemaTable.
Result<std::uint64_t> scan_sum(Connection& connection, std::string_view table);
// Of all user tables and the schema.
Result<std::map<std::string, std::uint64_t>> scan_all_sums(Connection& connection);

// Stores each row again, because SQLite's pre-update hook reads a column added by ALTER TABLE as NULL in rows
// written before, whatever its default. Triggers do not fire. Does nothing if no column has a default.
Status rewrite_rows(Connection& connection, const std::string& table);

// The table counts its rowids itself, so that the largest one ends in an error, not in a random choice.
Result<bool> is_autoincrement(Connection& connection, const std::string& table);

}  // namespace lockstep::sql
