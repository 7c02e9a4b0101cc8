// Plain SQL, one transaction per seed: after a crash of the machine the last seeds are run again.
#include "scenarios/farm/results.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::farm {
namespace {

constexpr std::uint64_t kFormat = 1;

constexpr const char* kSchema = R"(
CREATE TABLE campaign(format INTEGER NOT NULL, program TEXT NOT NULL);
CREATE TABLE ranges(first INTEGER NOT NULL, last INTEGER NOT NULL, shard INTEGER NOT NULL, shards INTEGER NOT NULL,
                    UNIQUE(first, last, shard, shards));
CREATE TABLE seeds(seed INTEGER PRIMARY KEY, kind TEXT NOT NULL, names TEXT NOT NULL, nodes INTEGER NOT NULL,
                   ok INTEGER NOT NULL, failed INTEGER NOT NULL, unknown INTEGER NOT NULL, events INTEGER NOT NULL,
                   trace TEXT NOT NULL, simulated_ns INTEGER NOT NULL, real_ns INTEGER NOT NULL,
                   complaint TEXT NOT NULL, edges INTEGER);
CREATE TABLE rare_events(seed INTEGER NOT NULL, name TEXT NOT NULL, times INTEGER NOT NULL,
                         PRIMARY KEY(seed, name)) WITHOUT ROWID;
CREATE TABLE strikes(seed INTEGER NOT NULL, verb TEXT NOT NULL, condition TEXT NOT NULL, times INTEGER NOT NULL,
                     PRIMARY KEY(seed, verb, condition)) WITHOUT ROWID;
)";

constexpr const char* kFile = "results.sqlite";

std::string json_of(const std::vector<std::string>& names) { return nlohmann::json(names).dump(); }

std::vector<std::string> split(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const bool is_list = json.is_array() && std::ranges::all_of(json, [](const auto& name) { return name.is_string(); });
  return is_list ? json.get<std::vector<std::string>>() : std::vector<std::string>{text};
}

}  // namespace

std::string to_string(const Range& range) {
  const std::string seeds = cat(range.first, "..", range.last);
  return range.shards == 1 ? seeds : cat(seeds, ", shard ", range.shard, " of ", range.shards);
}

// One prepared statement; values are bound and read in order.
class Results::Statement {
 public:
  Statement(sqlite3* database, const char* sql) : database_(database) {
    is_fine_ = sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) == SQLITE_OK;
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::uint64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(value));
    return *this;
  }
  Statement& bind(std::optional<std::uint32_t> value) {
    if (value) return bind(std::uint64_t{*value});
    ++bound_;  // a parameter that nobody bound is NULL
    return *this;
  }
  Statement& bind(const std::string& value) {
    sqlite3_bind_text(statement_, ++bound_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
  }
  // True: there is a row to read.
  bool step() {
    column_ = 0;
    const int code = is_fine_ ? sqlite3_step(statement_) : SQLITE_ERROR;
    is_fine_ = code == SQLITE_ROW || code == SQLITE_DONE;
    return code == SQLITE_ROW;
  }
  std::uint64_t number() { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column_++)); }
  std::optional<std::uint64_t> number_if_any() {
    if (sqlite3_column_type(statement_, column_) != SQLITE_NULL) return number();
    ++column_;
    return std::nullopt;
  }
  std::string text() {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }
  // After the last step.
  Status finish() const {
    if (is_fine_) return {};
    return fail(ErrorCode::kIo,
                cat(sqlite3_db_filename(database_, nullptr), ": ", sqlite3_errmsg(database_)));
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
  int column_ = 0;
  bool is_fine_ = false;
};

Results::Results(sqlite3* database, std::string program, int lock)
    : database_(database), program_(std::move(program)), lock_(lock) {}

Results::Results(Results&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      program_(std::move(other.program_)),
      lock_(std::exchange(other.lock_, -1)) {}

Results::~Results() {
  sqlite3_close(database_);
  if (lock_ >= 0) ::close(lock_);
}

Result<Results> Results::open_file(const std::filesystem::path& file, int flags, int lock) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  Results results(database, "", lock);
  if (code != SQLITE_OK)
    return fail(ErrorCode::kIo, cat(file.string(), ": cannot be opened: ", sqlite3_errmsg(database)));
  return results;
}

Result<Results> Results::open(const std::filesystem::path& directory, const std::string& program) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(ErrorCode::kIo, cat(directory.string(), ": cannot be created: ", error.message()));
  const int lock = ::open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return fail(ErrorCode::kIo, cat(directory.string(), ": cannot be written"));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return fail(ErrorCode::kRefused, cat(directory.string(), ": another chaos run is writing there"));
  }
  LOCKSTEP_TRY(results, open_file(directory / kFile, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, lock));
  LOCKSTEP_TRY_STATUS(results.prepare_file(program));
  return results;
}

Result<Results> Results::open_finished(const std::filesystem::path& directory) {
  const auto file = directory / kFile;
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return fail(ErrorCode::kNotFound,
                cat(directory.string(), ": expected a directory of a chaos run, with a ", kFile));
  LOCKSTEP_TRY(results, open_file(file, SQLITE_OPEN_READWRITE, -1));
  LOCKSTEP_TRY_STATUS(results.prepare_file(""));
  return results;
}

// An empty program: any will do.
Status Results::prepare_file(const std::string& program) {
  LOCKSTEP_TRY_STATUS(execute("PRAGMA journal_mode=WAL"));
  LOCKSTEP_TRY_STATUS(execute("PRAGMA synchronous=NORMAL"));
  bool is_new = true;
  {
    Statement tables(database_, "SELECT count(*) FROM sqlite_schema WHERE name = 'campaign'");
    if (tables.step()) is_new = tables.number() == 0;
    LOCKSTEP_TRY_STATUS(tables.finish());
  }
  if (is_new) {
    LOCKSTEP_TRY_STATUS(execute(cat("BEGIN; ", kSchema)));
    Statement insert(database_, "INSERT INTO campaign VALUES(?1, ?2)");
    insert.bind(kFormat).bind(program).step();
    LOCKSTEP_TRY_STATUS(insert.finish());
    LOCKSTEP_TRY_STATUS(execute("COMMIT"));
  }
  Statement campaign(database_, "SELECT format, program FROM campaign");
  const bool is_there = campaign.step();
  LOCKSTEP_TRY_STATUS(campaign.finish());
  const std::string file = sqlite3_db_filename(database_, nullptr);
  if (!is_there || campaign.number() != kFormat)
    return fail(ErrorCode::kRefused, cat(file, ": expected results of format ", kFormat));
  program_ = campaign.text();
  LOCKSTEP_TRY_STATUS(add_column_of_edges());
  if (!program.empty() && program != program_)
    return fail(ErrorCode::kRefused,
                cat(file, ": was made by another build of lockstep (", program_, ", this is ", program,
                    "); what it drew may differ, so give --out a new directory"));
  return {};
}

// Files from before it had none; of their seeds it is not known.
Status Results::add_column_of_edges() {
  bool is_there = false;
  {
    Statement column(database_, "SELECT count(*) FROM pragma_table_info('seeds') WHERE name = 'edges'");
    is_there = column.step() && column.number() > 0;
    LOCKSTEP_TRY_STATUS(column.finish());
  }
  return is_there ? Status{} : execute("ALTER TABLE seeds ADD COLUMN edges INTEGER");
}

Status Results::execute(const std::string& sql) {
  char* message = nullptr;
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return {};
  const std::string reason = message == nullptr ? "unknown" : message;
  sqlite3_free(message);
  return fail(ErrorCode::kIo, cat(sqlite3_db_filename(database_, nullptr), ": ", reason));
}

Result<std::vector<Range>> Results::ranges() const {
  Statement select(database_, "SELECT first, last, shard, shards FROM ranges ORDER BY rowid");
  std::vector<Range> all;
  while (select.step()) {
    Range range;
    range.first = select.number();
    range.last = select.number();
    range.shard = static_cast<std::uint32_t>(select.number());
    range.shards = static_cast<std::uint32_t>(select.number());
    if (range.first > range.last || range.shard == 0 || range.shard > range.shards)
      return fail(ErrorCode::kCorrupt, cat(sqlite3_db_filename(database_, nullptr), ": it has a range of seeds that cannot be"));
    all.push_back(range);
  }
  LOCKSTEP_TRY_STATUS(select.finish());
  return all;
}

Status Results::add_range(const Range& range) {
  Statement insert(database_, "INSERT OR IGNORE INTO ranges VALUES(?1, ?2, ?3, ?4)");
  insert.bind(range.first).bind(range.last).bind(range.shard).bind(range.shards).step();
  return insert.finish();
}

Status Results::add(const SeedResult& result) {
  const Outcome& outcome = result.outcome;
  LOCKSTEP_TRY_STATUS(execute("BEGIN"));
  Statement insert(
      database_,
      "INSERT OR REPLACE INTO seeds VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
  insert.bind(result.seed)
      .bind(outcome.signature.kind)
      .bind(json_of(outcome.signature.names))
      .bind(outcome.nodes);
  insert.bind(outcome.ok).bind(outcome.failed).bind(outcome.unknown).bind(outcome.events);
  insert.bind(hex16(outcome.trace_hash)).bind(static_cast<std::uint64_t>(outcome.simulated.count()));
  insert.bind(static_cast<std::uint64_t>(outcome.real.count()))
      .bind(outcome.complaint)
      .bind(outcome.edges)
      .step();
  LOCKSTEP_TRY_STATUS(insert.finish());
  for (const auto& [name, times] : outcome.coverage.rare_events) {
    Statement rare(database_, "INSERT OR REPLACE INTO rare_events VALUES(?1, ?2, ?3)");
    rare.bind(result.seed).bind(name).bind(times).step();
    LOCKSTEP_TRY_STATUS(rare.finish());
  }
  for (const auto& [verb, conditions] : outcome.coverage.struck)
    for (const auto& [condition, times] : conditions) {
      Statement strike(database_, "INSERT OR REPLACE INTO strikes VALUES(?1, ?2, ?3, ?4)");
      strike.bind(result.seed).bind(verb).bind(condition).bind(times).step();
      LOCKSTEP_TRY_STATUS(strike.finish());
    }
  return execute("COMMIT");
}

Result<std::vector<SeedResult>> Results::all() const {
  Statement select(
      database_,
      "SELECT seed, kind, names, nodes, ok, failed, unknown, events, trace, simulated_ns, real_ns, "
      "complaint, edges FROM seeds ORDER BY seed");
  std::vector<SeedResult> all;
  while (select.step()) {
    SeedResult& result = all.emplace_back();
    Outcome& outcome = result.outcome;
    result.seed = select.number();
    outcome.signature.kind = select.text();
    outcome.signature.names = split(select.text());
    outcome.nodes = static_cast<std::uint32_t>(select.number());
    outcome.ok = select.number();
    outcome.failed = select.number();
    outcome.unknown = select.number();
    outcome.events = select.number();
    outcome.trace_hash = std::stoull(select.text(), nullptr, 16);
    outcome.simulated = Duration(select.number());
    outcome.real = Duration(select.number());
    outcome.complaint = select.text();
    if (const auto edges = select.number_if_any()) outcome.edges = static_cast<std::uint32_t>(*edges);
  }
  LOCKSTEP_TRY_STATUS(select.finish());
  return all;
}

Result<TotalCoverage> Results::coverage() const {
  TotalCoverage total;
  Statement rare(database_, "SELECT name, sum(times), sum(times > 0) FROM rare_events GROUP BY name");
  while (rare.step()) {
    Occurrence& occurrence = total.rare_events[rare.text()];
    occurrence.times = rare.number();
    occurrence.seeds = rare.number();
  }
  LOCKSTEP_TRY_STATUS(rare.finish());
  Statement strikes(database_,
                    "SELECT verb, condition, sum(times), count(*) FROM strikes GROUP BY verb, condition");
  while (strikes.step()) {
    const std::string verb = strikes.text();
    Occurrence& occurrence = total.struck[verb][strikes.text()];
    occurrence.times = strikes.number();
    occurrence.seeds = strikes.number();
  }
  LOCKSTEP_TRY_STATUS(strikes.finish());
  return total;
}

Status Results::absorb(const Results& other) {
  if (other.program_ != program_)
    return fail(ErrorCode::kRefused,
                cat(sqlite3_db_filename(other.database_, nullptr), ": was made by another build (",
                    other.program_, ") than the others (", program_, ")"));
  {
    Statement attach(database_, "ATTACH ?1 AS other");
    attach.bind(std::string(sqlite3_db_filename(other.database_, nullptr))).step();
    LOCKSTEP_TRY_STATUS(attach.finish());
  }
  std::string contradiction;
  {
    Statement select(
        database_,
        "SELECT printf('seed %d has ended in two ways: trace %s %s, and trace %s %s', seed, a.trace, "
        "iif(a.kind = '', 'holds', a.kind), b.trace, iif(b.kind = '', 'holds', b.kind)) "
        "FROM main.seeds a JOIN other.seeds b USING(seed) "
        "WHERE (a.trace, a.kind, a.names) <> (b.trace, b.kind, b.names) ORDER BY seed LIMIT 1");
    if (select.step()) contradiction = select.text();
    LOCKSTEP_TRY_STATUS(select.finish());
  }
  if (contradiction.empty())
    LOCKSTEP_TRY_STATUS(
        execute("BEGIN; INSERT OR IGNORE INTO ranges SELECT * FROM other.ranges;"
                "INSERT OR IGNORE INTO seeds SELECT * FROM other.seeds;"
                "INSERT OR IGNORE INTO rare_events SELECT * FROM other.rare_events;"
                "INSERT OR IGNORE INTO strikes SELECT * FROM other.strikes; COMMIT"));
  LOCKSTEP_TRY_STATUS(execute("DETACH other"));
  if (contradiction.empty()) return {};
  return fail(
      ErrorCode::kConflict,
      cat(contradiction, ": a run is not deterministic, or the machine of one was too small or too slow"));
}

}  // namespace lockstep::farm
