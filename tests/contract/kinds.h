// The implementations of the ports that the contract tests run against.
#pragma once

#include <vector>

#include "tests/contract/harness.h"

namespace lockstep::contract {

HarnessKind simulated();
HarnessKind real();

inline std::vector<HarnessKind> all_kinds() { return {simulated(), real()}; }

}  // namespace lockstep::contract
