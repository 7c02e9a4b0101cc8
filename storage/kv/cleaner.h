// Chooses what to clean and collects the live records of the oldest segment.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/kv/contents.h"
#include "storage/kv/log.h"

namespace lockstep::kv {

// Segments are cleaned oldest first, always (docs/decisions/0030): then a tombstone in the segment being
// cleaned has nothing older to hide, and is simply left behind.
class Cleaner {
 public:
  explicit Cleaner(unsigned below_live_percent) : below_live_percent_(below_live_percent) {}

  bool has_work(const Log& log, const Contents& contents) const;

  // Appends about `budget` bytes of live records of the oldest segment to `records`, going on where the last
  // call stopped; at least one group is read. When the segment is done a kDropBefore record follows: once the
  // records are durable and applied, the segment can be removed, and finished() is true.
  Status collect(const Log& log, const Contents& contents, std::size_t budget, Bytes& records);
  bool finished() const { return finished_; }
  // The oldest segment has been removed.
  void restart();

 private:
  void collect_group(const Segment& segment, BytesView payload, const Contents& contents, Bytes& records);

  unsigned below_live_percent_;
  std::uint64_t offset_ = kSegmentHeaderBytes;  // of the next group to read in the oldest segment
  bool finished_ = false;
};

}  // namespace lockstep::kv
