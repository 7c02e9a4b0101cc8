// Port: what time a process believes it is.
#pragma once

#include "base/time.h"

namespace lockstep::env {

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back within one incarnation. Its rate may differ from other processes' (drift).
  virtual Instant monotonic_now() = 0;
  // May jump in both directions. Only a label, and the leader's stamp on an entry.
  virtual WallTime wall_now() = 0;
};

// Port: the one wake-up of an actor, the minimum of its parts' deadlines.
class Alarm {
 public:
  virtual ~Alarm() = default;
  // Replaces the previous instant; kNever disarms. Actor::on_alarm is called once, at or after it:
  // late is allowed, early is not.
  virtual void set(Instant at) = 0;
};

}  // namespace lockstep::env
