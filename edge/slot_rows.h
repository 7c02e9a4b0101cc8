// The rows of the slots in the store: docs/format/edge_store.md.
#pragma once

#include "base/bytes.h"
#include "edge/slots.h"

namespace lockstep::edge {

inline constexpr BytesView kPointerKey = "pointer";

env::Event staged_event(Slot slot, const SlotFacts& facts);
Bytes slot_key(Slot slot);
Bytes encode_slot(const SlotFacts& facts);
Bytes encode_pointer(const Pointer& pointer);
// Where a setting of this slot is kept, and where the slot ends.
Bytes settings_key(Slot slot, BytesView key);
Bytes settings_end(Slot slot);

}  // namespace lockstep::edge
