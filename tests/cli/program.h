// Runs the program that was built, as a person would.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::tests {

// Gone with its contents at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-cli-XXXXXX").string();
    CHECK(::mkdtemp(name.data()) != nullptr, name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

struct Outcome {
  int code = 0;
  std::string out;  // standard output and error, as they came
};

// A line for the shell: quote what needs it.
inline Outcome run(const std::string& line) {
  Outcome outcome;
  FILE* pipe = ::popen((line + " 2>&1").c_str(), "r");
  CHECK(pipe != nullptr, "popen");
  char buffer[4096];
  for (std::size_t read = 0; (read = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    outcome.out.append(buffer, read);
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

inline Outcome lockstep(const std::string& arguments) {
  return run(std::string(LOCKSTEP_PROGRAM) + " " + arguments);
}

}  // namespace lockstep::tests
