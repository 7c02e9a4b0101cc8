// The WAL index and the file lock as atomic words.
#include "storage/sql/wal_index.h"

#include <memory>

#include "base/check.h"

namespace lockstep::sql {

void WalIndex::detach() {
  const std::int32_t before = users_.fetch_sub(1, std::memory_order_acq_rel);
  CHECK(before > 0);
  if (before == 1) release();
}

void WalIndex::release() {
  for (auto& region : regions_) delete[] region.exchange(nullptr, std::memory_order_acq_rel);
}

std::byte* WalIndex::region(std::size_t number, bool make) {
  if (number >= kMaxRegions) return nullptr;
  std::byte* present = regions_[number].load(std::memory_order_acquire);
  if (present != nullptr || !make) return present;
  auto fresh = std::make_unique<std::byte[]>(kRegionBytes);
  // Two lanes may make the same region at once: the first one stays, as it may be in use already.
  if (regions_[number].compare_exchange_strong(present, fresh.get(), std::memory_order_acq_rel))
    return fresh.release();
  return present;
}

bool WalIndex::try_lock_shared(std::size_t slot) {
  std::int32_t sharers = slots_[slot].load(std::memory_order_relaxed);
  while (sharers != kExclusive)
    if (slots_[slot].compare_exchange_weak(sharers, sharers + 1, std::memory_order_acq_rel)) return true;
  return false;
}

bool WalIndex::try_lock_exclusive(std::size_t first, std::size_t count) {
  for (std::size_t slot = first; slot < first + count; ++slot) {
    std::int32_t free = 0;
    if (slots_[slot].compare_exchange_strong(free, kExclusive, std::memory_order_acq_rel)) continue;
    unlock_exclusive(first, slot - first);
    return false;
  }
  return true;
}

void WalIndex::unlock_shared(std::size_t slot) {
  const std::int32_t before = slots_[slot].fetch_sub(1, std::memory_order_acq_rel);
  CHECK(before > 0, "slot ", slot);
}

void WalIndex::unlock_exclusive(std::size_t first, std::size_t count) {
  for (std::size_t slot = first; slot < first + count; ++slot) {
    const std::int32_t before = slots_[slot].exchange(0, std::memory_order_acq_rel);
    CHECK(before == kExclusive, "slot ", slot);
  }
}

bool FileLock::try_share() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  while ((state & kExcluded) == 0)
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) return true;
  return false;
}

bool FileLock::try_reserve() {
  return (state_.fetch_or(kReserved, std::memory_order_acq_rel) & kReserved) == 0;
}

bool FileLock::try_exclude(bool holds_reservation) {
  std::uint32_t expected = holds_reservation ? (kReserved | 1u) : 1u;
  return state_.compare_exchange_strong(expected, kReserved | kExcluded | 1u, std::memory_order_acq_rel);
}

}  // namespace lockstep::sql
