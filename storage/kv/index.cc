// Search, insertion and removal in the chunks of the index.
#include "storage/kv/index.h"

#include <algorithm>

namespace lockstep::kv {

void Index::Cursor::next() {
  if (++entry_ < index_->chunks_[chunk_].size()) return;
  ++chunk_;
  entry_ = 0;
}

std::size_t Index::chunk_for(BytesView key) const {
  const auto after = std::upper_bound(chunks_.begin(), chunks_.end(), key,
                                      [](BytesView k, const Chunk& chunk) { return k < chunk.front().key; });
  return after == chunks_.begin() ? 0 : static_cast<std::size_t>(after - chunks_.begin()) - 1;
}

std::size_t Index::entry_for(const Chunk& chunk, BytesView key) {
  const auto entry = std::lower_bound(chunk.begin(), chunk.end(), key,
                                      [](const Entry& e, BytesView k) { return BytesView(e.key) < k; });
  return static_cast<std::size_t>(entry - chunk.begin());
}

const Location* Index::find(BytesView key) const {
  if (empty()) return nullptr;
  const Chunk& chunk = chunks_[chunk_for(key)];
  const std::size_t at = entry_for(chunk, key);
  return at < chunk.size() && chunk[at].key == key ? &chunk[at].location : nullptr;
}

Index::Cursor Index::lower_bound(BytesView key) const {
  if (empty()) return {this, 0, 0};
  const std::size_t chunk = chunk_for(key);
  const std::size_t at = entry_for(chunks_[chunk], key);
  return at < chunks_[chunk].size() ? Cursor(this, chunk, at) : Cursor(this, chunk + 1, 0);
}

void Index::append(BytesView key, Location location) {
  if (chunks_.empty() || chunks_.back().size() == kChunkEntries)
    chunks_.emplace_back().reserve(kChunkEntries);
  chunks_.back().push_back({Bytes(key), location});
  ++size_;
}

void Index::split(std::size_t at) {
  Chunk upper;
  upper.reserve(kChunkEntries);
  Chunk& lower = chunks_[at];
  const auto middle = lower.begin() + kChunkEntries / 2;
  std::move(middle, lower.end(), std::back_inserter(upper));
  lower.erase(middle, lower.end());
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(upper));
}

std::optional<Location> Index::put(BytesView key, Location location) {
  if (empty() || chunks_.back().back().key < key) {
    append(key, location);
    return std::nullopt;
  }
  std::size_t chunk = chunk_for(key);
  std::size_t at = entry_for(chunks_[chunk], key);
  if (at < chunks_[chunk].size() && chunks_[chunk][at].key == key)
    return std::exchange(chunks_[chunk][at].location, location);
  if (chunks_[chunk].size() == kChunkEntries) {
    split(chunk);
    if (at > chunks_[chunk].size()) {
      at -= chunks_[chunk].size();
      ++chunk;
    }
  }
  chunks_[chunk].insert(chunks_[chunk].begin() + static_cast<std::ptrdiff_t>(at), {Bytes(key), location});
  ++size_;
  return std::nullopt;
}

std::optional<Location> Index::erase(BytesView key) {
  const Location* found = find(key);
  if (found == nullptr) return std::nullopt;
  const Location former = *found;
  const std::size_t at = chunk_for(key);
  Chunk& chunk = chunks_[at];
  chunk.erase(chunk.begin() + static_cast<std::ptrdiff_t>(entry_for(chunk, key)));
  if (chunk.empty()) chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at));
  --size_;
  return former;
}

void Index::erase_range(BytesView first, BytesView end, const std::function<void(const Entry&)>& removed) {
  if (empty()) return;
  const std::size_t first_chunk = chunk_for(first);
  std::size_t first_emptied = chunks_.size();
  std::size_t chunk = first_chunk;
  for (; chunk < chunks_.size() && (end.empty() || chunks_[chunk].front().key < end); ++chunk) {
    Chunk& entries = chunks_[chunk];
    const std::size_t from = entry_for(entries, first);
    const std::size_t to = end.empty() ? entries.size() : std::max(from, entry_for(entries, end));
    for (std::size_t i = from; i < to; ++i) removed(entries[i]);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(from),
                  entries.begin() + static_cast<std::ptrdiff_t>(to));
    size_ -= to - from;
    if (entries.empty()) first_emptied = std::min(first_emptied, chunk);
  }
  // The emptied chunks are neighbours: only the first and the last chunk touched can have kept entries.
  std::size_t emptied_end = first_emptied;
  while (emptied_end < chunk && chunks_[emptied_end].empty()) ++emptied_end;
  if (first_emptied < emptied_end)
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(first_emptied),
                  chunks_.begin() + static_cast<std::ptrdiff_t>(emptied_end));
}

}  // namespace lockstep::kv
