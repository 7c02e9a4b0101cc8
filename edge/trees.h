// The trees of an edge's one store. Keys and values: docs/format/edge_store.md.
#pragma once

#include "storage/kv/batch.h"

namespace lockstep::edge {

inline constexpr kv::TreeId kAboutTree = 1;        // whose store this is
inline constexpr kv::TreeId kStreamTree = 2;       // numbers and counts of each stream
inline constexpr kv::TreeId kBatchTree = 3;        // the buffer: batches that the hub does not have
inline constexpr kv::TreeId kInstructionTree = 4;  // instructions, and what became of them
inline constexpr kv::TreeId kSlotTree = 5;         // the pointer and what is known of both slots
inline constexpr kv::TreeId kSettingsTree = 6;     // both slots' settings, a prefix each

}  // namespace lockstep::edge
