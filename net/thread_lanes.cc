// Threads, their queues, and the way back to the loop.
#include "net/thread_lanes.h"

#include <atomic>
#include <chrono>
#include <utility>

namespace lockstep::net {
namespace {

using Clock = std::chrono::steady_clock;

// A job that is expected to take less is not worth the way to a thread and back.
constexpr Duration kWorthAThread = std::chrono::microseconds(200);

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

  void run(env::Job& job) {
    const auto began = Clock::now();
    job.run();
    expectation_.took(Clock::now() - began);
  }

  // No job is with the thread, and the next one should be short.
  bool is_quick() {
    if (!expectation_.is_short()) return false;
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
      run(*job);
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

ThreadLanes::ThreadLanes(EventLoop& loop, std::set<env::LaneId> quick, Done done)
    : loop_(loop), quick_(std::move(quick)), done_(std::move(done)) {}

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
  if (quick_.contains(id) && lane.is_quick()) {
    quick_jobs_.push_back({&lane, std::move(job)});
  } else {
    // What waits for the end of the turn was submitted before.
    for (QuickJob& earlier : std::exchange(quick_jobs_, {})) {
      if (earlier.lane == &lane) {
        lane.submit(std::move(earlier.job));
      } else {
        quick_jobs_.push_back(std::move(earlier));
      }
    }
    lane.submit(std::move(job));
  }
}

void ThreadLanes::run_quick() {
  if (quick_jobs_.empty()) return;
  hand_back();  // what the thread has done for the same lane came before
  auto jobs = std::exchange(quick_jobs_, {});
  for (QuickJob& quick : jobs) quick.lane->run(*quick.job);
  // A job may bring about the end of the lanes.
  const auto finished = finished_;
  for (QuickJob& quick : jobs) {
    if (!finished->wanted) return;
    done_(std::move(quick.job));
  }
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
