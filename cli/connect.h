// How commands that talk to a cluster are told where it is.
#pragma once

#include <memory>
#include <string>

#include "cli/cluster_client.h"

namespace lockstep::cli {

struct ConnectArguments {
  std::string nodes;  // addresses; empty: those of the local cluster in `directory`
  std::string directory = "lockstep-cluster";
  ConnectOptions options{};
};

// kUnavailable: nobody answers; anything else is bad input.
Result<std::unique_ptr<ClusterClient>> connect(const ConnectArguments& arguments);

}  // namespace lockstep::cli
