// Processes of a local cluster: each runs `lockstep` as a daemon, with a log and a file by which it is found
// again.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/process.h"

namespace lockstep::cli {

struct LocalProcess {
  std::string name;  // "n1"
  std::string stem;  // "DIR/n1"

  std::string log_file() const { return stem + ".log"; }
  std::string process_file() const { return stem + ".pid"; }
  std::optional<Process> process() const { return Process::load(process_file()); }
  // Of one that has ended without being told to, after its last line; empty: it runs, or was stopped.
  std::string why_it_ended() const;
};

// Why a process has ended whose log ends with this line: the line, if it says why, and else that nothing was
// said.
std::string why_it_ended(std::string_view last_line);

// One that was started now.
struct StartedProcess {
  pid_t pid;
  std::string log_file;
  std::uintmax_t log_offset;  // where its words begin

  bool has_ended() const { return !Process::find(pid); }
  // What it has written to its log, without the last end of a line.
  std::string words() const;
  std::string last_words() const;  // a line
};

// `arguments`: of `lockstep`, without the program. One that ends at once is found out by whoever waits for
// it.
Result<StartedProcess> start_process(const LocalProcess& process, std::vector<std::string> arguments);

// Asks all of them, or kills them, and says of each what became of it. False: one still runs after
// `patience`.
bool stop_processes(const std::vector<LocalProcess>& processes, bool kill, Duration patience,
                    std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
