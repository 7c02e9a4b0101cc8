// Addresses from the command line, or from the directory of a local cluster.
#include "cli/connect.h"

#include <ostream>

#include "cli/local_cluster.h"

namespace lockstep::cli {

Result<std::unique_ptr<ClusterClient>> connect(const ConnectArguments& arguments, std::ostream& err) {
  const auto remark = [&err](const std::string& line) { err << "lockstep: " << line << '\n'; };
  if (!arguments.nodes.empty()) {
    LOCKSTEP_TRY(nodes, parse_nodes(arguments.nodes));
    return ClusterClient::connect(nodes, arguments.options, remark);
  }
  LOCKSTEP_TRY(cluster, LocalCluster::open(arguments.directory));
  ConnectOptions options = arguments.options;
  options.cluster = cluster.id();
  return ClusterClient::connect(cluster.addresses(), options, remark);
}

}  // namespace lockstep::cli
