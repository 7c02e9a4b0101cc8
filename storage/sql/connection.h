// One SQLite connection as this project opens it: our VFS, our functions, our rules and limits.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "storage/sql/authoriser.h"
#include "storage/sql/gathering_functions.h"
#include "storage/sql/lane.h"
#include "storage/sql/priced_functions.h"
#include "storage/sql/statement.h"
#include "storage/sql/vfs.h"

namespace lockstep::sql {

struct ConnectionOptions {
  std::string path;
  std::uint32_t max_statement_bytes = 1 << 20;
  bool writes = false;  // false: query_only
  bool syncs_commits = false;
  Allocations* allocations = nullptr;
};

class Connection {
 public:
  // The largest string, blob or row.
  static constexpr int kMaxValueBytes = 32 << 20;

  // Creates the file if it writes.
  static Result<std::unique_ptr<Connection>> open(env::Disk& disk, SharedFile& shared,
                                                  const ConnectionOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* db() { return db_; }
  Lane& lane() { return lane_; }
  Authoriser& authoriser() { return authoriser_; }
  StatementCache& statements() { return *statements_; }

  // Own SQL. Any failure is a failure of this node.
  Status run(const char* sql);
  Result<StatementHandle> prepare(std::string_view sql);
  // Executes a statement that returns no rows and resets it.
  Status step(sqlite3_stmt* statement);
  // The recorded fault, else what SQLite says about `code`.
  Error failure(int code, std::string_view doing);
  // Nothing has happened: another connection holds what a transaction needs to begin. It does so for a few
  // instructions, but its thread may have lost the processor within them.
  bool is_in_the_way(const Error& error) const {
    return error.code == ErrorCode::kUnavailable && !lane_.fault;
  }
  // What begins a transaction: again while another connection is in the way, a bounded number of times.
  Status insist(const std::function<Status()>& begin);
  // One fsync of the WAL: all commits so far survive power loss.
  Status sync_wal();

  // A connection belongs to one lane: two calls at a time are a bug of ours (a fiber's stack would hide it
  // from SQLite's own mutexes).
  class Use {
   public:
    explicit Use(Connection& connection);
    ~Use() { connection_.in_use_.store(false, std::memory_order_release); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Connection& connection_;
    AllocatesFor allocates_for_;
  };

 private:
  Connection(env::Disk& disk, SharedFile& shared, Allocations* allocations);
  Status configure(const ConnectionOptions& options);

  Lane lane_;
  LaneVfs vfs_;
  Authoriser authoriser_;
  PricedFunctions priced_functions_;
  GatheringFunctions gathering_functions_;
  sqlite3* db_ = nullptr;
  std::unique_ptr<StatementCache> statements_;
  std::atomic<bool> in_use_{false};
};

}  // namespace lockstep::sql
