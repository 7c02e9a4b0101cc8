// Histories of something that only grows: what is written is larger than all before, and nobody sees it go
// back.
#pragma once

#include "base/result.h"
#include "reports/history.h"
#include "reports/tallies.h"
#include "reports/verdict.h"

namespace lockstep::reports {

// By the database's timestamps, and in the order that is asked for. Rows that a read gives are those that
// were written.
Result<Verdict> check_monotonic(const History& history, Tally::Order order);

}  // namespace lockstep::reports
