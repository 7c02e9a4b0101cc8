// Lines become statements and dot commands; each is carried out at once.
#include "cli/shell.h"

#include <editline/readline.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

#include "base/text.h"
#include "cli/files.h"
#include "cli/shell_text.h"
#include "cli/table.h"
#include "core/raft/types.h"
#include "net/api/utf8.h"
#include "storage/sql/value.h"

namespace lockstep::cli {
namespace {

constexpr int kBadInput = 2;

constexpr std::string_view kHelp =
    ".help                          this text\n"
    ".level linearizable|local      what queries see: everything acknowledged, or what one node has applied\n"
    ".mode table|csv|json           how rows are printed\n"
    ".quit                          the end\n"
    ".schema [TABLE]                the statements that made the tables\n"
    ".status                        how the nodes are\n"
    ".tables                        the names of tables and views\n"
    ".timer on|off                  how long statements take\n"
    "Anything else is SQL and ends with a semicolon. Each statement is a transaction of its own.\n";

std::optional<OutputMode> mode_of(std::string_view name) {
  if (name == "table") return OutputMode::kTable;
  if (name == "csv") return OutputMode::kCsv;
  if (name == "json") return OutputMode::kJson;
  return std::nullopt;
}

std::optional<wire::ReadLevel> level_of(std::string_view name) {
  if (name == "linearizable") return wire::LINEARIZABLE;
  if (name == "local") return wire::LOCAL;
  return std::nullopt;
}

class Shell {
 public:
  Shell(ClusterClient& client, OutputMode mode, wire::ReadLevel level, std::ostream& out, std::ostream& err)
      : client_(client), mode_(mode), level_(level), out_(out), err_(err) {}

  bool over() const { return over_; }
  bool in_statement() const { return !is_blank_sql(pending_); }

  // False: something in it failed.
  bool take_line(const std::string& line) {
    if (!in_statement() && line.starts_with('.')) return dot_command(line);
    append_text(pending_, cat(line, "\n"));
    for (const std::string& statement : take_statements(pending_)) {
      if (!execute(statement)) return false;
    }
    return true;
  }

  // A last statement may lack its semicolon.
  bool finish() {
    if (!in_statement()) return true;
    const std::string statement = std::exchange(pending_, "");
    return verb_of(statement).empty() || execute(statement);
  }

  void forget_pending() { pending_.clear(); }

 private:
  bool complain(std::string_view sentence) {
    out_.flush();
    err_ << "error: " << sentence << std::endl;
    return false;
  }

  bool execute(const std::string& statement) {
    // A node could not even read whose request that is, and nobody would answer.
    if (const std::size_t valid = api::valid_utf8_prefix(statement); valid < statement.size())
      return complain(cat("expected SQL in UTF-8, byte ", valid + 1, " of the statement is not"));
    const auto begin = std::chrono::steady_clock::now();
    const bool done = is_query(statement) ? query(statement) : maintains(statement) ? maintain(statement) : write(statement);
    const auto taken = std::chrono::steady_clock::now() - begin;
    if (timer_)
      out_ << "time: " << std::chrono::duration_cast<std::chrono::microseconds>(taken).count() / 1000.0
           << " ms\n";
    out_.flush();
    return done;
  }

  static std::string failure(std::uint32_t outcome, const std::string& message) {
    return cat(to_string(static_cast<sql::Outcome>(outcome)), ": ", message);
  }

  bool query(const std::string& statement) {
    const auto done = client_.query(statement_of(statement), {.level = level_, .at = {}});
    if (done.conclusion != client::Conclusion::kDone) return complain(trouble_of(done));
    const wire::QueryReply& reply = done.reply.query();
    if (reply.outcome() != static_cast<std::uint32_t>(sql::Outcome::kOk)) {
      return complain(failure(reply.outcome(), reply.message()));
    }
    out_ << to_text(reply.rows(), mode_);
    return true;
  }

  static bool maintains(const std::string& statement) {
    const std::string verb = verb_of(statement);
    return verb == "vacuum" || verb == "analyze";
  }

  // Nodes carry it out alone, each for the whole database.
  bool maintain(const std::string& statement) {
    const auto what = verb_of(statement) == "vacuum" ? wire::Maintain::VACUUM : wire::Maintain::ANALYZE;
    const auto done = client_.maintain(what);
    return done.conclusion == client::Conclusion::kDone || complain(trouble_of(done));
  }

  bool write(const std::string& statement) {
    const auto done = client_.write({statement_of(statement)});
    if (done.conclusion != client::Conclusion::kDone) return complain(trouble_of(done));
    const wire::WriteOutcome& outcome = done.reply.write();
    if (outcome.kind() != wire::WriteOutcome::EXECUTED) {
      return complain("the write was given up, it has had no effect");
    }
    const wire::BatchResult& result = outcome.result();
    if (result.outcome() != static_cast<std::uint32_t>(sql::Outcome::kOk)) {
      return complain(failure(result.outcome(), result.message()));
    }
    for (const wire::StatementResult& one : result.statements()) out_ << to_text(one.rows(), mode_);
    return true;
  }

  bool dot_command(const std::string& line) {
    const std::size_t end = line.find_last_not_of(" \t\r");
    const std::size_t blank = std::min(line.find(' '), end + 1);
    const std::string name = line.substr(0, blank);
    const std::size_t begin = line.find_first_not_of(" \t", blank);
    const std::string value = begin >= end + 1 ? "" : line.substr(begin, end + 1 - begin);
    if (name == ".quit" || name == ".exit") return over_ = true;
    if (name == ".help") return static_cast<bool>(out_ << kHelp << std::flush);
    if (name == ".status") return show_status();
    if (name == ".tables") return query(tables("name", ""));
    if (name == ".schema") return query(tables("sql", value));
    if (name == ".mode") {
      const auto mode = mode_of(value);
      if (!mode) return complain(cat(".mode: expected table, csv or json, found \"", value, "\""));
      mode_ = *mode;
      return true;
    }
    if (name == ".level") {
      const auto level = level_of(value);
      if (!level) return complain(cat(".level: expected linearizable or local, found \"", value, "\""));
      level_ = *level;
      return true;
    }
    if (name == ".timer" && (value == "on" || value == "off")) {
      timer_ = value == "on";
      return true;
    }
    return complain(cat("expected a command that .help names, found \"", line, "\""));
  }

  static std::string tables(std::string_view column, const std::string& only) {
    std::string quoted;
    for (const char c : only) quoted += c == '\'' ? "''" : std::string(1, c);
    const std::string condition = only.empty() ? "" : cat(" AND tbl_name = '", quoted, "'");
    return cat("SELECT ", column,
               " FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
               column == "name" ? " AND type IN ('table', 'view')" : "",
               " AND tbl_name NOT LIKE '\\_lockstep\\_%' ESCAPE '\\'", condition,
               " ORDER BY tbl_name, type DESC, name");
  }

  bool show_status() {
    std::vector<TextRow> rows;
    for (const NodeAddress& node : client_.nodes()) {
      const auto status = client_.status(node.id, std::chrono::seconds(2));
      TextRow row{cat("n", node.id), to_text(node.address)};
      if (status) {
        row.emplace_back(raft::to_string(static_cast<raft::Role>(status->role())));
        row.push_back(cat(status->term()));
        row.push_back(cat(status->commit_index()));
        row.push_back(cat(status->applied_index()));
      } else {
        row.push_back("silent");
        row.resize(6);
      }
      rows.push_back(std::move(row));
    }
    out_ << to_table({"node", "address", "role", "term", "commit", "applied"}, rows) << std::flush;
    return true;
  }

  ClusterClient& client_;
  OutputMode mode_;
  wire::ReadLevel level_;
  std::ostream& out_;
  std::ostream& err_;
  std::string pending_;
  bool timer_ = false;
  bool over_ = false;
};

int run_script(Shell& shell, std::istream& in) {
  std::string line;
  while (!shell.over() && std::getline(in, line)) {
    if (!shell.take_line(line)) return 1;
  }
  return shell.over() || shell.finish() ? 0 : 1;
}

int run_dialogue(Shell& shell, std::ostream& out) {
  const char* home = std::getenv("HOME");
  const std::string history = home == nullptr ? "" : cat(home, "/.lockstep_history");
  using_history();
  if (!history.empty()) read_history(history.c_str());
  out << "Lockstep; .help says what there is, .quit ends.\n" << std::flush;
  while (!shell.over()) {
    char* line = readline(shell.in_statement() ? "     ...> " : "lockstep> ");
    if (line == nullptr) break;
    if (*line != '\0') add_history(line);
    shell.take_line(line);
    std::free(line);
  }
  if (!history.empty()) write_history(history.c_str());
  return 0;
}

}  // namespace

int run_shell(const ShellArguments& arguments, std::ostream& out, std::ostream& err) {
  std::ifstream file;
  if (!arguments.file.empty()) {
    if (const Status fine = check_readable(arguments.file); !fine) {
      err << "lockstep sql: " << fine.error().message << '\n';
      return kBadInput;
    }
    file.open(arguments.file);
  }
  auto client = connect(arguments.connect, err);
  if (!client) {
    err << "lockstep sql: " << client.error().message << '\n';
    return client.error().code == ErrorCode::kUnavailable ? 1 : kBadInput;
  }
  Shell shell(**client, *mode_of(arguments.mode), *level_of(arguments.level), out, err);
  if (!arguments.command.empty()) return shell.take_line(arguments.command) && shell.finish() ? 0 : 1;
  if (!arguments.file.empty()) return run_script(shell, file);
  return isatty(STDIN_FILENO) != 0 ? run_dialogue(shell, out) : run_script(shell, std::cin);
}

}  // namespace lockstep::cli
