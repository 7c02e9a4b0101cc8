// The port Lanes with one thread per lane; short jobs of lanes that allow it need none.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/env/lanes.h"
#include "net/event_loop.h"

namespace lockstep::net {

// submit() belongs to the loop's thread. Finished jobs come back on it, several at once if they are.
//
// To hand a job to a thread and take it back costs two wake-ups of a thread, about as much as a sync of a
// fast disk. The jobs of a quick lane therefore run on the loop for as long as the lane's recent ones were
// short; after a long one they go to the thread, until they have been short for a while. Only for lanes whose
// work is bounded (the log; not a client's SQL): a disk that hangs stalls the whole process once, which is
// what Raft's time-outs are for (docs/decisions/0062).
class ThreadLanes final : public env::Lanes {
 public:
  using Done = std::function<void(std::unique_ptr<env::Job>)>;

  ThreadLanes(EventLoop& loop, std::set<env::LaneId> quick, Done done);
  // Waits for the jobs that run; those that wait are destroyed, and none comes back.
  ~ThreadLanes() override;

  // Runs what quick lanes were given, after what this turn sends has left.
  void run_quick();

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

  struct QuickJob {
    Lane* lane;
    std::unique_ptr<env::Job> job;
  };

  EventLoop& loop_;
  std::set<env::LaneId> quick_;
  Done done_;
  std::shared_ptr<Finished> finished_ = std::make_shared<Finished>();
  std::map<env::LaneId, std::unique_ptr<Lane>> lanes_;
  std::vector<QuickJob> quick_jobs_;
};

}  // namespace lockstep::net
