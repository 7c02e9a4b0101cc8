// A log-structured ordered key-value store: append-only checksummed segments, an ordered index in memory, trees.
//
// Format: docs/format/kv.md. A Store belongs to one lane; every call blocks on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/env/disk.h"
#include "base/result.h"

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
  bool empty() const;
  std::size_t bytes() const;
  void clear();
};

struct Options {
  std::string directory = "kv";
  std::size_t segment_bytes = 64 << 20;     // a segment is closed when it has reached this
  unsigned clean_below_live_percent = 50;   // closed segments with less live data are rewritten
};

// What open() found, for the log and for tests.
struct Recovery {
  std::uint64_t batches = 0;
  std::uint64_t torn_tail_bytes = 0;  // dropped from the end: the unfinished write of a crash
};

class Store {
 public:
  // Replays the segments. kCorrupt (with segment and offset) if a bad batch is followed by a valid one, or a
  // closed segment is damaged: durable data is missing and must not be cut off silently.
  static Result<std::unique_ptr<Store>> open(env::Disk& disk, Options options, Recovery* recovery = nullptr);
  ~Store();

  // Group commit: all batches in order with one write and one sync; atomic together. On error nothing of them may
  // be assumed, and every later call fails: the process must crash and recover.
  Status write(std::span<const Batch> batches);
  Status write(const Batch& batch) { return write(std::span(&batch, 1)); }

  Result<std::optional<Bytes>> get(TreeId tree, BytesView key);

  // Calls `visit` for keys in [first, end) in ascending order until it returns false; an empty `end` is the end of
  // the tree. `visit` must not call the store.
  Status scan(TreeId tree, BytesView first, BytesView end,
              const std::function<bool(BytesView key, BytesView value)>& visit);
  Status scan_prefix(TreeId tree, BytesView prefix,
                     const std::function<bool(BytesView key, BytesView value)>& visit);
};

}  // namespace lockstep::kv
