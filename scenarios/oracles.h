// All event oracles, ready to judge a run.
#pragma once

#include <memory>
#include <vector>

#include "scenarios/oracle.h"

namespace lockstep::scenarios {

struct OracleContext {
  std::size_t voters = 0;  // members of the cluster; ever
};

// Fresh ones, in the order in which reports name them.
std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleContext& context);

}  // namespace lockstep::scenarios
