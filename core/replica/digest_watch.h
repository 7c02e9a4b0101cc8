// Finds a replica whose database went astray: members compare digests after the same entries, and the minority stops.
//
// Every kSpacing-th index is compared. Followers report theirs to the leader, the leader passes on all that it knows,
// and each member judges itself by the same rule. The healthy majority never stops because one digest differs, whoever
// has it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace lockstep::replica {

struct DigestReport {
  NodeId node;
  LogIndex index;
  std::uint64_t digest = 0;
  bool operator==(const DigestReport&) const = default;
};

class DigestWatch {
 public:
  static constexpr std::uint64_t kSpacing = 64;

  DigestWatch(NodeId self, std::size_t voters) : self_(self), voters_(voters) {}

  // This node's database after an entry.
  void applied(LogIndex index, std::uint64_t digest);
  void reported(const DigestReport& report);

  // A sentence if this node must stop: its digest differs from a majority's, or all have reported and no majority
  // agrees.
  std::optional<std::string> objection() const;

  // What to send along: all that is known about the newest index that this node has reached; empty at first.
  std::vector<DigestReport> reports() const;
  // Changes whenever reports() does.
  std::uint64_t revision() const { return revision_; }

 private:
  using ByNode = std::map<NodeId, std::uint64_t>;

  void note(LogIndex index, NodeId node, std::uint64_t digest);
  std::optional<std::string> objection_at(LogIndex index, const ByNode& digests) const;

  NodeId self_;
  std::size_t voters_;
  std::map<LogIndex, ByNode> known_;  // the newest few indexes
  std::uint64_t revision_ = 0;
};

}  // namespace lockstep::replica
