// Who is who in a run: cluster members, the clients of the workloads, the runner's own helper client, edges
// and the cloud.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/field_numbers.h"
#include "base/ids.h"

namespace lockstep::scenarios {

class Roster {
 public:
  Roster(std::uint32_t nodes, std::uint32_t clients) : node_count_(nodes), client_count_(clients) {}
  // With a field there is a cloud too.
  Roster(std::uint32_t nodes, std::uint32_t clients, std::uint32_t edges)
      : node_count_(nodes), client_count_(clients), edge_count_(edges), has_cloud_(true) {}

  // `number` counts from 1, as in the names n1, c1 and e1.
  static NodeId node(std::uint32_t number) { return NodeId(number); }
  static NodeId client(std::uint32_t number) { return NodeId(kFirstClient + number); }
  static NodeId edge(std::uint32_t number) { return NodeId(kFirstEdge + number); }
  static NodeId cloud() { return NodeId(kCloud); }
  // Prepares the schema, and asks the cluster in the end phase.
  static NodeId steward() { return NodeId(kFirstClient); }

  static bool is_node(NodeId id) { return id.value() < kFirstClient; }
  static bool is_edge(NodeId id) { return id.value() > kFirstEdge && id.value() < kCloud; }
  static std::uint32_t number(NodeId id) {
    const std::uint64_t before = is_node(id) ? 0 : is_edge(id) ? kFirstEdge : kFirstClient;
    return static_cast<std::uint32_t>(id.value() - before);
  }
  static std::string name(NodeId id) {
    if (id == steward()) return "steward";
    if (id == cloud()) return "cloud";
    return cat(is_node(id) ? 'n' : is_edge(id) ? 'e' : 'c', number(id));
  }

  // Whose name it is; nothing: nobody's.
  static std::optional<NodeId> named(std::string_view name) {
    if (name == "steward") return steward();
    if (name == "cloud") return cloud();
    std::uint32_t number = 0;
    if (name.empty() || std::from_chars(name.data() + 1, name.data() + name.size(), number).ec != std::errc())
      return std::nullopt;
    for (const auto maker : {node, client, edge})
      if (const NodeId id = maker(number); Roster::name(id) == name) return id;
    return std::nullopt;
  }

  std::vector<NodeId> nodes() const { return all_of(node, node_count_); }
  std::vector<NodeId> clients() const { return all_of(client, client_count_); }
  std::vector<NodeId> edges() const { return all_of(edge, edge_count_); }
  // Edges, then the cloud.
  std::vector<NodeId> field() const {
    std::vector<NodeId> all = edges();
    if (has_cloud_) all.push_back(cloud());
    return all;
  }
  // Everybody but the steward.
  std::vector<NodeId> hosts() const {
    std::vector<NodeId> all = nodes();
    for (const auto& others : {clients(), field()}) all.insert(all.end(), others.begin(), others.end());
    return all;
  }
  std::uint32_t node_count() const { return node_count_; }

 private:
  static constexpr std::uint64_t kFirstClient = 100;
  static constexpr std::uint64_t kFirstEdge = kFirstFieldNumber;
  static constexpr std::uint64_t kCloud = kCloudNumber.value();

  static std::vector<NodeId> all_of(NodeId (*name)(std::uint32_t), std::uint32_t count) {
    std::vector<NodeId> all;
    for (std::uint32_t number = 1; number <= count; ++number) all.push_back(name(number));
    return all;
  }

  std::uint32_t node_count_;
  std::uint32_t client_count_;
  std::uint32_t edge_count_ = 0;
  bool has_cloud_ = false;
};

}  // namespace lockstep::scenarios
