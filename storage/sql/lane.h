// What belongs to one connection and is seen by SQLite's callbacks: the disk, the time, the draws, the
// budget, the fault.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/env/disk.h"
#include "base/prng.h"
#include "base/result.h"
#include "storage/sql/allocations.h"
#include "storage/sql/memory_account.h"
#include "storage/sql/wal_index.h"
#include "storage/sql/withdrawal.h"

namespace lockstep::sql {

// Counts the operations of SQLite's virtual machine, in units of one on small values: where values may be
// large each has a higher price, functions are charged for their bytes (docs/decisions/0068), and walks
// through large rows for their pages (0081). A statement may not depend on what is cached, so only its own
// execution counts, never its compilation.
class Budget {
 public:
  static constexpr int kStride = 256;  // operations between two looks
  // What a page of a walk takes if it has to be read: about a microsecond and a half.
  static constexpr std::uint64_t kUnitsPerPage = 64;

  // About a second: nothing can interrupt a function.
  static constexpr std::uint64_t kMostAtOnce = 50'000'000;

  void refill(std::uint64_t limit) {
    limit_ = limit;
    used_ = 0;
    by_bytes_ = false;
  }
  void begin_statement(std::uint64_t price) {
    counting_ = true;
    seen_ = {};
    price_ = price;
    if (price > 1) by_bytes_ = true;
  }
  // `operations`: of the whole statement.
  void end_statement(std::uint64_t operations) {
    counting_ = false;
    spend(seen_.units + (operations - seen_.operations) * price_);
  }
  void spend(std::uint64_t units) {
    used_ += units;
    brief_used_ += units;
  }
  // Of the statement that is counted, at the last look: not spent before it has ended.
  struct Seen {
    std::uint64_t operations = 0;
    std::uint64_t units = 0;
  };
  // Around each step of a statement within the counted one: its operations count once, as done. What was seen
  // of them is forgotten.
  Seen begin_inner() const { return seen_; }
  void end_inner(const Seen& seen, std::uint64_t operations) {
    seen_ = seen;
    if (counting_) spend(operations * price_);
  }
  // For what a function does within one operation: false ends the statement.
  bool charge(std::uint64_t units) {
    if (!counting_ || units == 0) return true;
    by_bytes_ = true;
    spend(units <= kMostAtOnce ? units : std::max(units, limit_));
    return !would_end();
  }
  // A page of a large row.
  void walk() {
    if (!counting_) return;
    by_bytes_ = true;
    spend(kUnitsPerPage);
  }
  // From now on an operation has this price, unless it had a higher one.
  void raise(std::uint64_t price) {
    if (price <= price_) return;
    by_bytes_ = true;
    price_ = price;
  }
  // Something counted for more than an operation.
  bool by_bytes() const { return by_bytes_; }
  bool exhausted() const { return used_ > limit_; }
  std::uint64_t limit() const { return limit_; }
  std::uint64_t used() const { return used_; }
  // From the progress handler: true ends the statement.
  bool look() {
    if (!counting_) return false;
    seen_.operations += kStride;
    seen_.units += kStride * price_;
    return would_end();
  }

  // Work that must be short: so many operations for all statements until end_brief(). One that would need more is
  // ended, and its result means nothing: the work is to be undone, and done again without haste.
  void begin_brief(std::uint64_t operations) {
    brief_limit_ = operations;
    brief_used_ = 0;
    overdrawn_ = false;
  }
  void end_brief() { begin_brief(UINT64_MAX); }
  bool is_brief() const { return brief_limit_ != UINT64_MAX; }
  void overdraw() { overdrawn_ = true; }
  bool overdrawn() const { return overdrawn_ || brief_used_ > brief_limit_; }

 private:
  bool would_end() {
    if (brief_used_ + seen_.units > brief_limit_) overdraw();
    return overdrawn_ || used_ + seen_.units > limit_;
  }

  std::uint64_t limit_ = UINT64_MAX;
  std::uint64_t used_ = 0;
  Seen seen_;
  std::uint64_t price_ = 1;
  std::uint64_t brief_limit_ = UINT64_MAX;
  std::uint64_t brief_used_ = 0;
  bool overdrawn_ = false;
  bool counting_ = false;
  bool by_bytes_ = false;
};

// The last page that was fetched; storage/sql/page_walks.h.
struct Walk {
  const sqlite3_pcache* cache = nullptr;
  const sqlite3_pcache_page* last = nullptr;  // nullptr: it was let go, and `next` is what it said
  unsigned next = 0;
};

struct Lane {
  env::Disk& disk;
  SharedFile& shared;
  Budget budget{};
  MemoryAccount memory{};
  Walk walk{};
  const Withdrawal* withdrawal = nullptr;  // of the query at work; nullptr: it is waited for in any case
  std::optional<Stream> draws{};        // of random() and randomblob()
  std::int64_t now_ns = 0;              // what SQLite's clock says
  std::int64_t total_changes_base = 0;  // total_changes() counts from here
  bool changes_are_own = false;  // changes() tells about a statement of this batch, not of an earlier one
  Allocations* allocations = nullptr;  // by whom they are counted; nullptr: nobody
  Bytes page{};                        // that is being sealed
  std::optional<Error>
      fault{};  // the first failure of the disk; it makes an error a node's, not a statement's
};

}  // namespace lockstep::sql
