// Threads, their queues, and the way back to the loop.
#include "net/thread_lanes.h"

#include <atomic>
#include <chrono>
#include <utility>

namespace lockstep::net {
namespace {

using Clock = std::chrono::steady_clock;

// A job that is expected to take less is not worth the way to a thread and back.
constexpr Duration kWorthAThread = std::chrono::milliseconds(1);

// How long the next job of a lane may take: the last long one is forgotten slowly.
class Expectation {
 public:
  void took(Duration duration) {
    const std::int64_t before = expected_ns_.load(std::memory_order_relaxed);
    const std::int64_t now = duration.count();
    expected_ns_.store(now > before ? now : before - (before - now) / 8, std::memory_order_relaxed);
  }
  bool is_short() const { return expected_ns_.load(std::memory_order_relaxed) < kWorthAThread.count(); }

 private:
  std::atomic<std::int64_t> expected_ns_{0};
};

}  // namespace

class ThreadLanes::Lane {
 public:
  explicit Lane(ThreadLanes& lanes) : lanes_(lanes) {}

  ~Lane() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void submit(std::unique_ptr<env::Job> job) {
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(job));
      ++unfinished_;
    }
    wake_.notify_one();
  }

  // On the loop. False: the job is for the thread.
  bool run_briefly(env::Job& job) {
    if (!is_idle() || !expectation_.is_short()) return false;
    const auto began = Clock::now();
    const bool ran = job.run_briefly();
    expectation_.took(Clock::now() - began);
    return ran;
  }

  // No job is with the thread.
  bool is_idle() {
    const std::lock_guard lock(mutex_);
    return unfinished_ == 0;
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
      const auto began = Clock::now();
      job->run();
      expectation_.took(Clock::now() - began);
      lanes_.finished(std::move(job));
      lock.lock();
      --unfinished_;
    }
  }

  ThreadLanes& lanes_;
  Expectation expectation_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<env::Job>> waiting_;
  std::size_t unfinished_ = 0;  // waiting, or running on the thread
  bool stopping_ = false;
  std::thread thread_;  // made for the first job that needs it
};

ThreadLanes::ThreadLanes(EventLoop& loop, Done done) : loop_(loop), done_(std::move(done)) {}

ThreadLanes::~ThreadLanes() {
  lanes_.clear();
  const std::lock_guard lock(finished_->mutex);
  finished_->wanted = false;
  finished_->jobs.clear();
}

ThreadLanes::Lane& ThreadLanes::lane_of(env::LaneId id) {
  auto& lane = lanes_[id];
  if (!lane) lane = std::make_unique<Lane>(*this);
  return *lane;
}

void ThreadLanes::submit(env::LaneId id, std::unique_ptr<env::Job> job) {
  Lane& lane = lane_of(id);
  const auto waits = submitted_.find(id);
  if (waits != submitted_.end() || lane.is_idle()) {
    submitted_[id].push_back(std::move(job));
  } else {
    lane.submit(std::move(job));
  }
}

bool ThreadLanes::run_brief_jobs() {
  if (submitted_.empty()) return false;
  const auto finished = finished_;  // a job may bring about the end of the lanes
  hand_back();
  if (!finished->wanted) return false;
  auto first = submitted_.extract(submitted_.begin());
  Lane& lane = lane_of(first.key());
  // Idle and nothing to hand back, in this order: all that came before is done and known.
  bool brief = lane.is_idle() && nothing_to_hand_back();
  std::vector<std::unique_ptr<env::Job>> ran;
  for (auto& job : first.mapped()) {
    brief = brief && lane.run_briefly(*job);
    if (brief)
      ran.push_back(std::move(job));
    else
      lane.submit(std::move(job));
  }
  give(std::move(ran));
  return finished->wanted && !submitted_.empty();
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
  give(std::move(jobs));
}

bool ThreadLanes::nothing_to_hand_back() {
  const std::lock_guard lock(finished_->mutex);
  return finished_->jobs.empty();
}

void ThreadLanes::give(std::vector<std::unique_ptr<env::Job>> jobs) {
  const auto finished = finished_;
  for (auto& job : jobs) {
    if (!finished->wanted) return;
    done_(std::move(job));
  }
}

}  // namespace lockstep::net
