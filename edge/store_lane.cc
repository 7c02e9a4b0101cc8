// Group commit and clean-up of the edge's store.
#include "edge/store_lane.h"

#include <algorithm>

#include "edge/pacing.h"

namespace lockstep::edge {

void StoreLane::commit(Commit commit) {
  CHECK(is_open_);
  if (waiting_.empty()) {
    oldest_since_ = env_.clock.monotonic_now();
    anybody_hurries_ = false;
  }
  if (!commit.patient) anybody_hurries_ = true;
  waiting_.push_back(std::move(commit));
}

Instant StoreLane::deadline() const {
  if (!is_open_) return kNever;
  const Instant write_at = waiting_.empty() || writes_ > 0 ? kNever : oldest_since_ + kPatience;
  return std::min(write_at, cleaning_ ? kNever : clean_at_);
}

void StoreLane::flush() {
  if (!is_open_) return;
  const Instant now = env_.clock.monotonic_now();
  if (writes_ == 0 && !waiting_.empty() && (anybody_hurries_ || now >= oldest_since_ + kPatience))
    write_waiting();
  if (!cleaning_ && now >= clean_at_) clean_step();
}

void StoreLane::write_waiting() {
  if (waiting_.empty()) return;
  std::vector<kv::Batch> changes;
  std::vector<env::Event> events;
  std::vector<std::function<void()>> thens;
  std::size_t bytes = 0;
  for (Commit& commit : waiting_) {
    bytes += commit.changes.bytes();
    if (!commit.changes.empty()) changes.push_back(std::move(commit.changes));
    events.insert(events.end(), commit.events.begin(), commit.events.end());
    if (commit.then) thens.push_back(std::move(commit.then));
  }
  waiting_.clear();
  ++writes_;
  written_since_clean_ += bytes;
  auto run = [store = store_.get(), trace = &env_.trace, changes = std::move(changes),
              events = std::move(events)]() -> Status {
    LOCKSTEP_TRY_STATUS(store->write(changes));
    for (const env::Event& event : events) trace->emit(event);
    return {};
  };
  submit(
      std::move(run), [this, thens = std::move(thens)]() mutable { written(std::move(thens)); },
      bytes <= kMostBriefBytes);
}

void StoreLane::written(std::vector<std::function<void()>> thens) {
  --writes_;
  for (const std::function<void()>& then : thens) {
    const std::uint64_t life = life_;
    then();
    if (life != life_) return;
  }
  if (written_since_clean_ >= kCleanEveryBytes) tidy();
}

void StoreLane::tidy() {
  written_since_clean_ = 0;
  if (!cleaning_) clean_at_ = std::min(clean_at_, env_.clock.monotonic_now());
}

// One step at a time with pauses, so that a write waits for at most one, and seldom.
void StoreLane::clean_step() {
  cleaning_ = true;
  submit([store = store_.get()] { return store->clean_step(kCleanStepBytes); },
         [this, began = env_.clock.monotonic_now()](bool more) {
           cleaning_ = false;
           const Instant now = env_.clock.monotonic_now();
           clean_at_ = more ? now + pause_after(now - began, kCleanPercent) : kNever;
         });
}

void StoreLane::failed(const Error& error) {
  if (error.code == ErrorCode::kGone) return;  // this process is dead
  ++life_;
  waiting_.clear();
  is_open_ = false;
  on_failure_(error);
}

}  // namespace lockstep::edge
