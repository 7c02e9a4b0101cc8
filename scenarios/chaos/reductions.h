// Smaller scenarios to try instead of one that fails: what delta debugging (Zeller, Hildebrandt 2002) chooses
// among.
//
// They are made of the text of a scenario, member by member, so that a new verb or workload needs nothing
// here. Some are no valid scenarios: the parser says which.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

namespace lockstep::chaos {

// In the order in which they pay: each makes the runs of the next ones shorter.
enum class Pass : std::uint8_t {
  kFaults,
  kWorkloads,
  kNodes,
  kField,
  kClients,
  kTime,
  kOperations,
  kMembers,
  kTriggers,
  kValues
};
inline constexpr std::array kPasses{Pass::kFaults,   Pass::kWorkloads, Pass::kNodes,      Pass::kField,
                                    Pass::kClients,  Pass::kTime,      Pass::kOperations, Pass::kMembers,
                                    Pass::kTriggers, Pass::kValues};
std::string_view to_string(Pass pass);  // "fewer faults"

// The boldest first. `document` is as short_json() makes it.
std::vector<nlohmann::ordered_json> reductions(const nlohmann::ordered_json& document, Pass pass);

}  // namespace lockstep::chaos
