// The edges and the cloud of a local cluster: started after its nodes, stopped before them.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/local_cluster.h"

namespace lockstep::cli {

struct CompanionsStarted {
  std::vector<std::string> names;
  Status status;  // an error: some have ended at once; the sentence has their last words
};
// Those that do not run.
CompanionsStarted start_companions(const LocalCluster& cluster);
// A table; nothing if there are none.
void print_companions(const LocalCluster& cluster, std::ostream& out);
nlohmann::ordered_json companions_json(const LocalCluster& cluster);
// False: one still runs after `patience`.
bool stop_companions(const LocalCluster& cluster, bool kill, Duration patience, std::ostream& out,
                     std::ostream& err);

}  // namespace lockstep::cli
