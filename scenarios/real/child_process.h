// A process that this one starts and owns: it cannot outlive its owner, however that one ends.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace lockstep::real {

class ChildProcess {
 public:
  // Open descriptors of the owner, who keeps them.
  struct Streams {
    int input;
    int output;
    int errors;
  };
  struct Options {
    std::string program;                 // a path
    std::vector<std::string> arguments;  // without the program's name
    std::string log{};                   // a file: its output is appended
    std::optional<Streams> streams{};    // instead of a log
  };
  // In a process group of its own, so that a terminal's Ctrl-C is its owner's to handle; killed by the system
  // when the thread that called this ends.
  static Result<ChildProcess> start(const Options& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess() { kill(); }

  // 0: it has ended.
  pid_t pid() const { return pid_; }
  // Of a process that has ended: nothing happens.
  void signal(int number);
  // SIGKILL, and waits until it is gone.
  void kill();
  // How it ended, if it has: "exit code 2", "signal 6".
  std::optional<std::string> how_it_ended();

 private:
  static Result<ChildProcess> start(const Options& options, const Streams& streams);
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = 0;  // 0: it is gone, or somebody else's
  std::string end_;
};

}  // namespace lockstep::real
