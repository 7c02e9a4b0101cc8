// Judges reads of what operations add to: accounts of a bank, counters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/history.h"
#include "reports/verdict.h"
#include "scenarios/contents_check.h"

namespace lockstep::scenarios {

struct BankRules {
  std::string key;  // how the history names it
  std::uint32_t accounts = 0;
  std::uint32_t balance = 0;  // of each account at first
};

// A read of a bank has every account once, none below zero, always the same total, and in each account what
// the transfers leave room for: a transfer that is made twice keeps the total.
reports::Verdict check_banks(const reports::History& history, const std::vector<BankRules>& banks);

// A read of one of the counters whose keys begin so lies between what was added for certain before it and
// what may have been added by its end. A text in its place is a fault that the read itself has found.
reports::Verdict check_counters(Promise promise, const reports::History& history, const std::string& prefix);

}  // namespace lockstep::scenarios
