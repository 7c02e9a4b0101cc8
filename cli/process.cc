// pidfd, /proc and posix_spawn.
#include "cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc 2.36 forgot to say that these are functions of C.
extern "C" {
#include <sys/pidfd.h>
}

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/text.h"
#include "cli/files.h"

namespace lockstep::cli {
namespace {

std::string first_line_of(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// Start time and boot; empty: no such process, or a dead one. The name in /proc/N/stat may hold anything,
// blanks and brackets too: what follows begins behind the last bracket.
std::string birth_of(pid_t pid) {
  const std::string stat = first_line_of(cat("/proc/", pid, "/stat"));
  const std::size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream fields(stat.substr(end_of_name + 1));
  constexpr int kStartTime = 20;  // counted from the state
  std::string field;
  for (int number = 1; number <= kStartTime; ++number) {
    fields >> field;
    if (number == 1 && (field == "Z" || field == "X")) return {};
  }
  return cat(field, " ", first_line_of("/proc/sys/kernel/random/boot_id"));
}

}  // namespace

Result<pid_t> spawn_daemon(const std::vector<std::string>& arguments, const std::string& log) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    return fail(ErrorCode::kIo, cat(arguments[0], ": cannot be started: ", std::strerror(error)));
  return pid;
}

std::optional<Process> Process::find(pid_t pid) {
  const int handle = pidfd_open(pid, 0);
  if (handle < 0) return std::nullopt;
  // The handle is one process's for ever, so what is read behind it is of that process or of nobody.
  Process out(pid, birth_of(pid), handle);
  if (out.birth_.empty() || out.wait(Duration::zero())) return std::nullopt;
  return out;
}

std::optional<Process> Process::load(const std::string& file) {
  const std::string line = first_line_of(file);
  const std::size_t blank = line.find(' ');
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + std::min(blank, line.size()), pid);
  if (error != std::errc() || blank == std::string::npos || pid <= 0) return std::nullopt;
  auto found = find(pid);
  if (!found || found->birth_ != line.substr(blank + 1)) return std::nullopt;
  return found;
}

Status Process::save(const std::string& file) const {
  return write_whole_file(file, cat(pid_, " ", birth_, "\n"));
}

Process::~Process() {
  if (handle_ >= 0) close(handle_);
}

void Process::signal(int number) const { pidfd_send_signal(handle_, number, nullptr, 0); }

bool Process::wait(Duration patience) const {
  pollfd ended{.fd = handle_, .events = POLLIN, .revents = 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  int ready = 0;
  do {
    ready = poll(&ended, 1, static_cast<int>(milliseconds));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) waitpid(pid_, nullptr, WNOHANG);  // ours to bury, if it was a child
  return ready > 0;
}

}  // namespace lockstep::cli
