// Statements through the whole path of an entry, beside plain SQLite: what both allow, both do alike.
//
// The input has a statement on each line. Each is an entry of its own on our side and a savepoint on the
// other; both then hold the same rows, and the digest that was kept from row to row is that of a full scan.
// What we refuse is not asked there, and what is ours on purpose (clock, randomness, counters of the
// connection) ends the comparison, not the run.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "sim/disk_image.h"
#include "storage/sql/database.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

using sql::BatchResult;
using sql::Outcome;

constexpr std::size_t kMostStatements = 64;
constexpr std::uint64_t kMostOperations = 200'000;

class NoParticipant final : public sql::Participant {
 public:
  void reset() override {}
  void row(std::uint32_t, BytesView, BytesView) override {}
  void flush(sql::StateWriter&) override {}
};

class Ours {
 public:
  Ours() : database_(sql::Database::create(disk_, {.max_operations = kMostOperations})) {
    auto opened = database_->open_machine(nobody_);
    CHECK(opened, "opening an empty database");
    machine_ = std::move(*opened);
  }

  BatchResult execute(const std::string& text) {
    const std::vector<sql::Statement> batch{{text, {}}};
    const std::uint64_t index = machine_->applied().value() + 1;
    const sql::EntryStamp stamp{LogIndex(index), static_cast<std::int64_t>(index), index};
    BatchResult result;
    const auto applied = machine_->apply(
        {&stamp, 1}, [&](std::size_t, sql::EntryScope& scope) { result = scope.execute(batch, {}); });
    CHECK(applied, "a statement stopped the node: ", text);
    return result;
  }

  void check_digest(const std::string& after) {
    const auto scanned = machine_->scan_digest();
    CHECK(scanned && *scanned == machine_->digest(), "the digest is not that of a scan after ", after);
  }

 private:
  sim::DiskImage disk_{1};
  NoParticipant nobody_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<sql::Machine> machine_;
};

int look_at_operations(void* left) { return --*static_cast<int*>(left) < 0 ? 1 : 0; }

class Plain {
 public:
  Plain() {
    CHECK(sqlite3_open(":memory:", &db_) == SQLITE_OK);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_progress_handler(db_, 1000, look_at_operations, &operations_);
  }
  ~Plain() { sqlite3_close(db_); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  // The rows, a line each; nothing if it failed, and then nothing of it has happened.
  bool execute(const std::string& text, std::string& rows) {
    operations_ = 10 * static_cast<int>(kMostOperations) / 1000;
    CHECK(sqlite3_exec(db_, "BEGIN", nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(db_));
    bool done = sqlite3_exec(db_, text.c_str(), append_row, &rows, nullptr) == SQLITE_OK;
    if (sqlite3_get_autocommit(db_) == 0 && done)
      done = sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK;
    if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return done;
  }

 private:
  static int append_row(void* out, int columns, char** values, char**) {
    auto& rows = *static_cast<std::string*>(out);
    for (int i = 0; i < columns; ++i) rows += values[i] == nullptr ? "null|" : cat(values[i], "|");
    rows += '\n';
    return 0;
  }

  sqlite3* db_ = nullptr;
  int operations_ = 0;
};

// Ours on purpose, or one machine's libm, or told apart by versions and names that we do not show.
bool is_ours_on_purpose(std::string text) {
  static constexpr std::array kWords = {
      "random", "date", "time", "julian", "strftime", "current_", "changes", "rowid", "lockstep", "sqlite",
      "sin",    "cos",  "tan",  "exp",    "log",      "ln",       "pow",     "sqrt",  "degrees",  "radians"};
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(kWords, [&](const char* word) { return text.find(word) != std::string::npos; });
}

std::string as_text(const sql::Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "null";
}

bool has_only_plain_values(const sql::Rows& rows) {
  for (const auto& row : rows.rows)
    for (const sql::Value& value : row) {
      if (std::holds_alternative<double>(value) || std::holds_alternative<sql::Blob>(value)) return false;
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && text->find('\0') != std::string::npos) return false;
    }
  return true;
}

std::string as_lines(const sql::Rows& rows) {
  std::string lines;
  for (const auto& row : rows.rows) {
    for (const sql::Value& value : row) lines += as_text(value) + "|";
    lines += '\n';
  }
  return lines;
}

std::vector<std::string> lines_of(BytesView input) {
  std::vector<std::string> lines;
  while (!input.empty() && lines.size() < kMostStatements) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    lines.emplace_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return lines;
}

}  // namespace

void sql_statements(BytesView input) {
  sql::initialise_sqlite(7);
  Ours ours;
  Plain plain;
  bool alike = true;
  for (const std::string& line : lines_of(input)) {
    const BatchResult result = ours.execute(line);
    ours.check_digest(line);
    // Two statements in one text: refused here, and there both would run.
    if (result.outcome == Outcome::kLimit || is_ours_on_purpose(line)) alike = false;
    if (!alike || result.outcome == Outcome::kRefused || line.find('\0') != std::string::npos) continue;
    if (result.message == "the text contains no statement") continue;  // there that is nothing, and succeeds
    std::string rows;
    const bool done = plain.execute(line, rows);
    if (result.outcome == Outcome::kSqlError && line.find(';') != std::string::npos) {
      alike = false;
      continue;
    }
    CHECK(done == (result.outcome == Outcome::kOk), line, ": ours says ", result.message, ", plain SQLite ",
          done ? "succeeds" : "fails");
    if (!done || result.statements.empty() || !has_only_plain_values(result.statements[0].rows)) continue;
    CHECK(rows == as_lines(result.statements[0].rows), line, ": plain SQLite has\n", rows, "and ours\n",
          as_lines(result.statements[0].rows));
  }
}

}  // namespace lockstep::fuzz
