// One fiber per lane, made at its first job; it sleeps between jobs and ends when the process dies.
#include "sim/lane_set.h"

#include <utility>

#include "base/check.h"
#include "base/prng.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kBriefly{"sim.lanes.briefly"};
constexpr std::uint64_t kBrieflyPartsPerMillion = 250'000;

}  // namespace

LaneSet::~LaneSet() {
  for (const auto& [id, lane] : lanes_)
    CHECK(!lane.fiber || lane.fiber->finished(), "lanes were not unwound");
}

void LaneSet::submit(env::LaneId id, std::unique_ptr<env::Job> job) {
  if (dead_) return;
  Lane& lane = find(id);
  lane.queue.push_back(std::move(job));
  if (!std::exchange(lane.idle, false)) return;
  host_.wake_lane_after(id, Duration{});
}

void LaneSet::wake(env::LaneId id) { resume(find(id)); }

std::unique_ptr<env::Job> LaneSet::take_finished(env::LaneId id) {
  Lane& lane = find(id);
  CHECK(!lane.finished.empty());
  auto job = std::move(lane.finished.front());
  lane.finished.pop_front();
  return job;
}

env::LaneId LaneSet::running() const {
  CHECK(running_ != nullptr, "a blocking call outside the lanes");
  return running_->id;
}

Status LaneSet::pass_time(Duration duration) {
  // What a dead process owned is destroyed outside its lanes, and may want to tidy up.
  CHECK(dead_ || running_ != nullptr, "a blocking call outside the lanes");
  if (!dead_ && duration > Duration{}) {
    Lane& lane = *running_;
    host_.wake_lane_after(lane.id, duration);
    lane.fiber->suspend();
  }
  if (dead_) return fail(ErrorCode::kGone, "the process died during the call or before it");
  return {};
}

void LaneSet::unwind() {
  CHECK(dead_);
  for (auto& [id, lane] : lanes_) {
    if (lane.fiber && !lane.fiber->finished()) resume(lane);
    CHECK(!lane.fiber || lane.fiber->finished(), "a job of a dead process went on waiting");
    lane.queue.clear();
    lane.finished.clear();
  }
}

void LaneSet::run_lane(void* lane) {
  auto& self = *static_cast<Lane*>(lane);
  self.set->run_jobs(self);
}

void LaneSet::run_jobs(Lane& lane) {
  while (!dead_) {
    if (lane.queue.empty()) {
      lane.idle = true;
      lane.fiber->suspend();
      continue;
    }
    auto job = std::move(lane.queue.front());
    lane.queue.pop_front();
    const std::uint64_t ordinal = lane.next_ordinal++;
    host_.on_job_started(lane.id, ordinal);
    if (dead_) return;
    run(lane, *job, ordinal);
    if (dead_) return;
    lane.finished.push_back(std::move(job));
    host_.on_job_finished(lane.id, ordinal);
  }
}

// Some jobs are tried briefly first, as a real host does, so that what they undo is undone here too.
void LaneSet::run(Lane& lane, env::Job& job, std::uint64_t ordinal) {
  const auto object = static_cast<std::uint64_t>(lane.id);
  if (chance(draw(seed_, kBriefly, object, ordinal), kBrieflyPartsPerMillion) && job.run_briefly()) return;
  if (!dead_) job.run();
}

void LaneSet::resume(Lane& lane) {
  if (!lane.fiber) lane.fiber = std::make_unique<Fiber>(stacks_, &LaneSet::run_lane, &lane);
  Lane* const outer = std::exchange(running_, &lane);
  lane.fiber->resume();
  running_ = outer;
}

LaneSet::Lane& LaneSet::find(env::LaneId id) {
  const auto found = lanes_.find(id);
  if (found != lanes_.end()) return found->second;
  Lane& lane = lanes_[id];
  lane.set = this;
  lane.id = id;
  return lane;
}

}  // namespace lockstep::sim
