// What a run concluded as a whole.
#include "reports/report.h"

#include <algorithm>

namespace lockstep::reports {

Outcome Report::outcome() const {
  Outcome all = Outcome::kHolds;
  for (const Verdict& verdict : verdicts) all = worst(all, verdict.outcome);
  const bool all_fired = std::all_of(faults.begin(), faults.end(), [](const FaultRecord& fault) {
    return fault.fired > 0 || !fault.skipped.empty();
  });
  if (!all_fired || operations.ok < min_ok) all = worst(all, Outcome::kVacuous);
  return all;
}

}  // namespace lockstep::reports
