// The log is read from where the process began.
#include "cli/local_process.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "base/text.h"

namespace lockstep::cli {

namespace fs = std::filesystem;

std::string StartedProcess::words() const {
  std::ifstream in(log_file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(log_offset));
  std::string text(std::istreambuf_iterator<char>(in), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string StartedProcess::last_words() const {
  const std::string text = words();
  const std::size_t last = text.rfind('\n');
  return last == std::string::npos ? text : text.substr(last + 1);
}

// A line of the log has a time and a level (cli/node_log.cc); who cannot begin, or finds a bug of ours,
// writes without them. Every program says "lockstep: ..." when it has begun, and a farewell when it was told
// to stop.
std::string why_it_ended(std::string_view last_line) {
  if (last_line.empty()) return "without a word; its log is empty";
  const auto is_remark = [&] {
    for (const std::string_view farewell :
         {"told to stop", "interrupted: ", "stopped in good order", "a second signal"})
      if (last_line.contains(farewell)) return false;
    const std::string_view behind_time = last_line.substr(std::min(last_line.find(' '), last_line.size()));
    for (const std::string_view level : {" trace ", " debug ", " info ", " warning "})
      if (behind_time.starts_with(level)) return true;
    return last_line.starts_with("lockstep: ") && !last_line.starts_with("lockstep: bug: ");
  };
  if (!is_remark()) return std::string(last_line);
  return cat("without a word (killed?); last line: ", last_line);
}

// Whoever is stopped by `cluster stop` leaves no such file.
std::string LocalProcess::why_it_ended() const {
  std::error_code error;
  if (process() || !fs::exists(process_file(), error)) return {};
  constexpr std::uintmax_t kTail = 64 << 10;
  const std::uintmax_t size = fs::file_size(log_file(), error);
  const std::uintmax_t from = error || size < kTail ? 0 : size - kTail;
  const std::string words = StartedProcess{.pid = 0, .log_file = log_file(), .log_offset = from}.last_words();
  return cli::why_it_ended(words);
}

Result<StartedProcess> start_process(const LocalProcess& process, std::vector<std::string> arguments) {
  std::error_code error;
  arguments.insert(arguments.begin(), fs::read_symlink("/proc/self/exe", error).string());
  const auto size = fs::file_size(process.log_file(), error);
  const std::uintmax_t offset = error ? 0 : size;
  LOCKSTEP_TRY(pid, spawn_daemon(arguments, process.log_file()));
  if (const auto found = Process::find(pid)) LOCKSTEP_TRY_STATUS(found->save(process.process_file()));
  return StartedProcess{.pid = pid, .log_file = process.log_file(), .log_offset = offset};
}

bool stop_processes(const std::vector<LocalProcess>& processes, bool kill, Duration patience,
                    std::ostream& out, std::ostream& err) {
  bool all = true;
  std::vector<std::pair<const LocalProcess*, std::optional<Process>>> running;
  for (const LocalProcess& one : processes) {
    running.emplace_back(&one, one.process());
    if (running.back().second) running.back().second->signal(kill ? SIGKILL : SIGTERM);
  }
  for (const auto& [one, process] : running) {
    if (process && !process->wait(patience)) {
      err << "lockstep cluster: " << one->name << " (process " << process->pid() << ") still runs after "
          << to_string(patience) << "; --kill ends it\n";
      all = false;
      continue;
    }
    if (process) {
      out << one->name << (kill ? " killed" : " stopped") << " (process " << process->pid() << ")\n";
    } else {
      out << one->name << " was not running\n";
    }
    std::error_code ignored;
    fs::remove(one->process_file(), ignored);
  }
  return all;
}

}  // namespace lockstep::cli
