// What a shell makes of lines: statements and dot commands, each carried out at once, with settings that
// stay.
#pragma once

#include <array>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cluster_client.h"
#include "cli/completion.h"
#include "cli/shell_text.h"

namespace lockstep::cli {

// Where lines come from; complaints say so.
enum class LineSource { kPerson, kCommandLine, kScript };

class ShellSession {
 public:
  struct Start {
    LineSource source = LineSource::kScript;
    std::string name;  // of a script; empty: standard input
    std::string mode;  // names of choices
    std::string level;
    bool changes = false;
  };

  ShellSession(ClusterClient& client, const Start& start, std::ostream& out, std::ostream& err);

  bool is_over() const { return over_; }
  bool is_in_statement() const { return !is_blank_sql(pending_); }

  // False: something in it failed; what stood behind that in the line is forgotten.
  bool take_line(const std::string& line);
  // A last statement may lack its semicolon.
  bool finish();
  // Forgets the statement that has begun.
  void cancel() { pending_.clear(); }

  // What the end of this line may become, as far as the cluster knows; asks it.
  Completion completion_of(std::string_view line);

 private:
  struct Setting {
    std::string_view name;
    std::vector<std::string_view> choices;
    std::size_t chosen = 0;
  };
  enum SettingName : std::size_t { kMode, kLevel, kTimer, kChanges };

  struct Command {
    std::string_view name;
    std::string_view arguments;  // as .help shows them; empty: it takes none
    std::string_view help;
    bool (ShellSession::*run)(const std::string& value);
  };
  static const std::vector<Command>& commands();

  OutputMode mode() const { return static_cast<OutputMode>(settings_[kMode].chosen); }
  wire::ReadLevel level() const { return static_cast<wire::ReadLevel>(settings_[kLevel].chosen); }
  bool is_on(SettingName name) const { return settings_[name].chosen == 1; }

  bool complain(std::string_view sentence);
  bool take_dot_line(const std::string& line);
  bool run_statement(const std::string& text);
  bool execute(const std::string& statement);
  bool query(const std::string& statement);
  bool maintain(const std::string& statement);
  bool write(const std::string& statement);
  void print_changes(const std::string& statement, const wire::WriteOutcome& outcome);
  // nullopt, and a complaint: it failed.
  std::optional<wire::Rows> rows_of(const std::string& statement);
  // Those of the only column, a line each with this ending; or as rows, for programs.
  void print_list(const wire::Rows& rows, std::string_view ending);
  void learn_names(Vocabulary& vocabulary);

  bool choose(SettingName name, const std::string& value);
  bool cancel_command(const std::string&);
  bool help(const std::string&);
  bool quit(const std::string&);
  bool schema(const std::string& table);
  bool status(const std::string&);
  bool tables(const std::string&);
  bool set_changes(const std::string& value) { return choose(kChanges, value); }
  bool set_level(const std::string& value) { return choose(kLevel, value); }
  bool set_mode(const std::string& value) { return choose(kMode, value); }
  bool set_timer(const std::string& value) { return choose(kTimer, value); }

  ClusterClient& client_;
  LineSource source_;
  std::string name_;
  std::array<Setting, 4> settings_;
  std::ostream& out_;
  std::ostream& err_;
  std::string pending_;
  std::size_t line_ = 0;          // lines taken
  std::size_t pending_line_ = 1;  // the line on which pending_ begins
  std::string under_way_;         // the statement, as complaints quote it
  std::size_t under_way_line_ = 0;
  bool over_ = false;
};

}  // namespace lockstep::cli
