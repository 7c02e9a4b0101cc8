// What the faults of disks have left behind: whose storage is damaged, who has stopped for it, who will not
// come back.
#pragma once

#include <map>
#include <set>
#include <span>

#include "scenarios/stage.h"

namespace lockstep::scenarios {

// Reads events only. A node that stops itself for a damaged storage does what it must; it is lost to its
// cluster when it stops again each time that it is started. Edges are no members of the cluster: they are not
// among those that it has lost, nor counted.
class Damage final : public Observer {
 public:
  std::span<const env::EventType* const> listens_to() const;
  void on_event(const Observation& observation) override;

  // Something of what it had written is gone or other than it was, and no repair is known.
  bool is_damaged(NodeId node) const { return damaged_.contains(node); }
  // It has stopped itself since it was last started.
  bool has_stopped(NodeId node) const { return stopped_.contains(node); }
  bool is_lost(NodeId node) const {
    return is_damaged(node) && (has_stopped(node) || refused_.contains(node) || is_beyond_the_leaders_log(node));
  }
  bool has_lost_any() const;
  std::size_t damaged() const;

 private:
  // What it needs next is not in the log of the leader any more, and there are no snapshots.
  bool is_beyond_the_leaders_log(NodeId node) const;

  std::set<NodeId> damaged_;
  std::set<NodeId> stopped_;
  std::set<NodeId> refused_;          // edges: by the hub, for another store than it knows
  std::map<NodeId, LogIndex> first_;  // of its log
  std::map<NodeId, LogIndex> last_;   // of its log
  NodeId leader_;                     // the newest
  Term term_;                         // in which it leads
};

}  // namespace lockstep::scenarios
