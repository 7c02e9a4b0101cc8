// Reads the machine's clocks.
#include "net/system_clock.h"

#include <ctime>

namespace lockstep::net {
namespace {

Duration read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

Instant SystemClock::monotonic_now() { return Instant(read(CLOCK_MONOTONIC)); }
WallTime SystemClock::wall_now() { return WallTime(read(CLOCK_REALTIME)); }

}  // namespace lockstep::net
