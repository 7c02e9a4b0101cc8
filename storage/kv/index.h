// The ordered index of one tree: which keys live, and where their values lie.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace lockstep::kv {

// A value in a segment; its checksum follows it.
struct Location {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  bool operator==(const Location&) const = default;
};

// Sorted chunks in a sorted row: two binary searches to find, a short move to insert, and a key larger than
// all others is only appended, which is what a log does. Chunks are never empty and hold at most
// kChunkEntries.
class Index {
 public:
  struct Entry {
    Bytes key;
    Location location;
  };

  // A position; valid until the index changes.
  class Cursor {
   public:
    bool at_end() const { return chunk_ == index_->chunks_.size(); }
    const Entry& entry() const { return index_->chunks_[chunk_][entry_]; }
    void next();

   private:
    friend class Index;
    Cursor(const Index* index, std::size_t chunk, std::size_t entry)
        : index_(index), chunk_(chunk), entry_(entry) {}
    const Index* index_;
    std::size_t chunk_;
    std::size_t entry_;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Location* find(BytesView key) const;
  // The first key not below `key`.
  Cursor lower_bound(BytesView key) const;

  // Both return where the former value lay.
  std::optional<Location> put(BytesView key, Location location);
  std::optional<Location> erase(BytesView key);
  // Removes [first, end); an empty `end` is the end of the tree. `removed` sees each entry in order.
  void erase_range(BytesView first, BytesView end, const std::function<void(const Entry&)>& removed);

 private:
  using Chunk = std::vector<Entry>;
  static constexpr std::size_t kChunkEntries = 128;

  // The chunk in which `key` is or belongs; the index is not empty.
  std::size_t chunk_for(BytesView key) const;
  static std::size_t entry_for(const Chunk& chunk, BytesView key);
  void append(BytesView key, Location location);
  void split(std::size_t chunk);

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
};

}  // namespace lockstep::kv
