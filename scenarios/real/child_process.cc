// fork, and between fork and exec nothing but system calls.
#include "scenarios/real/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace lockstep::real {
namespace {

constexpr int kCouldNotExecute = 127;

[[noreturn]] void become(const char* program, char* const* arguments, ChildProcess::Streams streams, pid_t owner) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != owner) ::_exit(kCouldNotExecute);  // it ended before the line above
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(streams.input, STDIN_FILENO);
  ::dup2(streams.output, STDOUT_FILENO);
  ::dup2(streams.errors, STDERR_FILENO);
  ::execv(program, arguments);
  ::_exit(kCouldNotExecute);
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) return cat("signal ", WTERMSIG(status));
  return cat("exit code ", WEXITSTATUS(status));
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const Options& options) {
  if (options.streams) return start(options, *options.streams);
  const int log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return fail(ErrorCode::kIo, cat(options.log, ": cannot be written: ", std::strerror(errno)));
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto started = start(options, {.input = nothing, .output = log, .errors = log});
  ::close(nothing);
  ::close(log);
  return started;
}

Result<ChildProcess> ChildProcess::start(const Options& options, const Streams& streams) {
  std::vector<std::string> words{options.program};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t owner = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(options.program.c_str(), arguments.data(), streams, owner);
  if (pid < 0) return fail(ErrorCode::kIo, cat("cannot start a process: ", std::strerror(errno)));
  return ChildProcess(pid);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), end_(std::move(other.end_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  kill();
  pid_ = std::exchange(other.pid_, 0);
  end_ = std::move(other.end_);
  return *this;
}

void ChildProcess::signal(int number) {
  if (pid_ != 0) ::kill(pid_, number);
}

void ChildProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  end_ = describe(status);
  pid_ = 0;
}

std::optional<std::string> ChildProcess::how_it_ended() {
  int status = 0;
  if (pid_ != 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    end_ = describe(status);
    pid_ = 0;
  }
  if (pid_ != 0 || end_.empty()) return std::nullopt;
  return end_;
}

}  // namespace lockstep::real
