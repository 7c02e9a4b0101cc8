// The program that was built, going on while a test looks on.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"

namespace lockstep::tests {

// Waits for it, a minute at most.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Killed at the end, if it still runs.
class Background {
 public:
  // What it says goes to the file `output`.
  Background(std::vector<std::string> arguments, std::string output) : output_(std::move(output)) {
    std::vector<char*> argv{const_cast<char*>(LOCKSTEP_PROGRAM)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0644);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    // Whoever runs the tests in the background may have them ignore Ctrl-C.
    sigset_t heeded;
    sigemptyset(&heeded);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&heeded, number);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &heeded);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    CHECK(::posix_spawn(&pid_, LOCKSTEP_PROGRAM, &files, &attributes, argv.data(), environ) == 0,
          LOCKSTEP_PROGRAM);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
  }
  ~Background() {
    if (pid_ > 0) end(SIGKILL);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  std::string said() const {
    std::ifstream in(output_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool says(const std::string& text) const {
    return eventually([&] { return said().find(text) != std::string::npos; });
  }
  // Sends the signal and waits; the exit code, or -1 if a signal ended it.
  int end(int signal) {
    ::kill(pid_, signal);
    return wait();
  }
  // For its end.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t pid() const { return pid_; }

 private:
  std::string output_;
  pid_t pid_ = 0;
};

}  // namespace lockstep::tests
