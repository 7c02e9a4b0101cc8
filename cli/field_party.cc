// Introductions and places in the list.
#include "cli/field_party.h"

#include <algorithm>
#include <set>

#include "cli/endpoint.h"
#include "cli/local_cluster.h"
#include "cli/random_number.h"
#include "net/introduction.h"

namespace lockstep::cli {
namespace {

Status fill_in(HubAddresses& hub, const ConnectArguments& arguments, net::Security* security) {
  net::EventLoop loop;
  std::vector<net::Endpoint> endpoints;
  for (const NodeAddress& node : hub.nodes) endpoints.push_back(endpoint_of(node.address));
  const auto answers = net::ask_who(loop, endpoints, arguments.options.token, security,
                                    {.with_the_others = arguments.options.patience_with_others});
  std::set<NodeId> seen;
  for (std::size_t at = 0; at < hub.nodes.size(); ++at) {
    NodeAddress& node = hub.nodes[at];
    if (const auto& answer = answers[at]) {
      if (!node.id.is_none() && node.id != answer->node)
        return fail(ErrorCode::kInvalidArgument,
                    cat(to_text(node.address), ": expected node ", node.id, ", found node ", answer->node));
      if (!hub.cluster.is_none() && hub.cluster != answer->cluster)
        return fail(ErrorCode::kInvalidArgument,
                    cat(to_text(node.address), ": it belongs to another cluster"));
      node.id = answer->node;
      hub.cluster = answer->cluster;
    }
    if (node.id.is_none()) node.id = NodeId(at + 1);
    if (!seen.insert(node.id).second)
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected every node once, node ", node.id,
                      " stands there twice; NODE=HOST:PORT gives an address its number"));
  }
  return {};
}

}  // namespace

std::vector<NodeId> HubAddresses::ids() const {
  std::vector<NodeId> out;
  for (const NodeAddress& node : nodes) out.push_back(node.id);
  return out;
}

Result<HubAddresses> find_hub(const ConnectArguments& arguments, net::Security* security) {
  HubAddresses out;
  if (arguments.nodes.empty()) {
    LOCKSTEP_TRY(cluster, LocalCluster::open(arguments.directory));
    out.nodes = cluster.addresses();
    out.cluster = cluster.id();
    return out;
  }
  LOCKSTEP_TRY(nodes, parse_nodes(arguments.nodes));
  out.nodes = std::move(nodes);
  LOCKSTEP_TRY_STATUS(fill_in(out, arguments, security));
  return out;
}

NodeId passing_number() { return passing_cloud_number(random_number()); }

net::HostOptions field_options(const HubAddresses& hub, NodeId self, const ConnectOptions& connect,
                               net::Security* security) {
  net::HostOptions out;
  out.place = {.self = self, .cluster = hub.cluster};
  out.seed = random_number();
  out.transport.kind = net::PartyKind::kField;
  out.transport.boot = random_number();
  out.transport.token = connect.token;
  out.transport.security = security;
  for (const NodeAddress& node : hub.nodes) out.transport.peers[node.id] = endpoint_of(node.address);
  return out;
}

}  // namespace lockstep::cli
