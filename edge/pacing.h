// How much of a lane's time work in the background may take.
#pragma once

#include "base/time.h"

namespace lockstep::edge {

// After a step that took t (with its wait for the lane) the next one begins so much later that steps take
// about `percent` of the time. 1 to 100.
constexpr Duration pause_after(Duration step, unsigned percent) {
  return step * static_cast<std::int64_t>(100 - percent) / static_cast<std::int64_t>(percent);
}

}  // namespace lockstep::edge
