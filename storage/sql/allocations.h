// On whose behalf SQLite allocates: what each connection holds is counted, and on command the n-th request is
// refused.
#pragma once

#include <cstdint>
#include <functional>

namespace lockstep::sql {

struct Lane;

// Of one process of a simulated world; all of them run in one thread.
class Allocations {
 public:
  // From now on the n-th one (from 1) and as many after it as `times` says are refused; `told` hears of each.
  void refuse(std::uint64_t nth, std::uint64_t times, std::function<void()> told) {
    first_refused_ = seen_ + nth;
    end_of_refused_ = first_refused_ + times;
    told_ = std::move(told);
  }
  void refuse_none() { first_refused_ = end_of_refused_ = 0; }
  bool grant() {
    ++seen_;
    if (seen_ < first_refused_ || seen_ >= end_of_refused_) return true;
    told_();
    return false;
  }
  std::uint64_t seen() const { return seen_; }

 private:
  std::uint64_t seen_ = 0;
  std::uint64_t first_refused_ = 0;
  std::uint64_t end_of_refused_ = 0;
  std::function<void()> told_;
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
