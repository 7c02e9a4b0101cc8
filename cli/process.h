// Processes that outlive the command that started them: started in a session of their own, found again by a
// file, and never mistaken for a stranger who was given the same number.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lockstep::cli {

// Standard output and error are appended to `log`; standard input is empty. `arguments[0]` is the program's
// path.
Result<pid_t> spawn_daemon(const std::vector<std::string>& arguments, const std::string& log);

// A process that was alive when this was made; it is this one or none, whatever its number is reused for.
class Process {
 public:
  // Of a child or any other; nullopt: there is none, or it has ended and only waits to be buried.
  static std::optional<Process> find(pid_t pid);
  // Of the file that save() wrote; nullopt also if the number is somebody else's by now.
  static std::optional<Process> load(const std::string& file);
  Status save(const std::string& file) const;

  Process(Process&& other) noexcept
      : pid_(other.pid_), birth_(std::move(other.birth_)), handle_(std::exchange(other.handle_, -1)) {}
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // True: it has ended.
  bool wait(Duration patience) const;

 private:
  Process(pid_t pid, std::string birth, int handle) : pid_(pid), birth_(std::move(birth)), handle_(handle) {}

  pid_t pid_;
  std::string birth_;  // when it began, in clock ticks of this boot of the machine, and which boot that is
  int handle_;         // a pidfd
};

}  // namespace lockstep::cli
