// A scenario as the shortest file that says the same: without defaults, one line for each workload and each
// fault.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "scenarios/scenario.h"

namespace lockstep::chaos {

// to_json() without every member that says nothing new.
nlohmann::ordered_json short_json(const scenarios::Scenario& scenario);

// A scenario file's document as text, for people; ends with a line end.
std::string short_text(const nlohmann::ordered_json& document);

}  // namespace lockstep::chaos
