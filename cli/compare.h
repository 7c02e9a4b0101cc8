// `lockstep compare A B` and `lockstep diff A B`: what changed between runs, and where two traces part.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace lockstep::cli {

struct CompareArguments {
  std::string first;  // the directory of a run, or one with such directories below it
  std::string second;
  std::string page;  // a file for the first run's page with the second beside it; empty: none
  bool json = false;
};
// Exit code: 0 no verdict got worse, 1 one did, 2 a report is missing or damaged.
int compare_runs(const CompareArguments& arguments, std::ostream& out, std::ostream& err);

struct DiffArguments {
  std::string first;  // a trace, or the directory of a run
  std::string second;
  std::uint64_t context = 3;  // events before and after
  bool json = false;
};
// Exit code: 0 the traces are equal, 1 they are not, 2 one is missing or damaged.
int diff_traces(const DiffArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
