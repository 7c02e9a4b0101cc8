// Whom a network fault concerns.
#include "scenarios/stage.h"

#include <algorithm>

#include "base/check.h"

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

std::optional<DiskFaultId> Stage::begin_disk_fault(NodeId process, const DiskFault&, Duration,
                                                   std::uint64_t&) {
  CHECK(false, "the disk of process ", process, " cannot be harmed here");
  return std::nullopt;
}

void Stage::end_disk_fault(NodeId process, DiskFaultId) {
  CHECK(false, "the disk of process ", process, " cannot be harmed here");
}

MemoryFaultId Stage::refuse_memory(NodeId process, const OutOfMemory&, std::uint64_t&) {
  CHECK(false, "the memory of process ", process, " cannot be refused here");
  return {};
}

std::uint64_t Stage::break_plants(NodeId edge, const Breakdown&) {
  CHECK(false, "the plants of edge ", edge, " cannot be broken here");
  return 0;
}

void Stage::repair_plants(NodeId edge, const Breakdown&) {
  CHECK(false, "the plants of edge ", edge, " cannot be broken here");
}

std::uint64_t Stage::reset_connections(NodeId process) {
  CHECK(false, "the connections of process ", process, " cannot be reset here");
  return 0;
}

}  // namespace lockstep::scenarios
