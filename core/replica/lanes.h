// The lanes of a node.
#pragma once

#include "base/env/function_job.h"

namespace lockstep::replica {

inline constexpr env::LaneId kLogLane{0};    // the KV store with the Raft log
inline constexpr env::LaneId kApplyLane{1};  // the writing SQLite connection
// Reading connections use the lanes from here on.
inline constexpr std::uint8_t kFirstReaderLane = 2;

using env::briefly_done;
using env::make_brief_job;
using env::make_job;

}  // namespace lockstep::replica
