// Small tables of the oracles: a few keys in a flat row, and facts by log index in pages that can be forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace lockstep::scenarios {

// For a handful of keys (members of a cluster, groups): a search along the row beats a tree.
template <class Key, class Value>
class FlatTable {
 public:
  Value& operator[](const Key& key) {
    for (auto& [own, value] : items_)
      if (own == key) return value;
    return items_.emplace_back(key, Value{}).second;
  }
  std::size_t size() const { return items_.size(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<std::pair<Key, Value>> items_;  // in order of first use
};

// One fact per position, dense or not. A reference stays valid until its page is forgotten.
template <class Value, std::uint64_t kPerPage = 512>
class PagedTable {
 public:
  // A fact that was never touched is Value{}.
  Value& operator[](std::uint64_t position) {
    const std::uint64_t number = position / kPerPage;
    if (!recent_ || recent_number_ != number) {
      auto& page = pages_[number];
      if (!page) page = std::make_unique<Page>();
      recent_ = page.get();
      recent_number_ = number;
    }
    return (*recent_)[position % kPerPage];
  }
  // Page by page, so some facts below `position` may stay.
  void forget_before(std::uint64_t position) {
    const auto end = pages_.lower_bound(position / kPerPage);
    if (end == pages_.begin()) return;
    pages_.erase(pages_.begin(), end);
    recent_ = nullptr;
  }
  std::size_t pages() const { return pages_.size(); }

 private:
  using Page = std::array<Value, kPerPage>;
  std::map<std::uint64_t, std::unique_ptr<Page>> pages_;
  Page* recent_ = nullptr;
  std::uint64_t recent_number_ = 0;
};

// Where the logs of one group begin. What lies before the first entry of every voter's log is never written, applied
// or recovered again, so facts about it may be forgotten.
class LogStarts {
 public:
  void note(NodeId node, LogIndex first) { firsts_[node] = first; }
  LogIndex lowest(std::size_t voters) const {
    if (firsts_.size() < voters) return LogIndex();
    LogIndex lowest(~0ull);
    for (const auto& [node, first] : firsts_) lowest = std::min(lowest, first);
    return lowest;
  }

 private:
  FlatTable<NodeId, LogIndex> firsts_;
};

}  // namespace lockstep::scenarios
