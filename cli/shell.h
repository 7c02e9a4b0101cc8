// `lockstep sql`: statements from a person or a script, answers as text.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/connect.h"

namespace lockstep::cli {

struct ShellArguments {
  ConnectArguments connect;
  std::string command;  // statements; empty: from `file`
  std::string file;     // empty: standard input
  std::string mode = "table";
  std::string level = "linearizable";
  bool changes = false;  // say what each write has changed; a person is always told
};

// A person gets a prompt with history and goes on after errors; a script ends at the first one. Exit codes: 0
// all done, 1 a statement failed or nobody answers, 2 bad input.
int run_shell(const ShellArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
