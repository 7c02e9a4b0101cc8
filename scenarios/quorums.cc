// Sets of nodes as bits.
#include "scenarios/quorums.h"

#include <algorithm>
#include <bit>

namespace lockstep::scenarios {

bool Quorums::cut(Duration time, NodeId a, NodeId b) const {
  return std::ranges::any_of(outages_,
                             [&](const Outage& outage) { return outage.is_at(time) && outage.cuts(a, b); });
}

Quorums::Set Quorums::reached_by(Duration time, NodeId host) const {
  Set reached = 0;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!cut(time, host, nodes_[i])) reached |= Set{1} << i;
  return reached;
}

std::vector<Quorums::Set> Quorums::at(Duration time) const {
  std::vector<Set> reached;
  for (const NodeId node : nodes_) reached.push_back(reached_by(time, node));
  std::vector<Set> quorums;
  for (Set some = 1; some < Set{1} << nodes_.size(); ++some) {
    if (static_cast<std::size_t>(std::popcount(some)) != size_) continue;
    bool connected = true;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      connected = connected && ((some >> i & 1) == 0 || (reached[i] & some) == some);
    if (connected) quorums.push_back(some);
  }
  return quorums;
}

bool Quorums::serve(const std::vector<Set>& quorums, Duration time, NodeId host) const {
  const Set reached = reached_by(time, host);
  return std::ranges::any_of(quorums, [reached](Set quorum) { return (reached & quorum) == quorum; });
}

}  // namespace lockstep::scenarios
