// The trees of an edge's one store, and reading one through. Keys and values: docs/format/edge_store.md.
#pragma once

#include "base/result.h"
#include "storage/kv/store.h"

namespace lockstep::edge {

inline constexpr kv::TreeId kAboutTree = 1;        // whose store this is
inline constexpr kv::TreeId kStreamTree = 2;       // numbers and counts of each stream
inline constexpr kv::TreeId kBatchTree = 3;        // the buffer: batches that the hub does not have
inline constexpr kv::TreeId kInstructionTree = 4;  // instructions, and what became of them
inline constexpr kv::TreeId kSlotTree = 5;         // the pointer and what is known of both slots
inline constexpr kv::TreeId kSettingsTree = 6;     // both slots' settings, a prefix each

// Calls `take(key, value)`, which gives a Status, for every row of a tree; ends with the first error.
template <class Take>
Status for_each_row(kv::Store& store, kv::TreeId tree, Take take) {
  Status taken;
  LOCKSTEP_TRY_STATUS(store.scan(tree, "", "", [&](BytesView key, BytesView value) {
    taken = take(key, value);
    return taken.has_value();
  }));
  return taken;
}

}  // namespace lockstep::edge
