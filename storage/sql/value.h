// What goes into and comes out of SQL: values, statements, rows and outcomes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace lockstep::sql {

struct Blob {
  Bytes bytes;
  bool operator==(const Blob&) const = default;
};

// SQLite's five storage classes: null, integer, real, text (UTF-8), blob.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

struct Statement {
  std::string text;               // exactly one SQL statement
  std::vector<Value> parameters;  // ?1, ?2, ...
  bool operator==(const Statement&) const = default;
};

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  bool operator==(const Rows&) const = default;
};

// A condition of a batch: it fails as a whole unless the table has this version.
struct ExpectedVersion {
  std::string table;
  std::uint64_t version;
  bool operator==(const ExpectedVersion&) const = default;
};

// How a batch ended, equal on every replica. Values are on disk and on the wire.
enum class Outcome : std::uint8_t {
  kOk = 1,
  kConstraint = 2,       // a constraint of the schema said no (also deferred foreign keys at the end of the entry)
  kSqlError = 3,         // does not parse, no such table, ...
  kRefused = 4,          // valid SQL that is not deterministic or not allowed; the message says why
  kLimit = 5,            // FULL, TOOBIG, or the operation budget that the statement itself exceeded
  kVersionConflict = 6,  // an ExpectedVersion did not hold
};
std::string_view to_string(Outcome outcome);

struct StatementResult {
  std::int64_t changes = 0;
  std::int64_t last_insert_rowid = 0;
  Rows rows;  // of RETURNING, or of a SELECT inside a batch
  bool operator==(const StatementResult&) const = default;
};

// Unless kOk nothing of the batch has happened and `statements` is empty.
struct BatchResult {
  Outcome outcome = Outcome::kOk;
  std::string message;             // empty if kOk
  std::uint32_t failed_statement = 0;  // position of the statement that ended it
  std::vector<StatementResult> statements;
  std::vector<std::pair<std::string, std::uint64_t>> versions;  // tables that this batch wrote, with their version after it; sorted
  bool operator==(const BatchResult&) const = default;
};

}  // namespace lockstep::sql
