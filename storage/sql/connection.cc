// Opening and configuring a connection, and running our own SQL on it.
#include "storage/sql/connection.h"

#include "base/check.h"
#include "storage/sql/functions.h"
#include "storage/sql/series_functions.h"

namespace lockstep::sql {
namespace {

struct Limit {
  int id;
  int value;
};

// Replicated configuration in effect: a statement must meet the same limit on every replica. Depth limits
// keep SQLite's recursion within the stack of a simulated lane.
constexpr Limit kLimits[] = {
    {SQLITE_LIMIT_LENGTH, Connection::kMaxValueBytes},
    {SQLITE_LIMIT_COLUMN, 1000},
    {SQLITE_LIMIT_EXPR_DEPTH, 200},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 1'000'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_ATTACHED, 1},               // VACUUM attaches its copy; users may attach nothing
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200},  // matching is exponential in it, and not counted as operations
    {SQLITE_LIMIT_VARIABLE_NUMBER, 32'766},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 100},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

struct Switch {
  int id;
  int value;
};

constexpr Switch kSwitches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 1},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    // Closing must not write: exactly one connection checkpoints, and being killed is how a process ends.
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
    // Plans must not depend on the values bound to a statement when it happened to be compiled.
    {SQLITE_DBCONFIG_ENABLE_QPSG, 1},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
};

int look_at_budget(void* of) {
  Lane& lane = *static_cast<Lane*>(of);
  const bool withdrawn = lane.withdrawal != nullptr && lane.withdrawal->withdrawn();
  return lane.budget.look() || withdrawn ? 1 : 0;
}

// Tries again at once, a bounded number of times: whoever is in the way holds its slot for a few
// instructions.
int try_again(void*, int tries) { return tries < 1000 ? 1 : 0; }

}  // namespace

Connection::Connection(env::Disk& disk, SharedFile& shared, Allocations* allocations)
    : lane_{.disk = disk, .shared = shared, .allocations = allocations}, vfs_(lane_) {}

Connection::~Connection() {
  const AllocatesFor allocates_for(lane_);
  statements_.reset();
  CHECK(sqlite3_close(db_) == SQLITE_OK, "a statement outlives its connection");
}

Result<std::unique_ptr<Connection>> Connection::open(env::Disk& disk, SharedFile& shared,
                                                     const ConnectionOptions& options) {
  std::unique_ptr<Connection> connection(new Connection(disk, shared, options.allocations));
  const AllocatesFor allocates_for(connection->lane_);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options.writes ? SQLITE_OPEN_CREATE : 0);
  const int rc = sqlite3_open_v2(options.path.c_str(), &connection->db_, flags, connection->vfs_.name());
  if (rc != SQLITE_OK) return std::unexpected(connection->failure(rc, cat("opening ", options.path)));
  LOCKSTEP_TRY_STATUS(connection->configure(options));
  return connection;
}

Status Connection::configure(const ConnectionOptions& options) {
  for (const Limit& limit : kLimits) sqlite3_limit(db_, limit.id, limit.value);
  sqlite3_limit(db_, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(options.max_statement_bytes));
  for (const Switch& choice : kSwitches)
    CHECK(sqlite3_db_config(db_, choice.id, choice.value, nullptr) == SQLITE_OK, "switch ", choice.id);
  // Room for the seal of each page, in a file that is new.
  int reserved_bytes = static_cast<int>(kSealBytes);
  if (options.writes)
    CHECK(sqlite3_file_control(db_, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved_bytes) == SQLITE_OK);
  const char* kept_modules[] = {"json_each", "json_tree", nullptr};
  CHECK(sqlite3_drop_modules(db_, kept_modules) == SQLITE_OK);
  CHECK(sqlite3_busy_handler(db_, try_again, nullptr) == SQLITE_OK);
  sqlite3_progress_handler(db_, Budget::kStride, look_at_budget, &lane_);
  // It looks into the file before it installs anything.
  LOCKSTEP_TRY_STATUS(insist([this] {
    const int rc = install_functions(db_, lane_);
    return rc == SQLITE_OK ? Status{} : std::unexpected(failure(rc, "reading the schema"));
  }));
  if (const int rc = install_series_functions(db_, lane_); rc != SQLITE_OK)
    return std::unexpected(failure(rc, "installing the functions of series"));
  // What is read may take longer; indexes that serve a pattern are worth more there.
  if (const int rc = priced_functions_.install(db_, lane_, vfs_.name(), options.writes); rc != SQLITE_OK)
    return std::unexpected(failure(rc, "opening a database for functions"));
  if (options.writes)
    if (const int rc = gathering_functions_.install(db_, priced_functions_.builtins(), lane_);
        rc != SQLITE_OK)
      return std::unexpected(failure(rc, "installing what gathers"));
  authoriser_.install(db_);
  statements_ = std::make_unique<StatementCache>(db_, authoriser_);
  LOCKSTEP_TRY_STATUS(
      run("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000; PRAGMA secure_delete=OFF;"
          "PRAGMA wal_autocheckpoint=0"));
  LOCKSTEP_TRY_STATUS(run(options.syncs_commits ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  return run(options.writes ? "PRAGMA journal_mode=WAL" : "PRAGMA query_only=ON");
}

Status Connection::run(const char* sql) {
  Authoriser::Trusted trusted(authoriser_);
  const int rc = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(failure(rc, sql));
  return {};
}

Result<StatementHandle> Connection::prepare(std::string_view sql) {
  Authoriser::Trusted trusted(authoriser_);
  sqlite3_stmt* handle = nullptr;
  const int rc = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                    &handle, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(failure(rc, sql));
  return StatementHandle(handle);
}

Status Connection::step(sqlite3_stmt* statement) {
  Authoriser::Trusted trusted(authoriser_);  // it may be compiled again
  const int rc = sqlite3_step(statement);
  if (rc == SQLITE_DONE) {
    sqlite3_reset(statement);
    return {};
  }
  Error error = failure(rc, sqlite3_sql(statement));
  sqlite3_reset(statement);
  return std::unexpected(std::move(error));
}

Error Connection::failure(int code, std::string_view doing) {
  if (lane_.fault) return *lane_.fault;
  const char* text = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  ErrorCode kind = ErrorCode::kIo;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: kind = ErrorCode::kCorrupt; break;
    case SQLITE_BUSY:
    case SQLITE_PROTOCOL: kind = ErrorCode::kUnavailable; break;
    case SQLITE_FULL:
    case SQLITE_NOMEM: kind = ErrorCode::kNoSpace; break;
    default: break;
  }
  return Error{kind, cat("SQLite failed (", code, ", ", text, ") at: ", doing)};
}

Status Connection::insist(const std::function<Status()>& begin) {
  constexpr int kMostTries = 100'000;  // many seconds
  Status begun = begin();
  for (int tries = 1; !begun && is_in_the_way(begun.error()) && tries < kMostTries; ++tries) begun = begin();
  return begun;
}

Status Connection::sync_wal() {
  sqlite3_file* journal = nullptr;
  const int rc = sqlite3_file_control(db_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
  // The main file does not say that it has one: it is not what was written.
  if (rc != SQLITE_OK || journal == nullptr || journal->pMethods == nullptr)
    return fail(ErrorCode::kCorrupt, cat("'", sqlite3_db_filename(db_, "main"), "' has not become a database with a WAL"));
  const int synced = journal->pMethods->xSync(journal, SQLITE_SYNC_NORMAL);
  if (synced != SQLITE_OK) return std::unexpected(failure(synced, "syncing the WAL"));
  return {};
}

Connection::Use::Use(Connection& connection) : connection_(connection), allocates_for_(connection.lane_) {
  CHECK(!connection_.in_use_.exchange(true, std::memory_order_acquire), "two lanes use one connection");
}

}  // namespace lockstep::sql
