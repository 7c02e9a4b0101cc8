// How edges and the cloud find the nodes of a hub, and which numbers they bear there.
#pragma once

#include <string>
#include <vector>

#include "base/field_numbers.h"
#include "cli/cluster_client.h"
#include "cli/connect.h"

namespace lockstep::cli {

// All have numbers.
struct HubAddresses {
  std::vector<NodeAddress> nodes;
  ClusterId cluster;  // none: that of whoever answers

  std::vector<NodeId> ids() const;
};

// A node that does not answer and has no number takes that of its place in the list, for an edge must be able
// to begin while its hub is away.
Result<HubAddresses> find_hub(const ConnectArguments& arguments, net::Security* security);

// Of a command that comes and goes beside the cloud.
NodeId passing_number();

// Host options of one of the field, but for its directory.
net::HostOptions field_options(const HubAddresses& hub, NodeId self, const ConnectOptions& connect,
                               net::Security* security);

}  // namespace lockstep::cli
