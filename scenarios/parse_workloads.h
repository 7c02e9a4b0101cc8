// The reading of one workload from a place that the schema has accepted.
#pragma once

#include <vector>

#include "json/cursor.h"
#include "scenarios/workloads.h"

namespace lockstep::scenarios {

// `earlier`: those that stand above it in the file. What does not fit together is refused.
Workload read_workload(const json::Cursor& at, const std::vector<Workload>& earlier);

}  // namespace lockstep::scenarios
