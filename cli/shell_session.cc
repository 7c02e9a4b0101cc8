// Statements to the cluster and their answers to text; dot commands by a table.
#include "cli/shell_session.h"

#include <algorithm>
#include <chrono>
#include <ostream>

#include "base/characters.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/table.h"
#include "cli/value_text.h"
#include "core/raft/types.h"
#include "storage/sql/value.h"

namespace lockstep::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kQuotedBytes = 100;       // of a statement in a complaint
constexpr Duration kPatienceWithStatus = 2s;    // per node
constexpr Duration kPatienceWithNames = 500ms;  // a person waits with a finger on the Tab key

constexpr std::string_view kOfPeople =
    " name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE '\\_lockstep\\_%' ESCAPE '\\'";

bool is_ok(std::uint32_t outcome) { return outcome == static_cast<std::uint32_t>(sql::Outcome::kOk); }

std::string failure(std::uint32_t outcome, const std::string& message) {
  return cat(to_string(static_cast<sql::Outcome>(outcome)), ": ", message);
}

// What a person recognises a statement by, in one line; never half a character.
std::string quote_of(std::string_view statement) {
  std::string out(shortened(statement, kQuotedBytes));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  return out.size() < statement.size() ? out + " ..." : out;
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// Without the blanks at both ends.
std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin));
}

std::vector<std::string_view> parts_of(std::string_view choices) {
  std::vector<std::string_view> out;
  while (!choices.empty()) {
    out.push_back(choices.substr(0, choices.find('|')));
    choices.remove_prefix(std::min(out.back().size() + 1, choices.size()));
  }
  return out;
}

}  // namespace

const std::vector<ShellSession::Command>& ShellSession::commands() {
  static const std::vector<Command> kCommands{
      {".cancel", "", "forget the statement that has begun, as Ctrl-C does", &ShellSession::cancel_command},
      {".changes", "on|off", "how many rows each write has changed, and the index of its entry in the log",
       &ShellSession::set_changes},
      {".exit", "", "the end", &ShellSession::quit},
      {".help", "", "this text", &ShellSession::help},
      {".level", "linearizable|local",
       "what queries see: everything acknowledged, or what one node has applied", &ShellSession::set_level},
      {".mode", "table|csv|json", "how rows are printed", &ShellSession::set_mode},
      {".quit", "", "the end", &ShellSession::quit},
      {".schema", "[TABLE]", "the statements that made the tables, or this one", &ShellSession::schema},
      {".status", "", "how the nodes are", &ShellSession::status},
      {".tables", "", "the names of tables and views", &ShellSession::tables},
      {".timer", "on|off", "how long each statement takes", &ShellSession::set_timer},
  };
  return kCommands;
}

ShellSession::ShellSession(ClusterClient& client, const Start& start, std::ostream& out, std::ostream& err)
    : client_(client),
      source_(start.source),
      name_(start.name),
      settings_{{{.name = ".mode", .choices = {"table", "csv", "json"}},
                 {.name = ".level", .choices = {"linearizable", "local"}},
                 {.name = ".timer", .choices = {"off", "on"}},
                 {.name = ".changes", .choices = {"off", "on"}}}},
      out_(out),
      err_(err) {
  choose(kMode, start.mode);
  choose(kLevel, start.level);
  choose(kChanges, start.changes ? "on" : "off");
}

// ---- lines -------------------------------------------------------------------------------------------

bool ShellSession::take_line(const std::string& line) {
  ++line_;
  under_way_.clear();
  if (is_in_statement() && source_ == LineSource::kPerson && line.starts_with('.')) {
    if (trimmed(line) == ".cancel") return cancel_command({});
    return complain("a statement has begun: a semicolon ends it, Ctrl-C or .cancel forgets it");
  }
  if (!is_in_statement() && line.starts_with('.')) return take_dot_line(line);
  if (!is_in_statement()) {
    pending_.clear();
    pending_line_ = line_;
  }
  append_text(pending_, cat(line, "\n"));
  while (const auto text = take_statement(pending_)) {
    if (!run_statement(*text)) {
      if (source_ == LineSource::kPerson) cancel();
      return false;
    }
  }
  return true;
}

bool ShellSession::finish() { return !is_in_statement() || run_statement(std::exchange(pending_, "")); }

bool ShellSession::run_statement(const std::string& text) {
  const std::size_t begin = begin_of(text);
  under_way_line_ = pending_line_ + lines_in(std::string_view(text).substr(0, begin));
  pending_line_ += lines_in(text);
  if (begin == text.size()) return true;
  under_way_ = trimmed(std::string_view(text).substr(begin));
  while (under_way_.ends_with('\n')) under_way_.pop_back();
  const auto start = std::chrono::steady_clock::now();
  const bool done = execute(text);
  const auto taken = std::chrono::steady_clock::now() - start;
  if (is_on(kTimer))
    out_ << "time: "
         << static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(taken).count()) / 1000.0
         << " ms\n";
  out_.flush();
  return done;
}

bool ShellSession::take_dot_line(const std::string& line) {
  const std::size_t blank = std::min(line.find_first_of(" \t\r"), line.size());
  const std::string name = line.substr(0, blank);
  const std::string value = trimmed(std::string_view(line).substr(blank));
  under_way_line_ = line_;
  const auto command = std::ranges::find(commands(), name, &Command::name);
  if (command == commands().end())
    return complain(cat("expected a command that .help names, found \"", name, "\""));
  if (command->arguments.empty() && !value.empty())
    return complain(cat("expected nothing behind ", name, ", found \"", value, "\""));
  const bool done = (this->*command->run)(value);
  out_.flush();
  return done;
}

bool ShellSession::complain(std::string_view sentence) {
  out_.flush();
  std::string place;
  if (source_ == LineSource::kScript)
    place = name_.empty() ? cat("line ", under_way_line_, ": ") : cat(name_, ":", under_way_line_, ": ");
  err_ << "error: " << place << sentence << '\n';
  if (source_ != LineSource::kPerson && !under_way_.empty()) err_ << "  in: " << quote_of(under_way_) << '\n';
  err_.flush();
  return false;
}

// ---- statements --------------------------------------------------------------------------------------

bool ShellSession::execute(const std::string& statement) {
  // A node could not even read whose request that is, and nobody would answer.
  if (const std::size_t valid = valid_utf8_prefix(statement); valid < statement.size())
    return complain(cat("expected SQL in UTF-8, byte ", valid + 1, " of the statement is not"));
  const std::string verb = verb_of(statement);
  if (is_query(statement)) return query(statement);
  return verb == "vacuum" || verb == "analyze" ? maintain(statement) : write(statement);
}

std::optional<wire::Rows> ShellSession::rows_of(const std::string& statement) {
  auto done = client_.query(statement_of(statement), {.level = level(), .at = {}});
  if (done.conclusion != client::Conclusion::kDone) {
    complain(client_.trouble_of(done));
    return std::nullopt;
  }
  wire::QueryReply& reply = *done.reply.mutable_query();
  if (is_ok(reply.outcome())) return std::move(*reply.mutable_rows());
  complain(failure(reply.outcome(), reply.message()));
  return std::nullopt;
}

bool ShellSession::query(const std::string& statement) {
  const auto rows = rows_of(statement);
  if (rows) out_ << to_text(*rows, mode());
  return rows.has_value();
}

// Nodes carry it out alone, each for the whole database.
bool ShellSession::maintain(const std::string& statement) {
  const auto what = verb_of(statement) == "vacuum" ? wire::Maintain::VACUUM : wire::Maintain::ANALYZE;
  const auto done = client_.maintain(what);
  return done.conclusion == client::Conclusion::kDone || complain(client_.trouble_of(done));
}

bool ShellSession::write(const std::string& statement) {
  const auto done = client_.write({statement_of(statement)});
  if (done.conclusion != client::Conclusion::kDone) return complain(client_.trouble_of(done));
  const wire::WriteOutcome& outcome = done.reply.write();
  if (outcome.kind() != wire::WriteOutcome::EXECUTED)
    return complain("the write was given up, it has had no effect");
  const wire::BatchResult& result = outcome.result();
  if (!is_ok(result.outcome())) return complain(failure(result.outcome(), result.message()));
  for (const wire::StatementResult& one : result.statements()) out_ << to_text(one.rows(), mode());
  if (is_on(kChanges)) print_changes(statement, outcome);
  return true;
}

void ShellSession::print_changes(const std::string& statement, const wire::WriteOutcome& outcome) {
  const std::string verb = verb_of(statement);
  const bool of_rows = verb == "insert" || verb == "replace" || verb == "update" || verb == "delete";
  std::int64_t changes = 0;
  for (const wire::StatementResult& one : outcome.result().statements()) changes += one.changes();
  out_ << (of_rows ? cat(changes, changes == 1 ? " row" : " rows", " changed") : "done") << " (index "
       << outcome.index() << ")\n";
}

// ---- dot commands ------------------------------------------------------------------------------------

bool ShellSession::choose(SettingName name, const std::string& value) {
  Setting& setting = settings_[name];
  std::string choices;
  for (std::size_t i = 0; i < setting.choices.size(); ++i)
    append_text(choices, cat(i == 0                            ? ""
                             : i + 1 == setting.choices.size() ? " or "
                                                               : ", ",
                             setting.choices[i]));
  if (value.empty()) {
    out_ << setting.name << " is " << setting.choices[setting.chosen] << "; it may be " << choices << '\n';
    return true;
  }
  const auto chosen = std::ranges::find(setting.choices, value);
  if (chosen == setting.choices.end())
    return complain(cat(setting.name, ": expected ", choices, ", found \"", value, "\""));
  setting.chosen = static_cast<std::size_t>(chosen - setting.choices.begin());
  return true;
}

bool ShellSession::cancel_command(const std::string&) {
  cancel();
  return true;
}

bool ShellSession::help(const std::string&) {
  for (const Command& command : commands()) {
    std::string line = cat(command.name, " ", command.arguments);
    line.resize(std::max<std::size_t>(line.size(), 26), ' ');
    out_ << line << "  " << command.help << '\n';
  }
  out_ << "Anything else is SQL and ends with a semicolon. Each statement is a transaction of its own.\n"
          "Settings without a value tell theirs. Tab completes commands, keywords, tables and columns;\n"
          "Ctrl-C takes back a line or a statement that has begun, and ends the wait for an answer.\n";
  return true;
}

bool ShellSession::quit(const std::string&) {
  over_ = true;
  return true;
}

void ShellSession::print_list(const wire::Rows& rows, std::string_view ending) {
  if (mode() != OutputMode::kTable) {
    out_ << to_text(rows, mode());
    return;
  }
  for (const wire::Row& row : rows.rows()) out_ << row.values(0).text() << ending << '\n';
}

bool ShellSession::tables(const std::string&) {
  const auto rows = rows_of(
      cat("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND", kOfPeople, " ORDER BY name"));
  if (rows) print_list(*rows, "");
  return rows.has_value();
}

bool ShellSession::schema(const std::string& table) {
  wire::Value name;
  name.set_text(table);
  const std::string only =
      table.empty() ? "" : cat(" AND tbl_name = ", literal_text(name), " COLLATE NOCASE");
  const auto rows = rows_of(cat("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND", kOfPeople, only,
                                " ORDER BY tbl_name, type DESC, name"));
  if (!rows) return false;
  if (!table.empty() && rows->rows_size() == 0)
    return complain(cat("there is no table or view \"", table, "\""));
  print_list(*rows, ";");
  return true;
}

bool ShellSession::status(const std::string&) {
  std::vector<TextRow> rows;
  std::string troubles;
  for (const AbsentNode& absent : client_.absent())
    if (absent.node.id.is_none())
      append_text(troubles, cat(to_text(absent.node.address), " does not answer: ", absent.trouble, "\n"));
  for (const NodeAddress& node : client_.nodes()) {
    const auto status = client_.status(node.id, kPatienceWithStatus);
    if (client_.was_interrupted()) return complain("cancelled");
    TextRow row{cat("n", node.id), to_text(node.address)};
    if (status) {
      row.emplace_back(raft::to_string(static_cast<raft::Role>(status->role())));
      for (const std::uint64_t number : {status->term(), status->commit_index(), status->applied_index()})
        row.push_back(cat(number));
    } else {
      row.resize(6);
      row[2] = "silent";
      append_text(troubles, cat("n", node.id, ": ", status.error().message, "\n"));
    }
    rows.push_back(std::move(row));
  }
  out_ << to_table({"node", "address", "role", "term", "commit", "applied"}, rows) << troubles;
  return true;
}

// ---- completion --------------------------------------------------------------------------------------

void ShellSession::learn_names(Vocabulary& vocabulary) {
  const auto ask = [&](const std::string& statement, std::vector<std::string>& names) {
    const auto done =
        client_.query(statement_of(statement), {.level = wire::LOCAL, .at = {}}, kPatienceWithNames);
    for (const wire::Row& row : done.reply.query().rows().rows()) names.push_back(row.values(0).text());
  };
  const std::string from = cat(" FROM sqlite_schema AS s WHERE type IN ('table', 'view') AND", kOfPeople);
  ask(cat("SELECT name", from), vocabulary.tables);
  ask(cat("SELECT DISTINCT c.name FROM (SELECT name", from, ") AS t, pragma_table_info(t.name) AS c"),
      vocabulary.columns);
}

Completion ShellSession::completion_of(std::string_view line) {
  Vocabulary vocabulary;
  for (const Command& command : commands()) {
    Vocabulary::Command& known = vocabulary.commands.emplace_back();
    known.name = command.name;
    known.takes_table = command.arguments == "[TABLE]";
    if (known.takes_table) continue;
    for (const std::string_view value : parts_of(command.arguments)) known.values.emplace_back(value);
  }
  const bool needs_names = !line.starts_with('.') || line.starts_with(".schema");
  if (needs_names) learn_names(vocabulary);
  return complete(line, vocabulary);
}

}  // namespace lockstep::cli
