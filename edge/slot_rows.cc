// Coding of the slots' rows, and reading them at the start.
#include "edge/slot_rows.h"

#include "base/text.h"
#include "edge/events.h"
#include "edge/trees.h"

namespace lockstep::edge {
namespace {

char letter(Slot slot) { return slot == Slot::kA ? 'A' : 'B'; }

Result<Pointer> decode_pointer(BytesView value) {
  ByteReader in(value);
  LOCKSTEP_TRY(slot, in.u8());
  LOCKSTEP_TRY(version, in.varint());
  LOCKSTEP_TRY(on_trial, in.u8());
  LOCKSTEP_TRY(starts, in.varint());
  LOCKSTEP_TRY(former_version, in.varint());
  if (slot > 1 || on_trial > 1 || version == 0 || !in.at_end())
    return fail(ErrorCode::kCorrupt, "expected a slot and a version in the row 'pointer'");
  return Pointer{static_cast<Slot>(slot), version, on_trial == 1, starts, former_version};
}

Result<SlotFacts> decode_slot(BytesView value) {
  ByteReader in(value);
  SlotFacts facts;
  LOCKSTEP_TRY(state, in.u8());
  for (std::uint64_t* field : {&facts.version, &facts.bytes, &facts.received, &facts.keys}) {
    LOCKSTEP_TRY(found, in.varint());
    *field = found;
  }
  LOCKSTEP_TRY(hash, in.u64());
  LOCKSTEP_TRY(last_key, in.sized());
  LOCKSTEP_TRY(tail, in.sized());
  if (state < 1 || state > 3 || facts.received > facts.bytes || !in.at_end())
    return fail(ErrorCode::kCorrupt, "expected a state from 1 to 3 and a count of bytes");
  facts.state = static_cast<SlotState>(state);
  facts.hash = hash;
  facts.last_key = Bytes(last_key);
  facts.tail = Bytes(tail);
  return facts;
}

}  // namespace

env::Event staged_event(Slot slot, const SlotFacts& facts) {
  return {kSlotStaged, {number(slot), facts.version, facts.keys, facts.hash}};
}

Bytes slot_key(Slot slot) { return Bytes("slot/") + letter(slot); }

Bytes encode_slot(const SlotFacts& facts) {
  Bytes value;
  ByteWriter(value)
      .u8(static_cast<std::uint8_t>(facts.state))
      .varint(facts.version)
      .varint(facts.bytes)
      .varint(facts.received)
      .varint(facts.keys)
      .u64(facts.hash)
      .sized(facts.last_key)
      .sized(facts.tail);
  return value;
}

Bytes encode_pointer(const Pointer& pointer) {
  Bytes value;
  ByteWriter(value)
      .u8(static_cast<std::uint8_t>(pointer.slot))
      .varint(pointer.version)
      .u8(pointer.on_trial ? 1 : 0)
      .varint(pointer.starts)
      .varint(pointer.former_version);
  return value;
}

Bytes settings_key(Slot slot, BytesView key) { return letter(slot) + Bytes(key); }
Bytes settings_end(Slot slot) { return Bytes(1, static_cast<char>(letter(slot) + 1)); }

Result<SlotContents> Slots::restore(kv::Store& store, env::Trace& trace) {
  SlotContents contents;
  for (const Slot slot : {Slot::kA, Slot::kB}) {
    LOCKSTEP_TRY(row, store.get(kSlotTree, slot_key(slot)));
    if (!row) continue;
    auto facts = decode_slot(*row);
    if (!facts) return fail(facts.error().code, cat("slot ", letter(slot), ": ", facts.error().message));
    if (facts->state == SlotState::kStaged) trace.emit(staged_event(slot, *facts));
    contents.slots[number(slot)] = std::move(*facts);
  }
  LOCKSTEP_TRY(row, store.get(kSlotTree, kPointerKey));
  if (!row) return contents;
  LOCKSTEP_TRY(pointer, decode_pointer(*row));
  const auto& facts = contents.slots[number(pointer.slot)];
  if (!facts || facts->state != SlotState::kStaged || facts->version != pointer.version)
    return fail(ErrorCode::kCorrupt, cat("the pointer names version ", pointer.version, " in slot ",
                                         letter(pointer.slot), ", which is not whole there"));
  contents.pointer = pointer;
  return contents;
}

}  // namespace lockstep::edge
