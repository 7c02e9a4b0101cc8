// Bytes that went out and are not settled yet, in log order: uncommitted proposals, unapplied entries.
#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"

namespace lockstep::raft {

class ByteWindow {
 public:
  std::size_t bytes() const { return bytes_; }

  // A batch that ends at `last`, later than all before.
  void add(LogIndex last, std::size_t bytes) {
    batches_.push_back({last, bytes});
    bytes_ += bytes;
  }

  // Batches that end at or before `through` are settled; a batch is settled as a whole.
  void settle(LogIndex through) {
    std::size_t settled = 0;
    for (; settled < batches_.size() && batches_[settled].last <= through; ++settled)
      bytes_ -= batches_[settled].bytes;
    if (settled > 0)
      batches_.erase(batches_.begin(), batches_.begin() + static_cast<std::ptrdiff_t>(settled));
  }

 private:
  struct Batch {
    LogIndex last;
    std::size_t bytes;
  };
  std::vector<Batch> batches_;
  std::size_t bytes_ = 0;
};

}  // namespace lockstep::raft
