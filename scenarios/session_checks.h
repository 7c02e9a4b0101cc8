// The guarantees of sessions (Terry et al. 1994), judged on what only grows: tables to which rows are added,
// counters.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/history.h"
#include "reports/verdict.h"

namespace lockstep::scenarios {

// Two rows: "read-your-writes", a client's read shows what it had been told was written; "monotonic-reads",
// and all that one of its reads had shown before. A client is a session; `clients` says whose operation each
// one of the history is. Of f "add" and "read" only: local reads promise nothing of the kind.
std::vector<reports::Verdict> check_sessions(const reports::History& history,
                                             const std::vector<std::uint32_t>& clients);

}  // namespace lockstep::scenarios
