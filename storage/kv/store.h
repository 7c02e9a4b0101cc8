// A log-structured ordered key-value store: append-only checksummed segments, an ordered index in memory,
// trees.
//
// Format: docs/format/kv.md. A Store belongs to one lane; every call blocks on the disk. Keys are kept in
// memory, values are not. An acknowledged write survives power loss; an unacknowledged one is found whole or
// not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/env/disk.h"
#include "base/result.h"
#include "storage/kv/batch.h"
#include "storage/kv/options.h"

namespace lockstep::kv {

// A watched key after a durable write. Valid during the call.
struct Changed {
  TreeId tree;
  BytesView key;
  std::optional<BytesView> value;  // nullopt: erased
};

using WatchId = std::uint64_t;

struct Stats {
  std::uint64_t keys = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;       // in all segments
  std::uint64_t live_bytes = 0;  // of them, records of keys that exist
};

class Store {
 public:
  using Visit = std::function<bool(BytesView key, BytesView value)>;
  using Watch = std::function<void(const Changed&)>;

  // Replays the segments. kCorrupt (with segment and offset) if a bad batch is followed by a valid one, or a
  // closed segment is damaged: durable data is missing and must not be cut off silently.
  static Result<std::unique_ptr<Store>> open(env::Disk& disk, Options options, Recovery* recovery = nullptr);
  ~Store();

  // Group commit: all batches in order with one write and one sync; atomic together. On error nothing of them
  // may be assumed, and every later call fails: the process must crash and recover. (kTooLarge alone is
  // harmless: the batches exceed the limit of 1 GiB together, and nothing has happened.)
  Status write(std::span<const Batch> batches);
  Status write(const Batch& batch) { return write(std::span(&batch, 1)); }

  // kCorrupt: the stored value does not match its checksum any more.
  Result<std::optional<Bytes>> get(TreeId tree, BytesView key);

  // Calls `visit` for keys in [first, end) in ascending order until it returns false; an empty `end` is the
  // end of the tree. `visit` must not call the store.
  Status scan(TreeId tree, BytesView first, BytesView end, const Visit& visit);
  Status scan_prefix(TreeId tree, BytesView prefix, const Visit& visit);

  // Puts `desired` (nullopt: erases) if the key holds `expected` (nullopt: if it does not exist); otherwise
  // kConflict.
  Status compare_and_swap(TreeId tree, BytesView key, std::optional<BytesView> expected,
                          std::optional<BytesView> desired);

  // A number that this store has never returned before, across restarts too: ascending from 1, with gaps. One
  // call in a thousand writes.
  Result<std::uint64_t> next_id();

  // `watch` is called once for each key with the prefix that a write put or removed, in order, after the
  // write is durable and before it returns. It may read the store but must not write to it or change watches.
  WatchId watch(TreeId tree, BytesView prefix, Watch watch);
  void unwatch(WatchId id);

  // The trees that hold keys, ascending.
  std::vector<TreeId> trees() const;
  Stats stats() const;

  // One bounded step of clean-up: rewrites about `budget_bytes` of live data out of the oldest segment, or
  // removes it when nothing in it lives. True: there is more to do. Does nothing while closed segments hold
  // enough live data.
  Result<bool> clean_step(std::size_t budget_bytes = 1 << 20);

 private:
  class State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::kv
