// The lanes of one life of a process: each is a fiber that runs its jobs one after another in simulated time.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "base/env/lanes.h"
#include "base/result.h"
#include "base/time.h"
#include "sim/fiber.h"

namespace lockstep::sim {

// What lanes need of the process they belong to.
class LaneHost {
 public:
  virtual ~LaneHost() = default;
  // Call LaneSet::wake(lane) after this time, unless the process is dead by then.
  virtual void wake_lane_after(env::LaneId lane, Duration delay) = 0;
  virtual void on_job_started(env::LaneId lane, std::uint64_t ordinal) = 0;
  // Take the job from the lane and give it to the actor, later.
  virtual void on_job_finished(env::LaneId lane, std::uint64_t ordinal) = 0;
};

class LaneSet final : public env::Lanes {
 public:
  // `seed`: of this life.
  LaneSet(LaneHost& host, StackPool& stacks, std::uint64_t seed) : host_(host), stacks_(stacks), seed_(seed) {}
  ~LaneSet() override;

  void submit(env::LaneId lane, std::unique_ptr<env::Job> job) override;
  // Runs the lane on, until it waits or has no job.
  void wake(env::LaneId lane);
  // The oldest finished job of the lane; there is one (checked).
  std::unique_ptr<env::Job> take_finished(env::LaneId lane);

  // The lane whose job is running now; there is one (checked): blocking calls come from lanes only.
  env::LaneId running() const;
  // Suspends the running job. kGone when the process is dead, before or after; nothing is waited for then.
  Status pass_time(Duration duration);

  // From now on pass_time fails and no job starts.
  void die() { dead_ = true; }
  // After die(), from outside the lanes: lets every suspended job return, then destroys all jobs.
  void unwind();

 private:
  struct Lane {
    LaneSet* set;
    env::LaneId id;
    std::deque<std::unique_ptr<env::Job>> queue;
    std::deque<std::unique_ptr<env::Job>> finished;
    std::uint64_t next_ordinal = 0;
    bool idle = true;  // no job, and no wake-up on its way
    std::unique_ptr<Fiber> fiber;
  };

  static void run_lane(void* lane);
  void run_jobs(Lane& lane);
  void run(Lane& lane, env::Job& job, std::uint64_t ordinal);
  void resume(Lane& lane);
  Lane& find(env::LaneId id);

  LaneHost& host_;
  StackPool& stacks_;
  std::uint64_t seed_;
  std::map<env::LaneId, Lane> lanes_;
  Lane* running_ = nullptr;
  bool dead_ = false;
};

}  // namespace lockstep::sim
