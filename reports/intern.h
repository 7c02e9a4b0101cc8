// Dense numbers for values, so that comparing states and operations is comparing integers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/check.h"
#include "reports/value.h"

namespace lockstep::reports {

// Finds the number of an item by its hash: open addressing, at most half full, linear probing.
// The items themselves live with the caller.
class HashIndex {
 public:
  static constexpr std::uint32_t kAbsent = ~0u;

  // The number of the item with this hash for which `equals(number)`; else inserts `next` and returns it.
  template <class Equals>
  std::uint32_t find_or_insert(std::uint64_t hash, std::uint32_t next, const Equals& equals) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      Slot& slot = slots_[at];
      if (slot.number == kAbsent) {
        slot = {hash, next};
        ++count_;
        return next;
      }
      if (slot.hash == hash && equals(slot.number)) return slot.number;
    }
  }

  void clear() {
    slots_.clear();
    count_ = 0;
  }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t number = kAbsent;
  };

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.number == kAbsent) continue;
      std::size_t at = slot.hash & mask;
      while (slots_[at].number != kAbsent) at = (at + 1) & mask;
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

class ValueTable {
 public:
  std::uint32_t intern(const Value& value) {
    const auto next = static_cast<std::uint32_t>(values_.size());
    const std::uint32_t number =
        index_.find_or_insert(value.hash(), next, [&](std::uint32_t other) { return values_[other] == value; });
    if (number == next) values_.push_back(value);
    return number;
  }
  const Value& operator[](std::uint32_t number) const {
    CHECK(number < values_.size());
    return values_[number];
  }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<Value> values_;
  HashIndex index_;
};

}  // namespace lockstep::reports
