// The counting checks one by one; tallies.h is how others reach them.
#pragma once

#include <vector>

#include "base/result.h"
#include "reports/history.h"
#include "reports/verdict.h"

namespace lockstep::reports {

// Counters, sets and banks are checked one by one: `key` says which.

// Every read lies between what had certainly been added and what may have been added at most.
Result<Verdict> check_counter(const History& history);
// An element whose add was acknowledged before a read began is in that read; `every_read`: in every one, else
// in the last. No element is there that nobody added, none twice.
Result<Verdict> check_set(const History& history, bool every_read);
// Reads of the same keys, each written at most once: of two reads one saw at least what the other saw.
Result<Verdict> check_long_fork(const History& history);

// Shared by them.
std::unexpected<Error> misfit(const Operation& operation, std::string_view expected, const Value& found);
Verdict tally_verdict(std::string_view name, std::string_view promise, std::uint64_t reads);
bool is_read(const Operation& operation);
bool is_answered_read(const Operation& operation);
// Object by object, in the order in which the history names them; each in the order of the invocations.
using Operations = std::vector<const Operation*>;
std::vector<Operations> by_key(const History& history);
// Who was answered, for a sentence: "event 12, process 3".
std::string answered(const Operation& operation);

}  // namespace lockstep::reports
