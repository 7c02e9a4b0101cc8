// The port Lanes with one thread per lane; short jobs of lanes that allow it need none.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/env/lanes.h"
#include "net/event_loop.h"

namespace lockstep::net {

// submit() belongs to the loop's thread. Finished jobs come back on it, several at once if they are.
//
// To hand a job to a thread and take it back costs two wake-ups, about as much as a sync of a fast disk.
// While the recent jobs of a lane were short and nothing runs there, its next job is first tried on the loop
// (Job::run_briefly); after a long one the lane's jobs go to the thread, until they have been short for a
// while (docs/decisions/0062).
class ThreadLanes final : public env::Lanes {
 public:
  using Done = std::function<void(std::unique_ptr<env::Job>)>;

  ThreadLanes(EventLoop& loop, Done done);
  // Waits for the jobs that run; those that wait are destroyed, and none comes back.
  ~ThreadLanes() override;

  // After what a turn sends has left: tries what was submitted to the first of the lanes. Whether others wait
  // for the next turn: what the first lane's jobs bring about leaves before theirs begin. Lanes are numbered
  // by urgency; others wait for what a log has written, and nobody for what a follower has applied.
  bool run_brief_jobs();

  void submit(env::LaneId lane, std::unique_ptr<env::Job> job) override;

 private:
  class Lane;
  // What the lanes' threads share with the loop; lives as long as a callback of it may come.
  struct Finished {
    std::mutex mutex;
    std::vector<std::unique_ptr<env::Job>> jobs;
    bool announced = false;  // the loop will look
    bool wanted = true;      // false: the lanes are gone
  };

  Lane& lane_of(env::LaneId id);
  void finished(std::unique_ptr<env::Job> job);
  void hand_back();
  bool nothing_to_hand_back();
  void give(std::vector<std::unique_ptr<env::Job>> jobs);

  EventLoop& loop_;
  Done done_;
  std::shared_ptr<Finished> finished_ = std::make_shared<Finished>();
  std::map<env::LaneId, std::unique_ptr<Lane>> lanes_;
  std::map<env::LaneId, std::vector<std::unique_ptr<env::Job>>> submitted_;  // to idle lanes
};

}  // namespace lockstep::net
