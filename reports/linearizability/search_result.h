// What a search may cost, and what it found.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "reports/verdict.h"

namespace lockstep::linearizability {

// Deterministic, except `stop`: asked every 1,024 configurations, true ends the search; asked again for every step
// towards a smaller counter-example.
struct Limits {
  std::uint64_t configurations = 50'000'000;
  std::uint64_t bytes = 2ull << 30;  // of what was seen, and of what is open at each return
  std::function<bool()> stop = {};
};

// What ended a search before its end.
enum class Limit : std::uint8_t { kNone, kConfigurations, kBytes, kStop };

struct SearchResult {
  reports::Outcome outcome = reports::Outcome::kUnknown;
  Limit limit = Limit::kNone;
  std::uint64_t explored = 0;       // configurations
  std::vector<std::uint32_t> order;  // kHolds: indices of calls, as linearized
  // Else: the furthest point. All calls that returned before `blocked` could be placed together, `blocked` not (for
  // kViolated) or not yet (kUnknown).
  std::uint32_t blocked = 0;
  std::vector<std::uint32_t> states;  // in which some placement of them ends; at most kMaxStates
  static constexpr std::size_t kMaxStates = 8;
};

}  // namespace lockstep::linearizability
