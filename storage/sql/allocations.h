// On whose behalf SQLite allocates: what each connection holds is counted, and on command the n-th request is
// refused.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace lockstep::sql {

struct Lane;

// Of one process of a simulated world; all of them run in one thread.
class Allocations {
 public:
  // From now on the n-th one (from 1) and as many after it as `times` says are refused; `told` hears of each. By what is
  // returned this refusal is ended.
  std::uint64_t refuse(std::uint64_t nth, std::uint64_t times, std::function<void()> told) {
    refusals_.push_back({++last_id_, seen_ + nth, seen_ + nth + times, std::move(told)});
    return last_id_;
  }
  void end_refusal(std::uint64_t id) { std::erase_if(refusals_, [id](const Refusal& each) { return each.id == id; }); }
  void refuse_none() { refusals_.clear(); }
  bool grant() {
    ++seen_;
    bool is_granted = true;
    for (const Refusal& refusal : refusals_) {
      if (seen_ < refusal.first || seen_ >= refusal.end) continue;
      refusal.told();
      is_granted = false;
    }
    return is_granted;
  }
  std::uint64_t seen() const { return seen_; }

 private:
  struct Refusal {
    std::uint64_t id;
    std::uint64_t first;
    std::uint64_t end;
    std::function<void()> told;
  };
  std::uint64_t seen_ = 0;
  std::uint64_t last_id_ = 0;
  std::vector<Refusal> refusals_;
};

// While it lives, what SQLite does on this thread is done for this lane.
class AllocatesFor {
 public:
  explicit AllocatesFor(Lane& lane);
  ~AllocatesFor();
  AllocatesFor(const AllocatesFor&) = delete;
  AllocatesFor& operator=(const AllocatesFor&) = delete;

  static bool now(const Lane& lane) { return current() == &lane; }
  static Lane* current();  // nullptr: nobody's
  // After a call that may have suspended the lane: another one may have run meanwhile.
  static void again(Lane& lane);

 private:
  Lane& lane_;
};

// SQLite's allocator, with the counting around it. Before SQLite is initialised.
void install_counting_allocator();

}  // namespace lockstep::sql
