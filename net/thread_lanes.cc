// Threads, their queues, and the way back to the loop.
#include "net/thread_lanes.h"

#include <utility>

namespace lockstep::net {

class ThreadLanes::Lane {
 public:
  explicit Lane(ThreadLanes& lanes) : lanes_(lanes), thread_([this] { work(); }) {}

  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void submit(std::unique_ptr<env::Job> job) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      auto job = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      job->run();
      lanes_.finished(std::move(job));
      lock.lock();
    }
  }

  ThreadLanes& lanes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<env::Job>> waiting_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

ThreadLanes::ThreadLanes(EventLoop& loop, Done done) : loop_(loop), done_(std::move(done)) {}

ThreadLanes::~ThreadLanes() {
  lanes_.clear();
  const std::lock_guard lock(finished_->mutex);
  finished_->wanted = false;
  finished_->jobs.clear();
}

void ThreadLanes::submit(env::LaneId lane, std::unique_ptr<env::Job> job) {
  auto& thread = lanes_[lane];
  if (!thread) thread = std::make_unique<Lane>(*this);
  thread->submit(std::move(job));
}

// On a lane's thread.
void ThreadLanes::finished(std::unique_ptr<env::Job> job) {
  {
    const std::lock_guard lock(finished_->mutex);
    finished_->jobs.push_back(std::move(job));
    if (std::exchange(finished_->announced, true)) return;
  }
  // The shared part outlives these lanes, so that a callback that comes too late finds out.
  loop_.post([this, finished = finished_] {
    {
      const std::lock_guard lock(finished->mutex);
      if (!finished->wanted) return;
    }
    hand_back();
  });
}

void ThreadLanes::hand_back() {
  std::vector<std::unique_ptr<env::Job>> jobs;
  {
    const std::lock_guard lock(finished_->mutex);
    finished_->announced = false;
    jobs.swap(finished_->jobs);
  }
  // A job may bring about the end of the lanes.
  const auto finished = finished_;
  for (auto& job : jobs) {
    if (!finished->wanted) return;
    done_(std::move(job));
  }
}

}  // namespace lockstep::net
