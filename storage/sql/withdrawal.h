// A query that nobody waits for any more says so to the lane that runs it.
#pragma once

#include <atomic>
#include <memory>

namespace lockstep::sql {

// Shared by whoever asks and the lane: set once, on the actor; the lane looks every few hundred operations.
class Withdrawal {
 public:
  void withdraw() { withdrawn_.store(true, std::memory_order_relaxed); }
  bool withdrawn() const { return withdrawn_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> withdrawn_{false};
};
using WithdrawalPtr = std::shared_ptr<Withdrawal>;

}  // namespace lockstep::sql
