// Which nodes could serve whom, as far as outages tell: what availability and plants are judged by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "scenarios/outages.h"

namespace lockstep::scenarios {

class Quorums {
 public:
  using Set = std::uint32_t;  // bit i: the node at place i

  // `size`: so many nodes, all sound and connected with each other, can serve. The outages are not copied.
  Quorums(std::vector<NodeId> nodes, std::size_t size, std::span<const Outage> outages)
      : nodes_(std::move(nodes)), size_(size), outages_(outages) {}

  const std::vector<NodeId>& nodes() const { return nodes_; }
  std::span<const Outage> outages() const { return outages_; }

  // All sets of that size of which each node reaches each; a node that reaches itself is sound. Exponential
  // in the nodes; there are at most 9.
  std::vector<Set> at(Duration time) const;
  // Whether the host reaches the whole of one of these.
  bool serve(const std::vector<Set>& quorums, Duration time, NodeId host) const;
  bool serve(Duration time, NodeId host) const { return serve(at(time), time, host); }

 private:
  bool cut(Duration time, NodeId a, NodeId b) const;
  Set reached_by(Duration time, NodeId host) const;

  std::vector<NodeId> nodes_;
  std::size_t size_;
  std::span<const Outage> outages_;
};

}  // namespace lockstep::scenarios
