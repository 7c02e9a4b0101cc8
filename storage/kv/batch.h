// A batch: changes in the order they were made, already in the form in which they are stored.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace lockstep::kv {

// A namespace of keys. Trees are numbered by the caller; a tree exists when it holds a key.
using TreeId = std::uint32_t;

// Changes that become visible and durable together. Later changes of one key win.
class Batch {
 public:
  void put(TreeId tree, BytesView key, BytesView value);
  void erase(TreeId tree, BytesView key);
  // Deletes every key in [first, end); an empty `end` is the end of the tree.
  void erase_range(TreeId tree, BytesView first, BytesView end);
  bool empty() const { return records_.empty(); }
  // What the batch will take in a segment.
  std::size_t bytes() const { return records_.size(); }
  void clear() { records_.clear(); }
  // The changes as stored: docs/format/kv.md, "Records".
  BytesView records() const { return records_; }

 private:
  Bytes records_;
};

}  // namespace lockstep::kv
