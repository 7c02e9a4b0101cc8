// One run of a scenario: workloads under faults, two healing phases, then the verdicts; the same in every
// world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reports/history.h"
#include "reports/report.h"
#include "scenarios/cast.h"
#include "scenarios/coverage.h"
#include "scenarios/scenario.h"
#include "scenarios/stage.h"
#include "sim/recorder.h"

namespace lockstep::scenarios {

struct RunOptions {
  std::uint64_t seed = 1;
  Observer* observer = nullptr;                                // sees every event
  std::function<void(Duration now, Duration end)> progress{};  // of the workloads; called each second
};

struct Run {
  reports::Report report;  // without the real time, which the caller measures
  reports::History history;
  reports::Elections elections;
  Coverage coverage;
  sim::Fingerprint fingerprint;  // of a simulated run
};

// On a stage that is not open yet; the cast's actors live on it. What only the stage's world knows is left
// empty: the trace's hash and length.
Run play(const Scenario& scenario, const RunOptions& options, Cast& cast, Stage& stage);

// Deterministic: the same scenario and seed give the same trace hash, verdicts and history.
Run run_simulated(const Scenario& scenario, const RunOptions& options);

}  // namespace lockstep::scenarios
