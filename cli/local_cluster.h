// A cluster under one directory of this machine: a configuration, a log and a process for each node.
//
// DIR/lockstep-cluster.json names the cluster, and who is beside its nodes; DIR/n1.json, n1.log, n1.pid and n1/ are node 1's
// configuration, log, process and data. Configurations may be edited: they are read again at every start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/cluster_client.h"
#include "cli/local_process.h"
#include "config/node_settings.h"

namespace lockstep::cli {

struct LocalNode : LocalProcess {
  NodeId id;
  config::NodeSettings settings;  // paths as they are from here

  std::string config_file() const { return stem + ".json"; }
};

// A process beside the nodes: an edge or the cloud. "DIR/e1", "DIR/cloud".
struct Companion : LocalProcess {
  bool is_cloud() const { return name == "cloud"; }
  // Of `lockstep`, without the program.
  std::vector<std::string> arguments(const std::string& directory) const;
};

struct ClusterShape {
  std::uint32_t nodes = 3;
  std::uint32_t port = config::kDefaultPort;
  std::uint32_t edges = 0;
  bool cloud = false;
  bool hub = false;  // of the nodes; also with edges or a cloud
};

class LocalCluster {
 public:
  static bool exists(const std::string& directory);
  // Node i listens on port + 10 (i - 1), its HTTP one above, its gRPC two. kRefused: the directory holds
  // something else.
  static Result<LocalCluster> create(const std::string& directory, const ClusterShape& shape);
  // kNotFound: there is none; kInvalidArgument: a configuration is wrong, each problem a line of the
  // sentence.
  static Result<LocalCluster> open(const std::string& directory);

  const std::string& directory() const { return directory_; }
  const std::vector<LocalNode>& nodes() const { return nodes_; }
  const std::vector<Companion>& companions() const { return companions_; }
  std::vector<NodeAddress> addresses() const;
  // Whoever else listens at those addresses is not talked to.
  ClusterId id() const { return config::cluster_id(nodes_[0].settings.cluster->name); }
  // This node has had data: from its next start on it refuses to begin without. Written into its
  // configuration, which outlives the data.
  Status expect_data(const LocalNode& node) const;
  // The same of a node whose last start did not come so far.
  Status expect_data_found(const LocalNode& node) const;

 private:
  explicit LocalCluster(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
  std::vector<LocalNode> nodes_;
  std::vector<Companion> companions_;
};

}  // namespace lockstep::cli
