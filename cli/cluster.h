// `lockstep cluster start|status|stop`: a cluster on this machine, under one directory.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace lockstep::cli {

struct ClusterArguments {
  std::string directory = "lockstep-cluster";
  std::optional<std::uint32_t> nodes;  // of a new cluster; default 3
  std::optional<std::uint32_t> port;   // of its first node; default 4001 (config::kDefaultPort)
  std::optional<std::uint32_t> edges;  // of a new cluster: companions, with simulated devices
  bool cloud = false;                  // likewise
  bool hub = false;                    // its nodes are hubs; so they are with edges or a cloud
  std::string program = "lockstep";    // as it was called, for hints
  bool json = false;
  bool kill = false;  // instead of asking
};

// Exit codes: 0 done, or so already; 1 the cluster does not serve, or did not do what was asked; 2 bad input.
int start_cluster(const ClusterArguments& arguments, std::ostream& out, std::ostream& err);
int show_cluster(const ClusterArguments& arguments, std::ostream& out, std::ostream& err);
int stop_cluster(const ClusterArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
