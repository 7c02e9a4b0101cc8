// What a run went through: how often rare things happened, and which faults struck in which condition of the
// cluster.
//
// Says nothing about right or wrong. Over many runs it says what the runs together can have tested.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lockstep::scenarios {

struct Coverage {
  // By name (rare_events.h); all names are there, most counts are zero.
  std::map<std::string, std::uint64_t> rare_events;
  // By verb, then by condition (cluster_state.h): strikes that took effect. Conditions overlap. Only what
  // occurred.
  std::map<std::string, std::map<std::string, std::uint64_t>> struck;
};

}  // namespace lockstep::scenarios
