// What a transaction did to keys as others see it: reads before its own writes, and its last writes.
#pragma once

#include "reports/transactions/transactions.h"

namespace lockstep::transactions {

// The step is a read, and its transaction wrote nothing to that key before it.
// Quadratic in the size of one transaction, like the others here; transactions are short.
inline bool is_external_read(std::span<const Step> steps, std::size_t at) {
  if (steps[at].write) return false;
  for (std::size_t before = 0; before < at; ++before) {
    if (steps[before].write && steps[before].key == steps[at].key) return false;
  }
  return true;
}

// The first step of the transaction with this key.
inline bool is_first_of_key(std::span<const Step> steps, std::size_t at) {
  for (std::size_t before = 0; before < at; ++before) {
    if (steps[before].key == steps[at].key) return false;
  }
  return true;
}

// The last write to this key after `from`, or null.
inline const Step* last_write(std::span<const Step> steps, std::uint32_t key, std::size_t from = 0) {
  for (std::size_t at = steps.size(); at-- > from;) {
    if (steps[at].write && steps[at].key == key) return &steps[at];
  }
  return nullptr;
}

}  // namespace lockstep::transactions
