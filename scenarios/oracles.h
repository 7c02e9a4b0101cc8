// All event oracles, ready to judge a run.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "scenarios/field.h"
#include "scenarios/oracle.h"

namespace lockstep::scenarios {

struct OracleContext {
  std::size_t voters = 0;      // members of the cluster; ever
  std::size_t edges = 0;
  bool is_replicated = true;   // by Raft; else there is no log that its rules could be about
  std::optional<std::set<PackageName>> bad_packages{};  // of a field; none: there is no field
};

// Fresh ones, in the order in which reports name them.
std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleContext& context);

}  // namespace lockstep::scenarios
