// The hub's tables: how they are made, and their rows as values. docs/decisions/0090 says what each is for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "core/proto/dispatch.pb.h"
#include "hub/values.h"
#include "storage/series/block_table.h"
#include "storage/sql/sql_text.h"

namespace lockstep::hub {

inline constexpr std::uint64_t kSchemaVersion = 3;

// Makes what is missing, or what version `found` (0: none) had otherwise, and writes the version down; the
// row is the last thing that appears.
std::vector<wire::Statement> schema_statements(std::uint64_t found);
std::uint64_t schema_version_of(const std::vector<sql::Value>& row);

inline constexpr std::string_view kSchemaTable = sql::kFollowedMark;
inline constexpr std::string_view kEdges = "hub_edges";
inline constexpr std::string_view kDevices = "hub_devices";
inline constexpr std::string_view kStreams = "hub_streams";
inline constexpr std::string_view kBlocks = series::kBlockTable;
inline constexpr std::string_view kInstructions = "hub_instructions";
inline constexpr std::string_view kTotals = "hub_totals";
inline constexpr std::string_view kPackages = "hub_packages";
inline constexpr std::string_view kActive = "hub_active";

// A table that every hub keeps in memory, and which of its rows matter there.
struct Followed {
  std::string_view table;
  std::string_view query;
};
std::span<const Followed> followed_tables();

struct EdgeRow {
  std::string name;
  NodeId node;
  std::uint64_t settings_version = 0;
  std::int64_t seen_ns = 0;            // its last word was heard, by the leaders' clocks, a few seconds late
  std::uint64_t store = 0;             // see wire::Hello
  std::uint64_t refused_settings = 0;  // a version; 0: none since it took one
  std::string refusal;                 // its reason
  explicit EdgeRow(const std::vector<sql::Value>& values);
};

struct DeviceRow {
  std::string device;  // "<edge>/<device>"
  std::string edge;
  Bytes description;  // a wire::Device
  explicit DeviceRow(const std::vector<sql::Value>& values);
};

struct StreamRow {
  NodeId edge;
  std::uint64_t buffer = 0;
  std::uint32_t stream = 0;
  std::uint64_t received = 0;
  std::uint64_t readings = 0;
  std::uint64_t dropped = 0;
  explicit StreamRow(const std::vector<sql::Value>& values);
};

// Values are in rows.
enum class InstructionState : std::uint8_t { kOpen = 1, kMissed = 2, kSettled = 3 };

struct InstructionRow {
  std::uint64_t id = 0;
  std::string device;
  std::uint64_t window = 0;
  Bytes body;  // a wire::Instruction without its number
  std::int64_t input_to_ns = 0;
  std::uint64_t input_index = 0;
  std::uint64_t model_version = 0;
  std::int64_t deadline_ns = 0;
  InstructionState state = InstructionState::kOpen;
  std::uint64_t outcome = 0;  // wire::InstructionResult::Outcome
  InstructionRow() = default;
  explicit InstructionRow(const std::vector<sql::Value>& values);
};

// One row: of all instructions that ever were, also those that are deleted by now.
struct TotalsRow {
  std::uint64_t decided = 0;
  std::uint64_t done = 0;
  std::uint64_t missed = 0;  // no outcome was known at their deadline, or they expired: beside outcomes
  std::uint64_t failed = 0;
  std::uint64_t expired = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t refused = 0;
  std::uint64_t interrupted = 0;
  TotalsRow() = default;
  explicit TotalsRow(const std::vector<sql::Value>& values);
  std::uint64_t with_an_outcome() const {
    return done + failed + expired + cancelled + refused + interrupted;
  }
};

// Counts in the order of the columns, and the rows of which they are taken: what a hub with the tables of an
// older version, or without the row, has in its database. Not all of them: a write may not read so many.
inline constexpr std::string_view kCountedOutcomes =
    "count(*) FILTER (WHERE outcome = 2), count(*) FILTER (WHERE outcome = 3), "
    "count(*) FILTER (WHERE outcome = 4), count(*) FILTER (WHERE outcome = 5), "
    "count(*) FILTER (WHERE outcome = 6)";
inline constexpr std::string_view kCountedInstructions =
    "(SELECT id, state, outcome FROM hub_instructions ORDER BY id DESC LIMIT 100000)";

struct PackageRow {
  wire::PackageKind kind = wire::PACKAGE_NONE;
  std::uint64_t version = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;
  std::uint64_t received = 0;
  wire::PackageState state = wire::STATE_UNKNOWN;
  std::string reason;
  std::string note;
  PackageRow() = default;
  explicit PackageRow(const std::vector<sql::Value>& values);
};

struct ActiveRow {
  wire::PackageKind kind = wire::PACKAGE_NONE;
  std::uint64_t version = 0;
  std::uint64_t hash = 0;
  explicit ActiveRow(const std::vector<sql::Value>& values);
};

// "e1/tank" is of edge "e1".
std::string_view edge_of(std::string_view device);
// How events number devices: XXH3-64 of the name.
std::uint64_t device_number(std::string_view device);

}  // namespace lockstep::hub
