// What the real world is not: faults that cannot be done here, and why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/scenario.h"

namespace lockstep::real {

// Why no such fault strikes here, or not when it is due; nothing: it does.
std::optional<std::string> why_not(const scenarios::Fault& fault);

// Time is real here. An error: this scenario takes more of it than anybody waits for.
Status check_length(const scenarios::Scenario& scenario);

// What the scenario asks of the world and this one does not give, a sentence each.
std::vector<std::string> not_applied(const scenarios::Scenario& scenario);

}  // namespace lockstep::real
