// What a transaction did to keys as others see it: reads before its own writes, and its last writes.
#pragma once

#include "reports/transactions/transactions.h"

namespace lockstep::transactions {

inline bool is_external_read(std::span<const Step> steps, std::size_t at) { return steps[at].external; }

// The first step of the transaction with this key.
inline bool is_first_of_key(std::span<const Step> steps, std::size_t at) {
  return steps[at].previous == kNone;
}

// The transaction's last write to the key of this step, which may come before it; or null.
inline const Step* last_write(std::span<const Step> steps, const Step& step) {
  return step.last_write == kNone ? nullptr : &steps[step.last_write];
}

// The same by key, for proofs: looks through the whole transaction.
inline const Step* last_write_to(std::span<const Step> steps, std::uint32_t key) {
  for (std::size_t at = steps.size(); at-- > 0;) {
    if (steps[at].write && steps[at].key == key) return &steps[at];
  }
  return nullptr;
}

}  // namespace lockstep::transactions
