// One run of a scenario in the simulator: workloads under faults, two healing phases, then the verdicts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reports/history.h"
#include "reports/report.h"
#include "scenarios/scenario.h"
#include "sim/recorder.h"

namespace lockstep::scenarios {

struct RunOptions {
  std::uint64_t seed = 1;
  sim::Observer* observer = nullptr;  // sees every event
  std::function<void(Duration now, Duration end)> progress{};  // of the workloads; called each simulated second
};

struct Run {
  reports::Report report;  // without the real time, which the caller measures
  reports::History history;
  sim::Fingerprint fingerprint;
};

// Deterministic: the same scenario and seed give the same trace hash, verdicts and history.
Run run_simulated(const Scenario& scenario, const RunOptions& options);

}  // namespace lockstep::scenarios
