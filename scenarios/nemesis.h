// Does to a cluster what the scenario's list of faults says, when it says it, and heals at the end.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/cluster_state.h"
#include "scenarios/damage.h"
#include "scenarios/pause_window.h"
#include "scenarios/roster.h"
#include "scenarios/scenario.h"
#include "scenarios/stage.h"

namespace lockstep::scenarios {

// One time that a fault struck.
struct Strike {
  std::size_t fault = 0;  // place in the scenario's list
  Duration at{};
  std::optional<Duration> until;
  std::vector<NodeId> hosts;                // whom it hit; empty for network faults
  std::vector<NodeId> withheld;             // whom it was meant for, beyond the budget of disk faults
  std::vector<std::vector<NodeId>> groups;  // of a network fault: between whom; empty: between all
  std::vector<std::string> spared;          // sentences: whom it found as it would have left it
  bool missed = false;                      // a named role (leader, follower) was held by nobody
  bool in_pause_window = false;             // between a durable Prepare and its decision
  std::vector<Condition> conditions;        // of the cluster when it struck
  std::uint64_t effects = 0;  // frames judged, processes changed, probes held: 0 if it changed nothing
};

class Nemesis : private Observer {
 public:
  // All of them outlive the nemesis.
  Nemesis(Stage& stage, const Scenario& scenario, const Roster& roster, std::uint64_t seed);

  // Before the first event of the run.
  void arm();
  // No fault strikes from now on; what is broken stays broken.
  void stop();
  // Restarts these nodes, ends their stalls and pauses, and frees the links among them and the clients.
  // Everything else stays broken for good.
  void heal(const std::vector<NodeId>& nodes);
  void heal_all();

  const std::vector<std::unique_ptr<Strike>>& strikes() const { return strikes_; }
  // Why the fault was not even tried: this stage cannot do it, or cannot do what it follows upon. Empty: it
  // was.
  std::string skipped(std::size_t fault) const;
  // Effects of one fault over all its strikes.
  std::uint64_t effects(std::size_t fault) const;
  // The running node that leads in the highest term; none if nobody does.
  NodeId leader() const;
  const Damage& damage() const { return damage_; }
  // How often the anchor of a fault that waits for the n-th event or probe has come.
  std::uint64_t anchor_seen(std::size_t fault) const;

 private:
  class Blow;
  struct Standing {
    std::uint64_t role = 0;
    std::uint64_t term = 0;
  };
  struct Watch {  // an AtEvent trigger
    std::size_t fault;
    AtEvent trigger;
    std::uint64_t seen = 0;
  };

  void on_event(const Observation& seen) override;
  void arm_trigger(std::size_t fault);
  void arm_probe(std::size_t fault, const AtProbe& trigger);
  void arm_repeatedly(std::size_t fault, const Repeatedly& trigger);
  void listen_to(const env::EventType& type);
  void watch_events(const Observation& seen);
  bool matches(const Watch& watch, const Observation& seen) const;

  void strike(std::size_t fault);
  void strike_later(std::size_t fault);
  std::optional<Duration> at_probe(std::size_t fault, const ProbeHit& hit);
  Strike& begin_strike(std::size_t fault);
  void perform(std::size_t fault, Strike& strike);
  enum class Death { kKilled, kWithoutPower, kInGoodOrder };
  void bring_down(const std::vector<NodeId>& nodes, Death death, Strike& strike);
  void bring_up(const std::vector<NodeId>& nodes, Strike* strike);
  // Ends what holds them back, and starts those that are down.
  void mend(const std::vector<NodeId>& processes);
  // Those that it brought down: not who was started since, or is down for another reason.
  void bring_up_after(const Strike& strike);
  // Those of them that have stopped themselves, and that nothing else holds down.
  void bring_up_stopped(std::vector<NodeId> nodes);

  std::vector<NodeId> resolve(const Targets& targets, std::size_t fault) const;
  std::vector<NodeId> resolve(const Target& target, std::size_t fault) const;
  Between resolve(const Links& links, std::size_t fault) const;
  bool misses_role(std::size_t fault) const;
  bool is(const Target& target, NodeId node, std::size_t fault) const;

  Stage& stage_;
  const Scenario& scenario_;
  const Roster& roster_;
  std::uint64_t seed_;
  bool stopped_ = false;
  PauseWindow window_;
  ClusterState state_;
  std::vector<std::unique_ptr<Strike>> strikes_;  // stable addresses: the stage counts into them
  std::map<NodeId, Standing> standings_;
  std::map<NodeId, const Strike*> crashed_;  // with the last strike that brought it down; nullptr: it stopped itself
  std::set<NodeId> leaving_;  // told to, and not gone yet
  Damage damage_;
  std::set<NodeId> harmed_;  // by faults that do not pass
  std::vector<Watch> watches_;
  std::set<std::uint16_t> listens_to_;  // numbers of event types
  std::map<std::size_t, std::uint32_t> probe_hits_;  // by fault
};

}  // namespace lockstep::scenarios
