// What a run concluded as a whole.
#include "reports/report.h"

#include <algorithm>

namespace lockstep::reports {

bool Report::lacks_faults() const {
  const auto is_asked_for = [](const FaultRecord& fault) { return fault.skipped.empty(); };
  const auto is_idle = [](const FaultRecord& fault) { return fault.skipped.empty() && fault.fired == 0; };
  const auto asked_for = std::ranges::count_if(faults, is_asked_for);
  const auto idle = std::ranges::count_if(faults, is_idle);
  return idle > 0 && (!idle_faults_allowed || idle == asked_for);
}

Outcome Report::outcome() const {
  Outcome all = Outcome::kHolds;
  for (const Verdict& verdict : verdicts) all = worst(all, verdict.outcome);
  if (lacks_faults() || operations.ok < min_ok) all = worst(all, Outcome::kVacuous);
  return all;
}

}  // namespace lockstep::reports
