// Executes committed entries on SQLite: commands become statements, sessions answer retries, transactions are decided.
//
// The one place where a command takes effect. Belongs to the apply lane.
#pragma once

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/proto/command.pb.h"
#include "core/raft/types.h"
#include "core/replica/replicated_state.h"
#include "storage/sql/database.h"

namespace lockstep::replica {

// A session is named by an index, so none has this name.
inline constexpr std::uint64_t kNoSession = 0;

// A write that has no exactly-once record: it is executed once per attempt.
inline bool is_sessionless(const wire::Write& write) {
  return write.session() == kNoSession && write.sequence() == 0;
}

// What one entry did.
struct AppliedCommand {
  enum class What : std::uint8_t {
    kNothing = 1,  // a no-op, or a decision on a transaction that was already decided
    kSessionOpened = 2,
    kSessionClosed = 3,
    kWrite = 4,     // see outcome
    kPrepared = 5,  // outcome PENDING
    kCommitted = 6, // a decision; see outcome
    kAborted = 7,
    kMaintained = 8,
    kUnreadable = 9,  // not a Command of this version: nothing happened, on every replica
  };

  LogIndex index;
  Term term;
  std::uint64_t entry_hash = 0;  // of term, kind and data
  std::uint64_t digest = 0;      // of the database after this entry
  What what = What::kNothing;
  LogIndex transaction;        // kPrepared, kCommitted, kAborted
  std::uint64_t session = kNoSession;  // of a write; opened or closed by this entry
  std::uint64_t sequence = 0;
  bool executed = false;       // statements ran in this entry (not a stored answer)
  std::uint32_t outcome = 0;   // of those statements: storage/sql/value.h, Outcome
  Bytes answer;                // a wire::WriteOutcome; empty if there is nothing to say
};

struct ApplyResult {
  std::vector<AppliedCommand> commands;
  std::vector<std::pair<std::string, std::uint64_t>> versions;  // changed tables, final values
  std::vector<sql::RowChange> changes;                          // only if the feed is on
  LogIndex durable;                                             // of the database
  std::uint64_t bytes = 0;                                      // likewise
  bool one_by_one = false;
};

class StateMachine {
 public:
  // Opens or creates the database. Owned objects belong to the calling lane from then on.
  static Result<std::unique_ptr<StateMachine>> open(sql::Database& database, std::int64_t session_timeout_ns);

  // In order, each entry exactly once. An error means that this node must stop.
  Result<ApplyResult> apply(std::span<const raft::Entry> entries);

  // The same if it is sure to be short; otherwise nothing has happened, and there is no result.
  Result<std::optional<ApplyResult>> apply_briefly(std::span<const raft::Entry> entries);

  // Makes everything applied durable.
  Result<LogIndex> sync();
  // The same, in one file; see sql::Machine::put_away().
  Result<LogIndex> put_away();

  LogIndex applied() const { return machine_->applied(); }
  LogIndex durable() const { return machine_->durable(); }
  std::uint64_t digest() const { return machine_->digest(); }
  std::uint64_t bytes() const { return machine_->bytes(); }
  std::vector<std::pair<std::string, std::uint64_t>> versions() const { return machine_->versions(); }
  std::vector<LogIndex> undecided() const { return state_.undecided(); }

 private:
  explicit StateMachine(std::int64_t session_timeout_ns) : state_(session_timeout_ns) {}

  struct Pending;  // an entry on its way: the parsed command and what became of it
  void execute(Pending& pending, sql::EntryScope& scope);
  void execute_write(const wire::Write& write, AppliedCommand& applied, sql::EntryScope& scope);
  void execute_prepare(const wire::Prepare& prepare, AppliedCommand& applied);
  void execute_decide(const wire::Decide& decide, AppliedCommand& applied, sql::EntryScope& scope);
  bool answer_from_session(const wire::Write& write, AppliedCommand& applied);
  wire::WriteOutcome& new_outcome();
  void record(wire::WriteOutcome& outcome, AppliedCommand& applied);
  // Parses the entries' commands; they live until the next call.
  std::vector<Pending> read(std::span<const raft::Entry> entries);
  static std::vector<sql::EntryStamp> stamps_of(std::span<const Pending> group);
  Status apply_group(std::span<Pending> group, ApplyResult& result);
  Result<sql::ApplyReport> maintain(Pending& pending);
  // What the database reports of a group goes to its commands, and these to the result.
  static void collect(std::span<Pending> group, sql::ApplyReport report, ApplyResult& result);

  // Commands and outcomes of one call of apply(). The first block is reused, so that most calls allocate little.
  static constexpr std::size_t kBlockBytes = std::size_t{128} << 10;
  std::unique_ptr<char[]> block_ = std::make_unique_for_overwrite<char[]>(kBlockBytes);
  google::protobuf::Arena arena_{block_.get(), kBlockBytes};
  // Of the write at work. A small one leaves its memory to the next.
  static constexpr int kMostKeptStatements = 16;
  static constexpr std::size_t kMostKeptBytes = std::size_t{64} << 10;
  std::vector<sql::Statement> statements_;

  ReplicatedState state_;
  std::unique_ptr<sql::Machine> machine_;
};

}  // namespace lockstep::replica
