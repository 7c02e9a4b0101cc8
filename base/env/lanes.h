// Port: where blocking work runs. A lane runs its jobs one after another and owns the object they work on.
#pragma once

#include <cstdint>
#include <memory>

namespace lockstep::env {

// Lanes are few and fixed; the number is chosen by the actor (see core/service/lanes.h).
enum class LaneId : std::uint8_t {};

class Job {
 public:
  virtual ~Job() = default;
  // On the lane. May block in disk calls; must not touch the actor. After a kill every disk call
  // fails with kGone: unwind without further effects. It must not throw.
  virtual void run() = 0;
  // Does all of it if that is sure to take a short time, or leaves everything as it was and returns false; then run()
  // follows. A host may call it in place of a hand-over to the lane, while nothing runs there: on a fast disk the two
  // wake-ups of threads cost more than the work.
  virtual bool run_briefly() { return false; }
  // Back on the actor, in the order of submission per lane; never called after a kill.
  virtual void done() = 0;
};

class Lanes {
 public:
  virtual ~Lanes() = default;
  // Runs after all jobs submitted to this lane before. The actor gets it back through
  // Actor::on_job_done, never from inside this call.
  virtual void submit(LaneId lane, std::unique_ptr<Job> job) = 0;
};

}  // namespace lockstep::env
