// The port Lanes with one thread per lane.
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
class ThreadLanes final : public env::Lanes {
 public:
  using Done = std::function<void(std::unique_ptr<env::Job>)>;

  ThreadLanes(EventLoop& loop, Done done);
  // Waits for the jobs that run; those that wait are destroyed, and none comes back.
  ~ThreadLanes() override;

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

  void finished(std::unique_ptr<env::Job> job);
  void hand_back();

  EventLoop& loop_;
  Done done_;
  std::shared_ptr<Finished> finished_ = std::make_shared<Finished>();
  std::map<env::LaneId, std::unique_ptr<Lane>> lanes_;
};

}  // namespace lockstep::net
