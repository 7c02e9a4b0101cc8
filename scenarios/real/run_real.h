// One run of a scenario on real processes, beside the same scenario in the simulator.
#pragma once

#include "scenarios/real/real_stage.h"
#include "scenarios/run.h"

namespace lockstep::real {

// In real time: a scenario of ten seconds takes ten seconds. The error is the machine's: no room, no free
// address, nodes that do not start.
Result<scenarios::Run> run_real(const Scenario& scenario, const scenarios::RunOptions& options,
                                const RealOptions& real = {});

}  // namespace lockstep::real
