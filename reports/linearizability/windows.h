// The operations of one object as a search sees them, and which of them are open before each return.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/linearizability/models.h"

namespace lockstep::linearizability {

inline constexpr std::uint64_t kNoReturn = ~0ull;

struct Call {
  Step step;
  std::uint64_t invoked = 0;
  std::uint64_t returned = kNoReturn;  // kNoReturn: it may also be left out
  std::uint32_t operation = 0;         // its number in the history
};

// An operation holds a slot from its invocation to its return, and one that never returns for ever: so few
// numbers that a set of open operations is a bit per slot. Positions count the returns, in their order.
class Windows {
 public:
  struct Open {
    std::uint32_t call;
    std::uint32_t slot;
  };

  // `calls` in any order; distinct times. What is open is written down for each return; if that needs more than
  // `most_bytes`, it is not.
  Windows(std::span<const Call> calls, std::uint64_t most_bytes);

  // False: it would be too large, and nothing but size() and returning() may be asked.
  bool is_whole() const { return !windows_.empty(); }
  std::uint64_t bytes() const { return open_.size() * sizeof(Open) + windows_.size() * sizeof(Window); }

  std::size_t size() const { return returning_.size(); }
  std::uint32_t slots() const { return slots_; }
  // The call that returns at this position, which is below size().
  std::uint32_t returning(std::size_t position) const { return returning_[position]; }
  // What is open just before that return and returns some time, by return: the call that returns there is the
  // first.
  std::span<const Open> open(std::size_t position) const {
    const std::size_t first = windows_[position].first;
    return {open_.data() + first, windows_[position + 1].first - first};
  }
  // What is open there and never returns, by invocation.
  std::span<const Open> endless(std::size_t position) const {
    return {endless_.data(), windows_[position].endless};
  }

 private:
  struct Window {
    std::size_t first;    // of its items in open_; they end where the next window's begin
    std::size_t endless;  // how many of endless_ are invoked
  };

  std::vector<std::uint32_t> returning_;
  std::vector<Open> open_;
  std::vector<Open> endless_;
  std::vector<Window> windows_;  // one more than returns
  std::uint32_t slots_ = 0;
};

}  // namespace lockstep::linearizability
