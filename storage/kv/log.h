// The segments of a store as one sequence of groups: append at the newest, drop the oldest, read anywhere.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/env/disk.h"
#include "base/result.h"
#include "storage/kv/options.h"
#include "storage/kv/segment.h"

namespace lockstep::kv {

struct Segment {
  std::uint32_t id = 0;
  std::unique_ptr<env::File> file;
  std::uint64_t bytes = 0;  // header and groups; what lies behind is not used
};

// Facts that each new segment's header repeats, so that no record of them must outlive its segment.
struct LogFacts {
  std::uint32_t oldest_segment = 0;
  std::uint64_t ids_reserved = 0;
};

class Log {
 public:
  // A payload that append() has made durable; `payload` is valid until the next append.
  struct Appended {
    GroupPlace payload_place;
    BytesView payload;
  };

  // Where a log goes on: after its last group.
  struct End {
    std::uint64_t sequence = 1;  // of the next group
    std::uint32_t chain = 0;     // checksum of the last group, or of the segment header
    std::uint64_t ready = 0;     // the newest segment is zero from its end to here
  };

  Log(env::Disk& disk, Options options) : disk_(&disk), options_(std::move(options)) {}

  // Recovery hands over what it found; with no segment, start a first one by open_segment.
  void adopt(std::deque<Segment> segments, End end);
  // Starts segment `id`: durable under its name before the first group enters it.
  Status open_segment(std::uint32_t id, const LogFacts& facts);

  // One group of these records: one write, one sync. kTooLarge: nothing happened. Any other error: crash and
  // recover.
  Result<Appended> append(std::span<const BytesView> records, const LogFacts& facts);
  // Removes the oldest segment's file, durably.
  Status remove_oldest();

  const std::deque<Segment>& segments() const { return segments_; }
  // The segment must exist (checked).
  env::File& file(std::uint32_t id) const;
  std::string path(std::uint32_t id) const;

 private:
  // Pads the group in the buffer with zeros, which later groups overwrite.
  void make_ready(std::uint64_t group_end);

  env::Disk* disk_;
  Options options_;
  std::deque<Segment> segments_;  // consecutive ids
  End end_;
  Bytes buffer_;  // the group being written
};

}  // namespace lockstep::kv
