// The SQLite database of one process incarnation: one writing machine, any number of readers, on the disk port.
//
// The rules (deterministic SQL, errors, batching, versions, digest) are DESIGN §4; the measured facts behind them are
// in docs/decisions. The database is in WAL mode with synchronous=NORMAL, for the Raft log is the durable record;
// with Options::sync_commits it is that record itself. The applied index is written in the same transaction as the rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env/disk.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/sql/value.h"
#include "storage/sql/withdrawal.h"

namespace lockstep::sql {

// Rows of the machine's own, beside the user's tables and in the same transaction: sessions, prepared transactions.
// `space` tells kinds apart. Kept in the table _lockstep_state, which user SQL cannot touch.
class StateWriter {
 public:
  virtual ~StateWriter() = default;
  virtual void put(std::uint32_t space, BytesView key, BytesView value) = 0;
  virtual void erase(std::uint32_t space, BytesView key) = 0;
};

// Replicated state that lives in memory and is written once per SQLite transaction (core/replica: sessions).
class Participant {
 public:
  virtual ~Participant() = default;
  // Forget everything in memory; row() follows for every stored row, in (space, key) order. Called at open, and when
  // a transaction was lost and its entries are about to be executed again.
  virtual void reset() = 0;
  virtual void row(std::uint32_t space, BytesView key, BytesView value) = 0;
  // Write what changed since the last flush. Called at the end of each transaction.
  virtual void flush(StateWriter& writer) = 0;
};

// What an entry carries so that every replica computes the same.
struct EntryStamp {
  LogIndex index;
  std::int64_t time_ns = 0;  // what the entry's 'now' is; never decreases along the log
  std::uint64_t seed = 0;    // of random() and randomblob()
};

// What one entry may do, inside its own savepoint.
class EntryScope {
 public:
  virtual ~EntryScope() = default;
  // All statements or none. May be called several times in one entry: each call is atomic on its own.
  virtual BatchResult execute(std::span<const Statement> statements, std::span<const ExpectedVersion> expected) = 0;
};

// One changed row of a user table, for the applied feed.
struct RowChange {
  LogIndex index;
  std::string table;
  std::int64_t rowid = 0;       // 0 for WITHOUT ROWID tables
  std::vector<Value> before;    // empty: inserted
  std::vector<Value> after;     // empty: deleted
};

struct AppliedEntry {
  LogIndex index;
  std::uint64_t digest = 0;  // of all user tables and versions after this entry
};

struct ApplyReport {
  std::vector<AppliedEntry> entries;
  std::vector<std::pair<std::string, std::uint64_t>> versions;  // of the tables that changed; a later pair wins
  std::vector<RowChange> changes;  // only if Options::feed
  bool one_by_one = false;         // the grouped transaction was lost; entries were applied one transaction each
};

class Allocations;

// Where SQLite keeps what is committed and not copied to the database yet (sqlite.org/wal.html).
inline constexpr std::string_view kWalEnd = "-wal";
inline std::string wal_file_of(const std::string& database) { return database + std::string(kWalEnd); }

struct Options {
  std::string path = "db/main.sqlite";
  Allocations* allocations = nullptr;         // counts and refuses (storage/sql/allocations.h); outlives the database
  bool feed = false;                          // collect RowChange
  std::uint64_t max_operations = 10'000'000;  // SQLite VM operations per batch, then kLimit (replicated configuration)
  std::uint32_t max_statement_bytes = 1 << 20;
  std::uint32_t checkpoint_frames = 1000;     // WAL length that starts a checkpoint
  // Each transaction is durable before any reader sees it (synchronous=FULL): for a database without a log behind it.
  bool sync_commits = false;
};

// The writing connection; belongs to one lane.
class Machine {
 public:
  virtual ~Machine() = default;

  // The last entry whose effects are in the database (0 for a new one).
  virtual LogIndex applied() const = 0;
  // applied() as of the last point that survives power loss: a WAL sync or a complete checkpoint.
  virtual LogIndex durable() const = 0;
  virtual std::uint64_t digest() const = 0;
  // Of the database, free pages included, as of the last commit; less for one that was just opened.
  virtual std::uint64_t bytes() const = 0;
  // Recomputes the digest of every table by a full scan; equal to digest() unless the file was damaged.
  virtual Result<std::uint64_t> scan_digest() = 0;
  // 0 for a table that was never written.
  virtual std::uint64_t version(const std::string& table) const = 0;
  virtual std::vector<std::pair<std::string, std::uint64_t>> versions() const = 0;

  // Executes entries in one SQLite transaction, a savepoint each, and records the last index with them. `body` is
  // called with the position in `stamps`; it may be called again for the same position when the transaction is lost
  // and repeated, so it must only overwrite its own results. An error means that this node's disk or memory failed:
  // nothing is applied, and the process must stop.
  virtual Result<ApplyReport> apply(std::span<const EntryStamp> stamps,
                                    const std::function<void(std::size_t, EntryScope&)>& body) = 0;

  // The same if it is sure to be short: a bounded number of operations, no change of the schema, no checkpoint due.
  // Otherwise nothing has happened, and there is no report.
  virtual Result<std::optional<ApplyReport>> apply_briefly(
      std::span<const EntryStamp> stamps, const std::function<void(std::size_t, EntryScope&)>& body) = 0;

  enum class Maintenance { kVacuum, kAnalyze };
  // Applied alone, as an entry of its own.
  virtual Result<ApplyReport> maintain(const EntryStamp& stamp, Maintenance what) = 0;

  // Makes everything applied durable (one sync of the WAL); then durable() == applied().
  virtual Status sync() = 0;
  // Everything applied goes into the main file, durably, and the WAL is removed; both stay if a reader needs
  // them. The last call: nothing is applied afterwards.
  virtual Status put_away() = 0;
  // Checkpoints if the WAL has grown past Options::checkpoint_frames.
  virtual Status checkpoint_if_due() = 0;
};

// Reading is bounded by the patience of whoever asks, and changes nothing anywhere: large values cost what
// they take.
struct QueryLimits {
  std::size_t max_result_bytes = 8 << 20;
  std::uint64_t max_operations = 2'000'000'000;  // for a world in which no time passes within a query
  std::size_t max_memory_bytes = std::size_t{256} << 20;  // that SQLite may take for one
  // Of the statements, in their order; past the end: waited for in any case. One that was withdrawn ends with
  // kLimit.
  std::span<const WithdrawalPtr> withdrawals{};
};

struct QueryResult {
  Outcome outcome = Outcome::kOk;
  std::string message;
  Rows rows;
  LogIndex applied;  // of the snapshot that was read
};

// A read-only connection; belongs to one lane.
class Reader {
 public:
  virtual ~Reader() = default;
  // One read transaction for the first statement and as many of those after it as are cheap together; it is ended
  // before it returns. So there are one or more results, in order, each within the limits: kLimit if a result or its
  // work is too large. None: nothing has happened, because another connection was in the way; ask again. An error
  // means that this node's disk failed.
  virtual Result<std::vector<QueryResult>> query(std::span<const Statement> statements, const QueryLimits& limits) = 0;
  // Ends before the first statement that is not sure to be short; so there may be no result.
  virtual Result<std::vector<QueryResult>> query_briefly(std::span<const Statement> statements) = 0;
  Result<QueryResult> query(const Statement& statement, const QueryLimits& limits) {
    LOCKSTEP_TRY(results, query(std::span(&statement, 1), limits));
    if (results.empty()) return fail(ErrorCode::kUnavailable, "another connection is in the way; ask again");
    return std::move(results.front());
  }
  // 0 for an unknown table.
  virtual Result<std::uint64_t> version(const std::string& table) = 0;
};

// Owns what the connections of one incarnation share (the WAL index in heap memory). Outlives them. The disk given to
// each opener is called on that opener's lane.
class Database {
 public:
  virtual ~Database() = default;
  static std::unique_ptr<Database> create(env::Disk& disk, Options options);
  // Opens or creates the file, recovers, syncs the WAL, loads the participant. Never owned by Database. With
  // Options::sync_commits kCorrupt if a WAL stands beside no main file: nothing else could bring back what is
  // lost.
  virtual Result<std::unique_ptr<Machine>> open_machine(Participant& participant) = 0;
  // After open_machine has succeeded once.
  virtual Result<std::unique_ptr<Reader>> open_reader() = 0;
};

// SQLite's process-wide settings and random generator: once per simulated run (same seed, same run) or at process
// start. Registers our VFS as the default and removes the others.
void initialise_sqlite(std::uint64_t seed);

// "3.40.1 <source id>" and a hash of the compile options; members must agree.
std::string sqlite_identity();

}  // namespace lockstep::sql
