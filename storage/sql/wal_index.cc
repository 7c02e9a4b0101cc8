// The WAL index and the file lock as atomic words.
#include "storage/sql/wal_index.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/check.h"

namespace lockstep::sql {
namespace {

// Offsets in the index, in the machine's own byte order: https://sqlite.org/walformat.html, section 2.
constexpr std::size_t kIsReadyAt = 12;
constexpr std::size_t kFramesAt = 16;
constexpr std::size_t kPagesAt = 20;
constexpr std::size_t kSaltsAt = 32;
constexpr std::size_t kHeaderBytes = 136;
constexpr std::size_t kFramesInRegion = 4096;
constexpr std::size_t kFramesInFirst = kFramesInRegion - kHeaderBytes / sizeof(std::uint32_t);

template <class T>
T word_at(const std::byte* region, std::size_t offset) {
  T out;
  std::memcpy(&out, region + offset, sizeof out);
  return out;
}

}  // namespace

void WalIndex::detach() {
  const std::int32_t before = users_.fetch_sub(1, std::memory_order_acq_rel);
  CHECK(before > 0);
  if (before == 1) release();
}

void WalIndex::release() {
  for (auto& region : regions_) delete[] region.exchange(nullptr, std::memory_order_acq_rel);
}

std::byte* WalIndex::region(std::size_t number, bool make) {
  if (number >= most_regions_) return nullptr;
  std::byte* present = regions_[number].load(std::memory_order_acquire);
  if (present != nullptr || !make) return present;
  auto fresh = std::make_unique<std::byte[]>(kRegionBytes);
  // Two lanes may make the same region at once: the first one stays, as it may be in use already.
  if (regions_[number].compare_exchange_strong(present, fresh.get(), std::memory_order_acq_rel))
    return fresh.release();
  return present;
}

std::uint64_t WalIndex::most_wal_bytes() const {
  return kWalHeaderBytes + (kFramesInFirst + (most_regions_ - 1) * kFramesInRegion) * kFrameBytes;
}

WalIndex::Committed WalIndex::committed() const {
  const std::byte* first = regions_[0].load(std::memory_order_acquire);
  if (first == nullptr || first[kIsReadyAt] == std::byte{0}) return {};
  return {.frames = word_at<std::uint32_t>(first, kFramesAt),
          .pages = word_at<std::uint32_t>(first, kPagesAt),
          .salts = word_at<std::uint64_t>(first, kSaltsAt)};
}

std::vector<std::uint32_t> WalIndex::pages_in_wal() const {
  const std::size_t frames = committed().frames;
  std::vector<std::uint32_t> out;
  out.reserve(frames);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    const bool in_first = frame < kFramesInFirst;
    const std::size_t place = in_first ? frame : frame - kFramesInFirst;
    const std::size_t number = in_first ? 0 : 1 + place / kFramesInRegion;
    const std::size_t begin = in_first ? kHeaderBytes : 0;
    const std::byte* region = regions_[number].load(std::memory_order_acquire);
    out.push_back(word_at<std::uint32_t>(region, begin + place % kFramesInRegion * sizeof(std::uint32_t)));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
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
