// Tables and rows.
#include "hub/schema.h"

#include "base/hash.h"
#include "base/join.h"
#include "base/text.h"
#include "storage/series/block_table.h"

namespace lockstep::hub {
namespace {

// Of hub_edges, that version 1 did not have.
constexpr std::string_view kEdgeColumns[] = {"store INTEGER NOT NULL DEFAULT 0",
                                             "refused_settings INTEGER NOT NULL DEFAULT 0",
                                             "refusal TEXT NOT NULL DEFAULT ''"};

// Of hub_totals, that version 2 did not have.
constexpr std::string_view kTotalsColumns[] = {
    "failed INTEGER NOT NULL DEFAULT 0", "expired INTEGER NOT NULL DEFAULT 0",
    "cancelled INTEGER NOT NULL DEFAULT 0", "refused INTEGER NOT NULL DEFAULT 0",
    "interrupted INTEGER NOT NULL DEFAULT 0"};

// Which version 2 called refused.
constexpr std::string_view kNameDropped =
    "UPDATE hub_packages SET state = 6 WHERE state = 5 AND reason = 'not kept any more'";

// Columns of a primary key come first: the applied feed counts columns in storage order.
std::string create_edges() {
  return cat("CREATE TABLE IF NOT EXISTS hub_edges(name TEXT PRIMARY KEY, node INTEGER NOT NULL, "
             "settings_version INTEGER NOT NULL, seen_ns INTEGER NOT NULL, ",
             joined(kEdgeColumns), ") WITHOUT ROWID");
}

std::string create_totals() {
  return cat(
      "CREATE TABLE IF NOT EXISTS hub_totals(id INTEGER PRIMARY KEY, decided INTEGER NOT NULL, "
      "done INTEGER NOT NULL, missed INTEGER NOT NULL, ",
      joined(kTotalsColumns), ")");
}

std::string count_what_rows_show() {
  return cat("UPDATE hub_totals SET (failed, expired, cancelled, refused, interrupted) = (SELECT ",
             kCountedOutcomes, " FROM ", kCountedInstructions, ")");
}

// Of the other tables.
constexpr std::string_view kStatements[] = {
    "CREATE TABLE IF NOT EXISTS hub_devices(device TEXT PRIMARY KEY, edge TEXT NOT NULL, "
    "description BLOB NOT NULL, window_ns INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS hub_streams(edge INTEGER, buffer INTEGER, stream INTEGER, "
    "received INTEGER NOT NULL, readings INTEGER NOT NULL, dropped INTEGER NOT NULL, "
    "PRIMARY KEY(edge, buffer, stream)) WITHOUT ROWID",
    series::kCreateBlockTable,
    series::kCreateBlockIndex,
    "CREATE TABLE IF NOT EXISTS hub_instructions(id INTEGER PRIMARY KEY, device TEXT NOT NULL, "
    "window INTEGER NOT NULL, action TEXT NOT NULL, body BLOB NOT NULL, input_from_ns INTEGER NOT NULL, "
    "input_to_ns INTEGER NOT NULL, input_index INTEGER NOT NULL, model_version INTEGER NOT NULL, "
    "deadline_ns INTEGER NOT NULL, state INTEGER NOT NULL, outcome INTEGER NOT NULL, result BLOB, "
    "UNIQUE(device, window))",
    "CREATE INDEX IF NOT EXISTS hub_instructions_by_time ON hub_instructions(input_to_ns)",
    "INSERT OR IGNORE INTO hub_totals(id, decided, done, missed) VALUES(1, 0, 0, 0)",
    "CREATE INDEX IF NOT EXISTS hub_instructions_open ON hub_instructions(state) WHERE state < 3",
    "CREATE TABLE IF NOT EXISTS hub_corrections(device TEXT PRIMARY KEY, gain REAL NOT NULL, "
    "updates INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS hub_packages(kind INTEGER, version INTEGER, bytes INTEGER NOT NULL, "
    "hash INTEGER NOT NULL, received INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL, "
    "note TEXT NOT NULL, PRIMARY KEY(kind, version)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS hub_chunks(kind INTEGER, version INTEGER, offset INTEGER, "
    "data BLOB NOT NULL, UNIQUE(kind, version, offset))",
    "CREATE TABLE IF NOT EXISTS hub_active(kind INTEGER PRIMARY KEY, version INTEGER NOT NULL, "
    "hash INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS hub_schema(version INTEGER PRIMARY KEY)",
};

// Of the instructions: those that are open, and the last one of each device, which says what has been
// decided.
constexpr Followed kFollowed[] = {
    {kSchemaTable, "SELECT * FROM hub_schema"},
    {kEdges, "SELECT * FROM hub_edges"},
    {kDevices, "SELECT * FROM hub_devices"},
    {kStreams, "SELECT * FROM hub_streams"},
    {kInstructions,
     "SELECT * FROM hub_instructions WHERE id IN (SELECT id FROM hub_instructions WHERE state < 3) "
     "OR id IN (SELECT max(id) FROM hub_instructions GROUP BY device) ORDER BY id"},
    {kTotals, "SELECT * FROM hub_totals"},
    {kPackages, "SELECT * FROM hub_packages"},
    {kActive, "SELECT * FROM hub_active"},
};

}  // namespace

std::vector<wire::Statement> schema_statements(std::uint64_t found) {
  std::vector<wire::Statement> statements;
  const bool is_older = found == 1 || found == 2;
  if (found == 1)
    for (const std::string_view column : kEdgeColumns)
      statements.push_back(statement(cat("ALTER TABLE hub_edges ADD COLUMN ", column)));
  if (is_older)
    for (const std::string_view column : kTotalsColumns)
      statements.push_back(statement(cat("ALTER TABLE hub_totals ADD COLUMN ", column)));
  statements.push_back(statement(create_edges()));
  statements.push_back(statement(create_totals()));
  for (const std::string_view text : kStatements) statements.push_back(statement(text));
  if (is_older) {
    statements.push_back(statement(kNameDropped));
    statements.push_back(statement(count_what_rows_show()));
  }
  statements.push_back(statement("INSERT OR IGNORE INTO hub_schema(version) VALUES(?1)", kSchemaVersion));
  return statements;
}

std::uint64_t schema_version_of(const std::vector<sql::Value>& row) { return Fields(row).number(0); }

std::span<const Followed> followed_tables() { return kFollowed; }

EdgeRow::EdgeRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  name = row.text(0);
  node = NodeId(row.number(1));
  settings_version = row.number(2);
  seen_ns = row.integer(3);
  store = row.number(4);
  refused_settings = row.number(5);
  refusal = row.text(6);
}

DeviceRow::DeviceRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  device = row.text(0);
  edge = row.text(1);
  description = row.blob(2);
}

StreamRow::StreamRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  edge = NodeId(row.number(0));
  buffer = row.number(1);
  stream = static_cast<std::uint32_t>(row.number(2));
  received = row.number(3);
  readings = row.number(4);
  dropped = row.number(5);
}

InstructionRow::InstructionRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  id = row.number(0);
  device = row.text(1);
  window = row.number(2);
  body = row.blob(4);
  input_to_ns = row.integer(6);
  input_index = row.number(7);
  model_version = row.number(8);
  deadline_ns = row.integer(9);
  state = static_cast<InstructionState>(row.number(10));
  outcome = row.number(11);
}

TotalsRow::TotalsRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  decided = row.number(1);
  done = row.number(2);
  missed = row.number(3);
  failed = row.number(4);
  expired = row.number(5);
  cancelled = row.number(6);
  refused = row.number(7);
  interrupted = row.number(8);
}

PackageRow::PackageRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  kind = static_cast<wire::PackageKind>(row.integer(0));
  version = row.number(1);
  bytes = row.number(2);
  hash = row.number(3);
  received = row.number(4);
  state = static_cast<wire::PackageState>(row.integer(5));
  reason = row.text(6);
  note = row.text(7);
}

ActiveRow::ActiveRow(const std::vector<sql::Value>& values) {
  const Fields row(values);
  kind = static_cast<wire::PackageKind>(row.integer(0));
  version = row.number(1);
  hash = row.number(2);
}

std::string_view edge_of(std::string_view device) { return device.substr(0, device.find('/')); }

std::uint64_t device_number(std::string_view device) { return hash64(device); }

}  // namespace lockstep::hub
