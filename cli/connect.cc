// Addresses from the command line, or from the directory of a local cluster.
#include "cli/connect.h"

#include "cli/local_cluster.h"

namespace lockstep::cli {

Result<std::unique_ptr<ClusterClient>> connect(const ConnectArguments& arguments) {
  if (!arguments.nodes.empty()) {
    LOCKSTEP_TRY(nodes, parse_nodes(arguments.nodes));
    return ClusterClient::connect(nodes, arguments.options);
  }
  LOCKSTEP_TRY(cluster, LocalCluster::open(arguments.directory));
  ConnectOptions options = arguments.options;
  options.cluster = cluster.id();
  return ClusterClient::connect(cluster.addresses(), options);
}

}  // namespace lockstep::cli
