// The real run, then its simulated twin, then the two side by side.
#include "scenarios/real/run_real.h"

#include <utility>

namespace lockstep::real {
namespace {

constexpr std::size_t kBuckets = 60;

reports::WorldSummary summary_of(const scenarios::Run& run) {
  return {.outcome = run.report.outcome(),
          .verdicts = run.report.verdicts,
          .elections = run.elections,
          .operations = run.report.operations,
          .latency = reports::latency_of(run.history),
          .series = reports::series_of(run.history, run.report.simulated, kBuckets)};
}

}  // namespace

Result<scenarios::Run> run_real(const Scenario& scenario, const scenarios::RunOptions& options,
                                const RealOptions& real) {
  Cast cast(scenario);
  RealOptions seeded = real;
  seeded.seed = options.seed;
  LOCKSTEP_TRY(stage, RealStage::make(scenario, seeded, cast));
  scenarios::Run run = scenarios::play(scenario, options, cast, *stage);
  run.report.world = reports::World::kReal;
  run.report.trace_events = stage->event_count();
  run.report.not_applied = not_applied(scenario);
  run.report.logs = stage->logs();
  if (run.report.outcome() != reports::Outcome::kHolds) run.report.kept = stage->keep();
  stage.reset();
  const scenarios::Run twin = scenarios::run_simulated(scenario, {.seed = options.seed});
  run.report.fidelity = {.real = summary_of(run), .simulated = summary_of(twin)};
  return run;
}

}  // namespace lockstep::real
