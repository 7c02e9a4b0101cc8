// `lockstep run FILE…`: runs scenarios in the simulator or on real processes and says what they proved.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace lockstep::cli {

struct RunArguments {
  std::vector<std::string> files;
  bool on_real = false;               // real processes instead of the simulator
  std::optional<std::uint64_t> seed;  // else the file's own
  std::string out = "out";            // each run writes its report below it
  bool json = false;
  bool twice = false;  // run again in this process and compare the traces
  bool trace = false;  // write the whole trace; done anyway when a run does not hold
  bool page = false;   // write the page and the trace; done anyway when a run does not hold
  std::string junit;     // files for other tools; empty: none
  std::string markdown;
  std::string version;  // of the program, for the reports
  bool colours = false;
  bool progress = false;  // show on `err` how far a long run is
};

// Of one run's report, below `out`: the scenario, the seed and, of a sweep, the label of the values.
std::string report_directory(const scenarios::Scenario& scenario, std::uint64_t seed, const std::string& label);

// Exit code: 0 everything holds, 1 violated, vacuous, unknown or not deterministic, 2 bad input (then nothing
// is run or written). Results go to `out`, progress and complaints to `err`.
int run_scenarios(const RunArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
