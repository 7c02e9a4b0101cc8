// Executes the batches of one entry, each atomic: in a savepoint of its own, or in none.
//
// A savepoint costs as much as a small write, and hardly any batch is undone: a statement that fails is undone by SQLite
// itself. So a group of entries is tried without them first. A batch that has changed something and must be undone then
// takes the whole group back, and it is executed again with savepoints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/sql/connection.h"
#include "storage/sql/database.h"
#include "storage/sql/execution.h"
#include "storage/sql/ledger.h"
#include "storage/sql/row_observer.h"

namespace lockstep::sql {

class BatchRunner final : public EntryScope {
 public:
  static Result<std::unique_ptr<BatchRunner>> open(Connection& connection, Ledger& ledger,
                                                   RowObserver& observer, std::uint64_t max_operations);

  // Some statements end the whole transaction, which takes what the entry did before with it. The entry is
  // executed again then, and such a batch, which is known to do nothing, is answered with the result it had.
  struct KnownResult {
    std::uint32_t call;  // which execute() of the entry
    BatchResult result;
  };

  enum class Undo { kByGroup, kBySavepoint };
  void begin_entry(const EntryStamp& stamp, std::vector<KnownResult> known, Undo undo);
  BatchResult execute(std::span<const Statement> statements,
                      std::span<const ExpectedVersion> expected) override;

  // A statement ended the transaction. Everything after it was ignored.
  const std::optional<KnownResult>& lost() const { return lost_; }
  // A batch cannot be undone without its group. Everything after it was ignored.
  bool needs_savepoints() const { return needs_savepoints_; }
  // The node failed.
  const std::optional<Error>& error() const { return error_; }

 private:
  BatchRunner(Connection& connection, Ledger& ledger, RowObserver& observer, std::uint64_t max_operations)
      : connection_(connection), ledger_(ledger), observer_(observer), max_operations_(max_operations) {}

  struct Savepoint {
    Ledger::Mark mark;
    std::size_t changes;
  };

  BatchResult fail_node(Error error);
  // In the classes of sizes that are known so far; false: not done.
  bool attempt(std::span<const Statement> statements, std::uint32_t call, BatchResult& result);
  void start_counters();
  bool run_all(std::span<const Statement> statements, BatchResult& result);
  bool run_one(const Statement& statement, BatchResult& result);
  std::size_t size_class_of(const UserStatement& statement, const std::vector<Value>& parameters,
                            std::size_t position) const;
  // A statement of small parameters that meets large rows, and each of them once.
  Result<bool> runs_freely(UserStatement& statement, const Statement& asked, std::size_t position);
  Execution run_compiled(UserStatement& statement, const Statement& asked, std::size_t position);
  Execution finish_statement(const StatementFacts& facts);
  Result<std::string> check_largest_rowid();
  Result<std::string> follow_schema(const StatementFacts& facts);
  // The database has a hub, which follows its tables by the feed.
  bool has_followers() const;
  Result<std::string> adopt_tables(const StatementFacts& facts);
  Status roll_back(const Savepoint& savepoint);
  bool transaction_ended() const { return sqlite3_get_autocommit(connection_.db()) != 0; }
  bool foreign_keys_pending() const;
  bool changed_anything() const;

  Connection& connection_;
  Ledger& ledger_;
  RowObserver& observer_;
  const std::uint64_t max_operations_;
  StatementHandle savepoint_;
  StatementHandle release_;
  StatementHandle roll_back_to_;
  StatementHandle reset_changes_;

  EntryStamp stamp_;
  std::uint32_t call_ = 0;
  Undo undo_ = Undo::kBySavepoint;
  bool needs_savepoints_ = false;
  bool changed_schema_ = false;  // in this batch
  std::size_t result_room_ = 0;  // bytes that the results of this batch may still take
  std::uint64_t rows_before_ = 0;  // that the observer had seen before this attempt
  // A statement has met a value too large for its class: the batch is to be repeated, and from that statement on in
  // this class at least. A batch often repeats a statement; so few attempts find the classes of all.
  struct Raised {
    std::size_t from;
    std::size_t size_class;
  };
  std::vector<Raised> raised_;
  bool outgrown_ = false;
  std::vector<KnownResult> known_;
  std::optional<KnownResult> lost_;
  std::optional<Error> error_;
};

}  // namespace lockstep::sql
