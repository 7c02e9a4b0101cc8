// A vector with a moving head: pushing, truncating and evicting cost amortised constant time.
#include "core/raft/tail.h"

#include "base/check.h"

namespace lockstep::raft {

const Entry& Tail::at(LogIndex index) const {
  CHECK(contains(index), "index ", index, " tail [", first_, ", ", end(), ")");
  return entries_[head_ + (index - first_)];
}

void Tail::push(Entry entry) {
  CHECK(entry.index == end(), "index ", entry.index, " end ", end());
  bytes_ += entry_bytes(entry);
  entries_.push_back(std::move(entry));
}

void Tail::truncate_from(LogIndex index) {
  while (head_ < entries_.size() && end() > index) {
    bytes_ -= entry_bytes(entries_.back());
    entries_.pop_back();
  }
  if (index < first_) first_ = index;
}

void Tail::pop_front() {
  bytes_ -= entry_bytes(entries_[head_]);
  entries_[head_] = Entry{};
  ++head_;
  first_ = first_.next();
  if (head_ < 64 || head_ < entries_.size() / 2) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

void Tail::drop_before(LogIndex index) {
  while (first_ < index && first_ < end()) pop_front();
}

void Tail::evict(std::size_t max_bytes, LogIndex through) {
  while (bytes_ > max_bytes && first_ < end() && first_ <= through) pop_front();
}

std::size_t Tail::copy(LogIndex first, LogIndex end, std::size_t limit_bytes, std::vector<Entry>& out) const {
  std::size_t bytes = 0;
  for (LogIndex index = first; index < end; index = index.next()) {
    const Entry& entry = at(index);
    if (index > first && bytes + entry_bytes(entry) > limit_bytes) break;
    bytes += entry_bytes(entry);
    out.push_back(entry);
  }
  return bytes;
}

}  // namespace lockstep::raft
