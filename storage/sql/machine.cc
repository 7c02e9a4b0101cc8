// Applying entries, maintenance, and durability.
#include "storage/sql/machine.h"

#include <algorithm>

#include "base/check.h"
#include "storage/sql/schema.h"
#include "storage/sql/sql_text.h"
#include "storage/sql/survey.h"

namespace lockstep::sql {
namespace {

// A few hundred microseconds.
constexpr std::uint64_t kBriefOperations = 20'000;

int note_wal_frames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

SqliteMachine::SqliteMachine(std::unique_ptr<Watermark> watermark, std::unique_ptr<SealFile> seal_file,
                             std::unique_ptr<Connection> connection, const Options& options,
                             Participant& participant)
    : options_(options),
      participant_(participant),
      watermark_(std::move(watermark)),
      seal_file_(std::move(seal_file)),
      connection_(std::move(connection)),
      observer_(*connection_, ledger_, options.feed) {
  sqlite3_wal_hook(connection_->db(), note_wal_frames, &wal_frames_);
}

Result<std::unique_ptr<Machine>> SqliteMachine::open(env::Disk& disk, SharedFile& shared, const Options& options,
                                                     Participant& participant) {
  auto opened = open_files(disk, shared, options, participant);
  if (!opened && opened.error().code == ErrorCode::kCorrupt) make_mark_durable(disk, options.path);
  return opened;
}

Result<std::unique_ptr<Machine>> SqliteMachine::open_files(env::Disk& disk, SharedFile& shared, const Options& options,
                                                           Participant& participant) {
  const ConnectionOptions how{.path = options.path,
                              .max_statement_bytes = options.max_statement_bytes,
                              .writes = true,
                              .syncs_commits = options.sync_commits,
                              .allocations = options.allocations};
  const Survey survey(disk, options.path, options.sync_commits);
  LOCKSTEP_TRY(watermark, Watermark::open(disk, options.path, shared.main_bytes));
  LOCKSTEP_TRY_STATUS(survey.before_opening(*watermark));
  LOCKSTEP_TRY(seal_file, SealFile::open(disk, options.path, shared.seals));
  auto connection = Connection::open(disk, shared, how);
  if (!connection) return std::unexpected(survey.explained(connection.error()));
  const Status recovered =
      (*connection)->run("PRAGMA schema_version");  // SQLite recovers the WAL when it reads
  if (!recovered) return std::unexpected(survey.explained(recovered.error()));
  LOCKSTEP_TRY_STATUS(survey.after_recovery(shared, *watermark));
  std::unique_ptr<SqliteMachine> machine(
      new SqliteMachine(std::move(watermark), std::move(seal_file), std::move(*connection), options, participant));
  LOCKSTEP_TRY_STATUS(machine->load());
  return machine;
}

Status SqliteMachine::load() {
  Connection::Use use(*connection_);
  RowObserver::Pause pause(observer_);
  LOCKSTEP_TRY(state, StateTable::open(*connection_, true));
  state_ = std::move(state);
  LOCKSTEP_TRY(runner, BatchRunner::open(*connection_, ledger_, observer_, options_.max_operations));
  runner_ = std::move(runner);
  LOCKSTEP_TRY(begin, connection_->prepare("BEGIN IMMEDIATE"));
  LOCKSTEP_TRY(commit, connection_->prepare("COMMIT"));
  LOCKSTEP_TRY(roll_back, connection_->prepare("ROLLBACK"));
  begin_ = std::move(begin);
  commit_ = std::move(commit);
  roll_back_ = std::move(roll_back);
  // Frames recovered after a process crash may exist in the operating system's cache only.
  LOCKSTEP_TRY_STATUS(connection_->sync_wal());
  LOCKSTEP_TRY(progress, state_->progress());
  progress_ = progress;
  LOCKSTEP_TRY_STATUS(state_->load_tables(ledger_));
  LOCKSTEP_TRY(names, user_tables(*connection_));
  for (const std::string& name : names) {
    TableRecord& record = ledger_.record(name);
    ledger_.set_table(record, true, record.sum);
  }
  if (progress_.vacuuming) LOCKSTEP_TRY_STATUS(rescan());
  ledger_.forget_marks();
  digest_ = ledger_.digest();
  durable_ = progress_.applied;
  if (connection_->lane().fault) return std::unexpected(*connection_->lane().fault);
  LOCKSTEP_TRY_STATUS(shorten_wal());
  return state_->load_participant(participant_);
}

// Readers can make the WAL as long as it may be; where the next entry has no place in it, the node would stop
// at every start. Nobody reads yet.
Status SqliteMachine::shorten_wal() {
  constexpr std::uint32_t kManyFrames = 1000;
  constexpr std::uint32_t kManyTimes = 16;
  const std::uint32_t frames = connection_->lane().shared.wal_index.committed().frames;
  if (frames < kManyFrames || frames / kManyTimes < options_.checkpoint_frames) return {};
  const Result<bool> done = checkpoint();
  return done ? Status{} : std::unexpected(done.error());
}

Status SqliteMachine::rescan() {
  LOCKSTEP_TRY(sums, scan_all_sums(*connection_));
  for (const auto& [name, sum] : sums) ledger_.set_table(ledger_.record(name), true, sum);
  return {};
}

Status SqliteMachine::keep(Status status) {
  if (!status && failed_) failed_ = status;
  return failed_;
}

Result<std::uint64_t> SqliteMachine::scan_digest() {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  LOCKSTEP_TRY(sums, scan_all_sums(*connection_));
  return ledger_.digest_with(sums);
}

std::uint64_t SqliteMachine::bytes() const {
  const SharedFile& shared = connection_->lane().shared;
  const WalIndex::Committed wal = shared.wal_index.committed();
  return wal.frames > 0 ? wal.pages * std::uint64_t{kPageBytes}
                        : shared.main_bytes.load(std::memory_order_acquire);
}

std::uint64_t SqliteMachine::version(const std::string& table) const {
  const TableRecord* record = ledger_.find(fold(table));
  return record == nullptr ? 0 : record->version;
}

Result<ApplyReport> SqliteMachine::apply(std::span<const EntryStamp> stamps, const Body& body) {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  ApplyReport report;
  if (stamps.empty()) return report;
  CHECK(stamps.front().index > progress_.applied, "entry ", stamps.front().index, " is applied already");
  known_.clear();
  const Result<bool> grouped = try_whole(stamps, body, report);
  if (!grouped) return std::unexpected(keep(std::unexpected(grouped.error())).error());
  if (*grouped) return report;
  report = ApplyReport{};
  report.one_by_one = true;
  for (std::size_t position = 0; position < stamps.size(); ++position)
    LOCKSTEP_TRY_STATUS(keep(apply_alone(stamps, position, body, report)));
  return report;
}

Result<bool> SqliteMachine::try_whole(std::span<const EntryStamp> stamps, const Body& body,
                                      ApplyReport& report) {
  using Undo = BatchRunner::Undo;
  if (careful_groups_ == 0) {
    LOCKSTEP_TRY(grouped, try_group(stamps, 0, stamps.size(), Undo::kByGroup, body, report));
    const bool in_haste = connection_->lane().budget.overdrawn();
    if (grouped || in_haste || !runner_->needs_savepoints()) return grouped;
    careful_groups_ = kCarefulGroups;
  }
  --careful_groups_;
  return try_group(stamps, 0, stamps.size(), Undo::kBySavepoint, body, report);
}

Result<std::optional<ApplyReport>> SqliteMachine::apply_briefly(std::span<const EntryStamp> stamps,
                                                                const Body& body) {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  if (stamps.empty() || checkpoint_due()) return std::nullopt;
  CHECK(stamps.front().index > progress_.applied, "entry ", stamps.front().index, " is applied already");
  known_.clear();
  ApplyReport report;
  connection_->lane().budget.begin_brief(kBriefOperations);
  const Result<bool> grouped = try_whole(stamps, body, report);
  connection_->lane().budget.end_brief();
  if (!grouped) return std::unexpected(keep(std::unexpected(grouped.error())).error());
  if (!*grouped) return std::nullopt;
  return report;
}

Status SqliteMachine::apply_alone(std::span<const EntryStamp> stamps, std::size_t position, const Body& body,
                                  ApplyReport& report) {
  known_.clear();
  while (true) {
    LOCKSTEP_TRY(applied,
                 try_group(stamps, position, position + 1, BatchRunner::Undo::kBySavepoint, body, report));
    if (applied) return {};
    known_.push_back(*runner_->lost());
  }
}

// A reader may hold the writer's slot for a moment, to see whether the WAL index is whole.
Status SqliteMachine::begin() {
  return connection_->insist([this] { return connection_->step(begin_.get()); });
}

// There is no time to wait in a brief attempt.
Result<bool> SqliteMachine::begin_in_time() {
  Budget& budget = connection_->lane().budget;
  const Status begun = budget.is_brief() ? connection_->step(begin_.get()) : begin();
  if (begun) return true;
  if (!budget.is_brief() || !connection_->is_in_the_way(begun.error())) return std::unexpected(begun.error());
  budget.overdraw();
  return false;
}

Result<bool> SqliteMachine::try_group(std::span<const EntryStamp> stamps, std::size_t first, std::size_t end,
                                      BatchRunner::Undo undo, const Body& body, ApplyReport& report) {
  LOCKSTEP_TRY(has_begun, begin_in_time());
  if (!has_begun) return false;
  const std::size_t reported = report.entries.size();
  for (std::size_t position = first; position < end; ++position) {
    LOCKSTEP_TRY_STATUS(run_entry(stamps[position], position, undo, body, report));
    const bool overdrawn = connection_->lane().budget.overdrawn();
    if (!runner_->lost() && !runner_->needs_savepoints() && !overdrawn) continue;
    report.entries.resize(reported);
    LOCKSTEP_TRY_STATUS(abandon_transaction());
    return false;
  }
  std::ranges::move(ledger_.changed_since(0), std::back_inserter(report.versions));
  LOCKSTEP_TRY_STATUS(commit(stamps[end - 1]));
  if (options_.feed) std::ranges::move(observer_.take_changes(), std::back_inserter(report.changes));
  return true;
}

Status SqliteMachine::run_entry(const EntryStamp& stamp, std::size_t position, BatchRunner::Undo undo,
                                const Body& body, ApplyReport& report) {
  ledger_.mark();
  runner_->begin_entry(stamp, known_, undo);
  body(position, *runner_);
  if (runner_->error()) return std::unexpected(*runner_->error());
  AppliedEntry& entry = report.entries.emplace_back();
  entry.index = stamp.index;
  if (runner_->lost() || runner_->needs_savepoints()) return {};
  entry.digest = ledger_.digest();
  return {};
}

// Unless SQLite has done it.
Status SqliteMachine::abandon_transaction() {
  if (sqlite3_get_autocommit(connection_->db()) == 0)
    LOCKSTEP_TRY_STATUS(connection_->step(roll_back_.get()));
  return forget_transaction();
}

// The transaction has been rolled back; memory follows.
Status SqliteMachine::forget_transaction() {
  connection_->statements().clear();
  ledger_.undo_to(0);
  observer_.drop_changes_from(0);
  observer_.take_largest_rowids();
  return connection_->insist([this] { return state_->load_participant(participant_); });
}

Status SqliteMachine::commit(const EntryStamp& last) {
  RowObserver::Pause pause(observer_);
  participant_.flush(*state_);
  LOCKSTEP_TRY_STATUS(state_->take_failure());
  Status saved;
  ledger_.save_changed([&](const TableRecord& record) {
    if (saved) saved = state_->save_table(record);
  });
  LOCKSTEP_TRY_STATUS(saved);
  const Progress progress{last.index, last.time_ns, false};
  LOCKSTEP_TRY_STATUS(state_->save_progress(progress));
  LOCKSTEP_TRY_STATUS(connection_->step(commit_.get()));
  // A dead process may still be answered from SQLite's cache.
  if (connection_->lane().fault) return std::unexpected(*connection_->lane().fault);
  progress_ = progress;
  if (options_.sync_commits) LOCKSTEP_TRY_STATUS(note_synced_commit());
  ledger_.forget_marks();
  digest_ = ledger_.digest();
  return {};
}

Result<ApplyReport> SqliteMachine::maintain(const EntryStamp& stamp, Maintenance what) {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  CHECK(stamp.index > progress_.applied, "entry ", stamp.index, " is applied already");
  RowObserver::Pause pause(observer_);
  connection_->statements().clear();
  connection_->lane().now_ns = stamp.time_ns;
  LOCKSTEP_TRY_STATUS(keep(what == Maintenance::kVacuum ? vacuum(stamp) : analyse(stamp)));
  ApplyReport report;
  report.entries.push_back({stamp.index, digest_});
  return report;
}

// VACUUM is a transaction of its own and may change rowids: a crash before the next commit leaves sums that
// are void.
Status SqliteMachine::vacuum(const EntryStamp& stamp) {
  LOCKSTEP_TRY_STATUS(begin());
  LOCKSTEP_TRY_STATUS(state_->save_progress(Progress{progress_.applied, progress_.time_ns, true}));
  LOCKSTEP_TRY_STATUS(connection_->step(commit_.get()));
  LOCKSTEP_TRY_STATUS(connection_->insist([this] { return connection_->run("VACUUM"); }));
  LOCKSTEP_TRY_STATUS(begin());
  LOCKSTEP_TRY_STATUS(rescan());
  return commit(stamp);
}

Status SqliteMachine::analyse(const EntryStamp& stamp) {
  LOCKSTEP_TRY_STATUS(begin());
  LOCKSTEP_TRY_STATUS(connection_->run("ANALYZE"));
  LOCKSTEP_TRY_STATUS(rescan());  // its table is new in the schema
  return commit(stamp);
}

Status SqliteMachine::sync() {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  if (durable_ == progress_.applied) return {};
  LOCKSTEP_TRY_STATUS(keep(connection_->sync_wal()));
  durable_ = progress_.applied;
  return {};
}

// What is in the WAL is what the commit has just synced.
Status SqliteMachine::note_synced_commit() {
  durable_ = progress_.applied;
  const WalIndex::Committed wal = connection_->lane().shared.wal_index.committed();
  Mark mark = watermark_->mark();
  if (mark.wal_salts != wal.salts) mark.copied_frames = 0;
  mark.wal_salts = wal.salts;
  mark.wal_frames = wal.frames;
  return watermark_->raise(mark);
}

// From here on the main file without these frames of the WAL is a mixture, also after a loss of power, which may keep
// pages that were never synced (chaos seed 5116).
Status SqliteMachine::note_copying(const Mark& copied) {
  if (durable_ != progress_.applied) LOCKSTEP_TRY_STATUS(connection_->sync_wal());
  durable_ = progress_.applied;
  Mark mark = copied;
  mark.wal_frames = copied.copied_frames;
  mark.main_bytes = std::min(copied.main_bytes, watermark_->mark().main_bytes);
  return watermark_->fix(mark);
}

Result<bool> SqliteMachine::checkpoint() {
  const WalIndex::Committed wal = connection_->lane().shared.wal_index.committed();
  const Mark all_in_main{.main_bytes = wal.pages * std::uint64_t{kPageBytes},
                         .wal_salts = wal.salts,
                         .copied_frames = wal.frames};
  const bool has_news = wal.frames > 0 && watermark_->mark() != all_in_main;
  if (has_news) LOCKSTEP_TRY_STATUS(note_copying(all_in_main));
  int frames = 0;
  int copied = 0;
  const int rc =
      sqlite3_wal_checkpoint_v2(connection_->db(), "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
  if (connection_->lane().fault || (rc != SQLITE_OK && rc != SQLITE_BUSY))
    return std::unexpected(connection_->failure(rc, "a checkpoint"));
  // A reader that holds an old snapshot keeps frames in the WAL; then OK alone promises nothing.
  if (rc != SQLITE_OK || frames != copied) return false;
  wal_frames_ = 0;
  durable_ = progress_.applied;
  LOCKSTEP_TRY_STATUS(seal_file_->save());
  // From here on SQLite may begin the WAL anew: nothing may ask for the former one any more.
  if (has_news) LOCKSTEP_TRY_STATUS(watermark_->fix(all_in_main));
  return true;
}

Status SqliteMachine::put_away() {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  const Result<bool> all_in_main = checkpoint();
  if (!all_in_main) return keep(std::unexpected(all_in_main.error()));
  const int rc = *all_in_main ? sqlite3_wal_checkpoint_v2(connection_->db(), "main",
                                                          SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr)
                              : SQLITE_BUSY;
  const bool is_read = rc == SQLITE_BUSY;
  if (connection_->lane().fault || (rc != SQLITE_OK && !is_read))
    return keep(std::unexpected(connection_->failure(rc, "the last checkpoint")));
  if (is_read) LOCKSTEP_TRY_STATUS(keep(connection_->sync_wal()));
  durable_ = progress_.applied;
  return is_read ? Status{} : keep(connection_->lane().disk.remove(wal_file_of(options_.path)));
}

Status SqliteMachine::checkpoint_if_due() {
  Connection::Use use(*connection_);
  LOCKSTEP_TRY_STATUS(failed_);
  if (!checkpoint_due()) return {};
  const Result<bool> done = checkpoint();
  return done ? Status{} : keep(std::unexpected(done.error()));
}

}  // namespace lockstep::sql
