// How many times this program has asked for memory: operator new is replaced by one that counts.
#pragma once

#include <cstdint>

namespace lockstep::model {

std::uint64_t allocations();

}  // namespace lockstep::model
