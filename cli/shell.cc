// Where lines come from: a person at a terminal, a script, the command line.
#include "cli/shell.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/text.h"
#include "cli/files.h"
#include "cli/last_resort.h"
#include "cli/line_editor.h"
#include "cli/shell_session.h"

namespace lockstep::cli {
namespace {

constexpr int kBadInput = 2;

int run_script(ShellSession& session, std::istream& in) {
  std::string line;
  while (!session.is_over() && std::getline(in, line)) {
    if (!session.take_line(line)) return 1;
  }
  if (in.bad()) {
    std::cerr << "lockstep sql: the script cannot be read to its end\n";
    return kBadInput;
  }
  return session.is_over() || session.finish() ? 0 : 1;
}

int run_dialogue(ShellSession& session, ClusterClient& client, std::ostream& out) {
  const char* home = std::getenv("HOME");
  client.catch_interrupts();
  LineEditor editor(home == nullptr ? "" : cat(home, "/.lockstep_history"),
                    [&session](std::string_view line) { return session.completion_of(line); });
  out << "Lockstep " << LOCKSTEP_VERSION << "; .help says what there is, .quit ends.\n" << std::flush;
  std::string line;
  while (!session.is_over()) {
    switch (editor.read(session.is_in_statement() ? "     ...> " : "lockstep> ", line)) {
      case LineEditor::Event::kLine: session.take_line(line); break;
      case LineEditor::Event::kCancelled: session.cancel(); break;
      case LineEditor::Event::kEnd: out << '\n'; return 0;
    }
  }
  return 0;
}

LineSource source_of(const ShellArguments& arguments) {
  if (!arguments.command.empty()) return LineSource::kCommandLine;
  return arguments.file.empty() && isatty(STDIN_FILENO) != 0 ? LineSource::kPerson : LineSource::kScript;
}

int run_session(const ShellArguments& arguments, LineSource source, ShellSession& session,
                ClusterClient& client, std::istream& file, std::ostream& out) {
  switch (source) {
    case LineSource::kPerson: return run_dialogue(session, client, out);
    case LineSource::kCommandLine: {
      client.catch_interrupts();  // what is known of a write that is not waited for any more should be said
      std::istringstream command(arguments.command);
      return run_script(session, command);
    }
    case LineSource::kScript: return run_script(session, arguments.file.empty() ? std::cin : file);
  }
  return kBadInput;
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
  const auto client = connect(arguments.connect);
  if (!client) {
    err << "lockstep sql: " << client.error().message << '\n';
    return client.error().code == ErrorCode::kUnavailable ? 1 : kBadInput;
  }
  for (const AbsentNode& absent : (*client)->absent())
    err << "lockstep sql: " << to_text(absent.node.address) << " does not answer: " << absent.trouble << '\n';
  (*client)->tell_of_waiting([&](const std::string& line) {
    out.flush();
    err << "lockstep sql: " << line << std::endl;
  });
  const LineSource source = source_of(arguments);
  ShellSession session(**client,
                       {.source = source,
                        .name = arguments.file,
                        .mode = arguments.mode,
                        .level = arguments.level,
                        .changes = arguments.changes || source == LineSource::kPerson},
                       out, err);
  const int code = run_session(arguments, source, session, **client, file, out);
  end_within(kPatienceAtTheEnd, code);
  return code;
}

}  // namespace lockstep::cli
