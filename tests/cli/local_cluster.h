// A cluster of processes that the program under test has started.
#pragma once

#include <unistd.h>

#include <fstream>
#include <string>

#include "tests/cli/ports.h"
#include "tests/cli/program.h"

namespace lockstep::tests {

// Whatever happens, nothing is left running.
class LocalCluster {
 public:
  explicit LocalCluster(int nodes) : port(free_ports(nodes)) {
    started = lockstep(cat("cluster start ", at(), " --nodes ", nodes, " --port ", port));
  }
  ~LocalCluster() { lockstep("cluster stop --kill " + at()); }

  std::string directory() const { return home / "c"; }
  std::string at() const { return "--dir " + directory(); }
  pid_t process(int node) const {
    std::ifstream in(cat(directory(), "/n", node, ".pid"));
    pid_t pid = 0;
    in >> pid;
    return pid;
  }

  TemporaryDirectory home;
  int port;
  Outcome started;
};

}  // namespace lockstep::tests
