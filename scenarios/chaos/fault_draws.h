// The parts of which drawn faults are made: whom they hit, when, and for how long.
#pragma once

#include "scenarios/chaos/dice.h"
#include "scenarios/scenario.h"

namespace lockstep::chaos {

inline constexpr scenarios::Target kTheLeader{scenarios::TargetKind::kLeader, 0};
inline constexpr scenarios::Target kAFollower{scenarios::TargetKind::kFollower, 0};
inline constexpr scenarios::Target kTheOthers{scenarios::TargetKind::kOthers, 0};
inline constexpr scenarios::Target kEveryNode{scenarios::TargetKind::kAll, 0};

inline scenarios::Targets only(scenarios::Target target) { return {target}; }
scenarios::Target draw_node(Dice& dice, const scenarios::Scenario& scenario);
scenarios::Target draw_client(Dice& dice, const scenarios::Scenario& scenario);
// Whom a fault of processes, clocks or disks hits.
scenarios::Targets draw_victims(Dice& dice, const scenarios::Scenario& scenario);
// Between whom: the leader, a follower or one node alone; two parts; two nodes; a client.
scenarios::Links draw_links(Dice& dice, const scenarios::Scenario& scenario);

// Most triggers are such that they come: a fault that never strikes tests nothing.
scenarios::AtProbe draw_probe(Dice& dice, const scenarios::Scenario& scenario);
// Events that every run has many of; with deaths before it, also those that they bring about.
scenarios::AtEvent draw_event(Dice& dice, const scenarios::Scenario& scenario);
// `lasting`: so long will the fault last; what strikes again does so later than that.
scenarios::Trigger draw_trigger(Dice& dice, const scenarios::Scenario& scenario, Duration lasting);

// Mostly between the first two, at times up to the third.
Duration draw_duration(Dice& dice, std::uint64_t least_ms, std::uint64_t usual_ms, std::uint64_t most_ms);
// What holds something back that comes when it is over lasts so long at most: the parser demands that it
// comes within a quarter of converge_within, which is 10 s.
inline constexpr std::uint64_t kMostHoldingBackMs = 2400;
// How many faults of one family.
std::uint64_t draw_count(Dice& dice);

}  // namespace lockstep::chaos
