// Runs the program that was built, as a person would.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "tests/temporary_directory.h"

namespace lockstep::tests {

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
