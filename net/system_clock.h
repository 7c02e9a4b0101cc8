// The clocks of the machine behind the port Clock.
#pragma once

#include "base/env/clock.h"

namespace lockstep::net {

// CLOCK_MONOTONIC and CLOCK_REALTIME. The monotonic one is common to all processes of a machine, so that
// their traces can be merged by it.
class SystemClock final : public env::Clock {
 public:
  Instant monotonic_now() override;
  WallTime wall_now() override;
};

}  // namespace lockstep::net
