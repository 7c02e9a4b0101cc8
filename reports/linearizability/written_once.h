// Registers whose values are written once: every read names its write, and the order follows without a search.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reports/linearizability/windows.h"

namespace lockstep::linearizability {

struct ForcedOrder {
  std::vector<std::uint32_t> order;     // indices of calls, as linearized, if there is no conflict
  std::vector<std::uint32_t> conflict;  // calls that alone rule out every order
};

// The answer for one register, in O(n log n), both ways exact; nothing if a value is written twice, or is the initial
// one, or the history has an operation that is not a read, a write or a compare-and-set that succeeded. `initial` is the
// number of the initial value.
//
// A value that is written once is there in one stretch: from its write to the next one. A compare-and-set must stand at
// the very end of the stretch of the value that it takes away, so that what hangs together by them is one block, and the
// order inside a block is given up to reads of the same value. A linearization is an order of blocks. One block must come
// before another if any of its calls returned before any of the other's was invoked; an order of blocks exists if
// and only if no two blocks must each come before the other (Gibbons and Korach 1997 §4, zones of a read-mapping, with
// blocks for their zones). An operation without a return that nobody observed is left out: L without it is one too.
std::optional<ForcedOrder> order_by_values(std::span<const Call> calls, std::uint32_t initial);

}  // namespace lockstep::linearizability
