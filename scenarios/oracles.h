// All event oracles, ready to judge a run.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "scenarios/oracle.h"

namespace lockstep::scenarios {

// As in events: core/proto/dispatch.proto, PackageKind, and the version.
struct PackageName {
  std::uint64_t kind = 0, version = 0;
  auto operator<=>(const PackageName&) const = default;
};

struct OracleContext {
  std::size_t voters = 0;      // members of the cluster; ever
  bool is_replicated = true;   // by Raft; else there is no log that its rules could be about
  std::optional<std::set<PackageName>> bad_packages{};  // of a field; none: there is no field
};

// Fresh ones, in the order in which reports name them.
std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleContext& context);

}  // namespace lockstep::scenarios
