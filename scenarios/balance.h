// A number that operations of a history add to: between which bounds a read must find it.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/history.h"

namespace lockstep::scenarios {

// A sum over the events of a history, up to any of them.
class RunningSum {
 public:
  // In any order; all before the first question.
  void add(std::uint64_t position, std::int64_t amount) { items_.push_back({position, amount}); }
  // Of what was added at positions before this one. Logarithmic, but for the first time.
  std::int64_t before(std::uint64_t position);

 private:
  struct Item {
    std::uint64_t position = 0;
    std::int64_t amount = 0;  // once sorted: of this item and all before it
  };
  std::vector<Item> items_;
  bool is_summed_ = false;
};

class Balance {
 public:
  explicit Balance(std::int64_t initial = 0) : initial_(initial) {}

  // The operation adds so much if it happens: certainly by its return if it was ok, perhaps from its
  // invocation on.
  void add(const reports::Operation& operation, std::int64_t amount);

  struct Bounds {
    std::int64_t least = 0;
    std::int64_t most = 0;
  };
  // What was acknowledged before the read began counts, unless the read may be old; what was asked for before
  // it returned may count.
  Bounds bounds(const reports::Operation& read, bool may_be_old);

 private:
  struct Sums {
    RunningSum certain;   // of ok operations, at their returns
    RunningSum possible;  // of those that did not fail, at their invocations
  };
  std::int64_t initial_;
  Sums rises_;
  Sums falls_;
};

}  // namespace lockstep::scenarios
