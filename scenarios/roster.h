// Who is who in a run: cluster members, the clients of the workloads, and the runner's own helper client.
#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "base/ids.h"

namespace lockstep::scenarios {

class Roster {
 public:
  Roster(std::uint32_t nodes, std::uint32_t clients) : node_count_(nodes), client_count_(clients) {}

  // `number` counts from 1, as in the names n1 and c1.
  static NodeId node(std::uint32_t number) { return NodeId(number); }
  static NodeId client(std::uint32_t number) { return NodeId(kFirstClient + number); }
  // Prepares the schema, and asks the cluster in the end phase.
  static NodeId steward() { return NodeId(kFirstClient); }

  static bool is_node(NodeId id) { return id.value() < kFirstClient; }
  static std::uint32_t number(NodeId id) {
    return static_cast<std::uint32_t>(is_node(id) ? id.value() : id.value() - kFirstClient);
  }
  static std::string name(NodeId id) {
    if (id == steward()) return "steward";
    return cat(is_node(id) ? 'n' : 'c', number(id));
  }

  std::vector<NodeId> nodes() const {
    std::vector<NodeId> all;
    for (std::uint32_t number = 1; number <= node_count_; ++number) all.push_back(node(number));
    return all;
  }
  std::vector<NodeId> clients() const {
    std::vector<NodeId> all;
    for (std::uint32_t number = 1; number <= client_count_; ++number) all.push_back(client(number));
    return all;
  }
  std::uint32_t node_count() const { return node_count_; }

 private:
  static constexpr std::uint64_t kFirstClient = 100;
  std::uint32_t node_count_;
  std::uint32_t client_count_;
};

}  // namespace lockstep::scenarios
