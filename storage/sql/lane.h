// What belongs to one connection and is seen by SQLite's callbacks: the disk, the time, the draws, the
// budget, the fault.
#pragma once

#include <cstdint>
#include <optional>

#include "base/env/disk.h"
#include "base/prng.h"
#include "base/result.h"
#include "storage/sql/wal_index.h"

namespace lockstep::sql {

// Counts the operations of SQLite's virtual machine. A statement may not depend on what is cached, so only
// its own execution counts, never its compilation.
class Budget {
 public:
  static constexpr int kStride = 256;  // operations between two looks

  void refill(std::uint64_t limit) { limit_ = limit, used_ = 0; }
  void begin_statement() { counting_ = true, ahead_ = 0; }
  void end_statement(std::uint64_t operations) { counting_ = false, used_ += operations; }
  bool exhausted() const { return used_ > limit_; }
  std::uint64_t limit() const { return limit_; }
  std::uint64_t used() const { return used_; }
  // From the progress handler: true ends the statement.
  bool look() {
    if (!counting_) return false;
    ahead_ += kStride;
    return used_ + ahead_ > limit_;
  }

 private:
  std::uint64_t limit_ = UINT64_MAX;
  std::uint64_t used_ = 0;
  std::uint64_t ahead_ = 0;
  bool counting_ = false;
};

struct Lane {
  env::Disk& disk;
  SharedFile& shared;
  Budget budget{};
  std::optional<Stream> draws{};        // of random() and randomblob()
  std::int64_t now_ns = 0;              // what SQLite's clock says
  std::int64_t total_changes_base = 0;  // total_changes() counts from here
  bool changes_are_own = false;  // changes() tells about a statement of this batch, not of an earlier one
  std::optional<Error>
      fault{};  // the first failure of the disk; it makes an error a node's, not a statement's
};

}  // namespace lockstep::sql
