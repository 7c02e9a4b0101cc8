// What the connections of one incarnation share of the database file: the WAL index in heap memory, and the
// file lock.
//
// Lanes are threads in the real world, and this code may not use a mutex (nothing here may block): every slot
// is one atomic word. Everything dies with the incarnation; a WAL index that outlived a crash would be
// corruption.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/sql/page_seals.h"

namespace lockstep::sql {

// The WAL index (https://sqlite.org/walformat.html, "The WAL-Index File Format") without a file.
class WalIndex {
 public:
  static constexpr std::size_t kSlots = 8;               // SQLITE_SHM_NLOCK
  static constexpr std::size_t kRegionBytes = 32 << 10;  // the only size SQLite asks for
  static constexpr std::size_t kMaxRegions = 1024;       // 4 million frames, a WAL of 16 GiB

  // `regions`: at most so many.
  explicit WalIndex(std::size_t regions = kMaxRegions) : most_regions_(regions) {}
  ~WalIndex() { release(); }
  WalIndex(const WalIndex&) = delete;
  WalIndex& operator=(const WalIndex&) = delete;

  // A connection maps (and unmaps) the index. Regions appear zeroed, never move, and are dropped with the
  // last unmap, so that a later opener recovers from the WAL itself.
  void attach() { users_.fetch_add(1, std::memory_order_acq_rel); }
  void detach();
  // nullptr if the region does not exist and may not be made, or there is no room for it.
  std::byte* region(std::size_t number, bool make);

  // Of a WAL whose frames there is room for.
  std::uint64_t most_wal_bytes() const;

  // Slots [first, first + count). None waits; false means that another connection is in the way.
  bool try_lock_shared(std::size_t slot);
  bool try_lock_exclusive(std::size_t first, std::size_t count);
  void unlock_shared(std::size_t slot);
  void unlock_exclusive(std::size_t first, std::size_t count);

  // What is committed in the WAL. For the connection that writes, between its transactions: nobody else
  // changes it.
  struct Committed {
    std::uint32_t frames = 0;  // of the WAL; 0: there are none, and the rest says nothing
    std::uint32_t pages = 0;   // of the database
    std::uint64_t salts = 0;   // name the WAL
  };
  Committed committed() const;
  // The numbers of the pages that are in committed frames, ascending.
  std::vector<std::uint32_t> pages_in_wal() const;

 private:
  static constexpr std::int32_t kExclusive = -1;
  void release();

  const std::size_t most_regions_;
  std::array<std::atomic<std::byte*>, kMaxRegions> regions_{};
  std::array<std::atomic<std::int32_t>, kSlots> slots_{};  // number of sharers, or kExclusive
  std::atomic<std::int32_t> users_{0};
};

// SQLite's lock on the main file (https://sqlite.org/lockingv3.html). In WAL mode everybody holds it shared;
// it decides only while the first connection switches a new file to WAL or plays a hot journal back.
class FileLock {
 public:
  bool try_share();
  bool try_reserve();
  // Succeeds if the caller, who shares and has or can have the reservation, is the only sharer.
  bool try_exclude(bool holds_reservation);
  void unshare() { state_.fetch_sub(1, std::memory_order_acq_rel); }
  void unreserve() { state_.fetch_and(~kReserved, std::memory_order_acq_rel); }
  void unexclude() { state_.fetch_and(~(kReserved | kExcluded), std::memory_order_acq_rel); }
  bool reserved() const { return (state_.load(std::memory_order_acquire) & kReserved) != 0; }

 private:
  static constexpr std::uint32_t kReserved = 1u << 30;
  static constexpr std::uint32_t kExcluded = 1u << 31;
  std::atomic<std::uint32_t> state_{0};  // number of sharers, and the two flags
};

struct SharedFile {
  WalIndex wal_index{};
  FileLock lock{};
  PageSeals seals{};
  std::atomic<std::uint64_t> main_bytes{0};  // the main file is at least so long (storage/sql/watermark.h)
};

}  // namespace lockstep::sql
