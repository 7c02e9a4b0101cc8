// `lockstep check HISTORY --model M`: does this history satisfy the model?
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace lockstep::cli {

struct CheckArguments {
  std::string history;               // a path; "-": standard input
  std::string model;                 // see docs/format/history.md
  std::vector<std::string> options = {};  // key=value
  bool json = false;                 // the verdict as JSON instead of text
  double time_limit_seconds = 0;     // 0: none; beyond it the answer is unknown
};

// Exit code: 0 holds, 1 violated, 2 bad input, 3 unknown. The answer goes to `out`, a complaint about input to `err`.
int run_check(const CheckArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
