// `lockstep edge`: one edge or several, with simulated devices, until they are told to stop.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/connect.h"

namespace lockstep::cli {

struct EdgeArguments {
  ConnectArguments connect;
  std::string name = "e1";
  std::string data;  // each edge has a directory of its own in it
  std::vector<std::string> devices = {"tank", "motor"};
  std::string config;        // a file with what is chosen below, instead of these
  std::string plants;        // a file that says which devices there are, instead of `devices`
  double sample_ms = 100;    // between two looks at each device
  double probe_rate = 1000;  // readings a second that a probe gathers
  double batch_ms = 20;      // the first reading of a batch waits no longer for others
  std::uint32_t edges = 1;   // names count up from `name`
  double buffer_mb = 64;
  std::string policy = "drop-oldest";  // or "thin"
  // Of settings (docs/edge.md): how long a version is on trial, how long the one before it stays then, and
  // which part of the disk's time, in percent, its clean-up may take.
  double probation_s = 10;
  double clean_up_delay_s = 60;
  unsigned clean_up_ratio = 20;
  bool anew = false;                   // what it held is lost
  bool measure = false;  // how long readings take until they are committed, told as JSON at the end
  bool allow_faults = false;
};

// Exit code: 0 stopped, 1 the world refused or the edge has stopped itself, 2 bad input. The first line on
// `out` says who this is.
int run_edge(const EdgeArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
