// Whom a network fault concerns.
#include "scenarios/stage.h"

#include <algorithm>

namespace lockstep::scenarios {

bool Between::concerns(NodeId from, NodeId to) const {
  if (groups.empty()) return true;
  if (one_way) return groups[0].contains(from) && groups[1].contains(to);
  const auto group_of = [this](NodeId id) {
    return std::find_if(groups.begin(), groups.end(), [id](const auto& group) { return group.contains(id); });
  };
  const auto sender = group_of(from);
  const auto receiver = group_of(to);
  return sender != groups.end() && receiver != groups.end() && sender != receiver;
}

}  // namespace lockstep::scenarios
