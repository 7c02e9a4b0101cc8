// When which hosts could not be counted on, and why: what a cluster owes is judged outside of that only.
#pragma once

#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "scenarios/nemesis.h"
#include "scenarios/stage.h"

namespace lockstep::scenarios {

struct Outage {
  static constexpr Duration kForever = Duration(std::numeric_limits<std::int64_t>::max());

  Duration from{};
  Duration until = kForever;
  std::set<NodeId> hosts;                // these, with everybody
  std::vector<std::set<NodeId>> groups;  // hosts of different groups, with each other
  bool everything = false;
  std::string cause{};      // a clause: "partition struck the links between n1 and e1"
  bool took_effect = true;  // on something that control or service needs

  bool is_at(Duration time) const { return from <= time && time < until; }
  bool cuts(NodeId a, NodeId b) const;
};

// Whether a fault like this can keep anybody from anything: what comes twice is done once, and a clock that
// is set to what it has goes on as before.
bool can_disturb(const Action& action);

// Of the faults that struck: links that a fault of the network touched, in whatever way, and hosts whose disk
// or clock was not sound. A jump of the wall clock of a node is none; nor are deaths and stalls, which Uptime knows.
std::vector<Outage> outages_of(const Scenario& scenario, const Nemesis& nemesis);

// When nodes did not run: from their own events.
class Uptime final : public Observer {
 public:
  std::span<const env::EventType* const> listens_to() const;
  void on_event(const Observation& observation) override;
  const std::vector<Outage>& outages() const { return outages_; }

 private:
  std::vector<Outage> outages_;
  std::map<NodeId, std::size_t> open_;  // of hosts that are down: places in outages_
};

}  // namespace lockstep::scenarios
