// The writing connection: entries in groups, one SQLite transaction each, and the points of durability.
#pragma once

#include <memory>
#include <optional>

#include "storage/sql/batch.h"
#include "storage/sql/connection.h"
#include "storage/sql/database.h"
#include "storage/sql/ledger.h"
#include "storage/sql/row_observer.h"
#include "storage/sql/state_table.h"
#include "storage/sql/seal_file.h"
#include "storage/sql/watermark.h"

namespace lockstep::sql {

class SqliteMachine final : public Machine {
 public:
  static Result<std::unique_ptr<Machine>> open(env::Disk& disk, SharedFile& shared, const Options& options,
                                               Participant& participant);

  LogIndex applied() const override { return progress_.applied; }
  LogIndex durable() const override { return durable_; }
  std::uint64_t digest() const override { return digest_; }
  std::uint64_t bytes() const override;
  Result<std::uint64_t> scan_digest() override;
  std::uint64_t version(const std::string& table) const override;
  std::vector<std::pair<std::string, std::uint64_t>> versions() const override { return ledger_.versions(); }
  Result<ApplyReport> apply(std::span<const EntryStamp> stamps,
                            const std::function<void(std::size_t, EntryScope&)>& body) override;
  Result<std::optional<ApplyReport>> apply_briefly(
      std::span<const EntryStamp> stamps, const std::function<void(std::size_t, EntryScope&)>& body) override;
  Result<ApplyReport> maintain(const EntryStamp& stamp, Maintenance what) override;
  Status sync() override;
  Status put_away() override;
  Status checkpoint_if_due() override;

 private:
  static Result<std::unique_ptr<Machine>> open_files(env::Disk& disk, SharedFile& shared, const Options& options,
                                                     Participant& participant);
  using Body = std::function<void(std::size_t, EntryScope&)>;

  SqliteMachine(std::unique_ptr<Watermark> watermark, std::unique_ptr<SealFile> seal_file,
                std::unique_ptr<Connection> connection, const Options& options, Participant& participant);
  Status load();
  Status shorten_wal();
  Status rescan();

  // Executes stamps[first, end) in one transaction. False: a statement ended it, a batch needs savepoints, or
  // it takes too long for a brief attempt, and nothing has happened.
  Result<bool> try_group(std::span<const EntryStamp> stamps, std::size_t first, std::size_t end,
                         BatchRunner::Undo undo, const Body& body, ApplyReport& report);
  // All of them, if need be a second time with savepoints.
  Result<bool> try_whole(std::span<const EntryStamp> stamps, const Body& body, ApplyReport& report);
  // One transaction for this entry, again until its lost batches are all known.
  Status apply_alone(std::span<const EntryStamp> stamps, std::size_t position, const Body& body,
                     ApplyReport& report);
  Status run_entry(const EntryStamp& stamp, std::size_t position, BatchRunner::Undo undo, const Body& body,
                   ApplyReport& report);
  Status abandon_transaction();
  Status forget_transaction();
  Status begin();
  Result<bool> begin_in_time();
  bool checkpoint_due() const { return wal_frames_ >= static_cast<int>(options_.checkpoint_frames); }
  Status commit(const EntryStamp& last);
  Status note_synced_commit();
  Status note_copying(const Mark& copied);
  // True: everything is in the main file, durably. False: a reader needs what is in the WAL.
  Result<bool> checkpoint();
  Status vacuum(const EntryStamp& stamp);
  Status analyse(const EntryStamp& stamp);
  // A failed node answers everything with its first failure.
  Status keep(Status status);

  Options options_;
  Participant& participant_;
  std::unique_ptr<Watermark> watermark_;
  std::unique_ptr<SealFile> seal_file_;
  std::unique_ptr<Connection> connection_;
  Ledger ledger_;
  RowObserver observer_;
  std::unique_ptr<StateTable> state_;
  std::unique_ptr<BatchRunner> runner_;
  StatementHandle begin_;
  StatementHandle commit_;
  StatementHandle roll_back_;
  std::vector<BatchRunner::KnownResult> known_;  // lost batches of the entry that is applied alone
  Progress progress_;
  LogIndex durable_;
  std::uint64_t digest_ = 0;
  int wal_frames_ = 0;
  // Groups that get savepoints at once, because one before them was executed twice.
  static constexpr unsigned kCarefulGroups = 64;
  unsigned careful_groups_ = 0;
  Status failed_;
};

}  // namespace lockstep::sql
