// The most recent entries in memory, bounded by bytes; older ones are read back by effect Load.
#pragma once

#include <cstddef>
#include <vector>

#include "core/raft/types.h"

namespace lockstep::raft {

// What an entry counts for in every byte limit: its data and a share for its own fields.
inline std::size_t entry_bytes(const Entry& entry) { return entry.data.size() + 32; }

// Consecutive entries [first(), end()); end() is always the end of the log.
class Tail {
 public:
  explicit Tail(LogIndex end) : first_(end) {}

  LogIndex first() const { return first_; }
  LogIndex end() const { return first_ + (entries_.size() - head_); }
  std::size_t bytes() const { return bytes_; }
  bool contains(LogIndex index) const { return index >= first_ && index < end(); }
  const Entry& at(LogIndex index) const;

  void push(Entry entry);  // its index is end()
  void truncate_from(LogIndex index);
  void drop_before(LogIndex index);
  // Drops the oldest entries at or below `through` while more than `max_bytes` are held.
  void evict(std::size_t max_bytes, LogIndex through);

  // Appends entries of [first, end) to `out`: as many as fit in `limit_bytes`, at least one. All must be
  // contained. Returns their bytes.
  std::size_t copy(LogIndex first, LogIndex end, std::size_t limit_bytes, std::vector<Entry>& out) const;

 private:
  void pop_front();

  LogIndex first_;
  std::vector<Entry> entries_;  // those before head_ are gone; they are erased in bulk
  std::size_t head_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace lockstep::raft
