// Trace events of an edge. Series and devices are numbered by their place in the edge's own description.
#pragma once

#include "base/env/trace.h"

namespace lockstep::edge {

// The store is open, after a start or after it had to be opened again.
inline constexpr env::EventType kEdgeOpened{
    705, "edge_opened", {"buffer", "batches", "instructions", "settings_version"}};
// A batch is durable in the buffer: its readings are accepted from now on. hash: XXH3 of its encoded blocks.
// Said again after a restart of those of which it is not known whether it was said.
inline constexpr env::EventType kBuffered{
    700, "buffered", {"buffer", "stream", "sequence", "readings", "hash"}};
// Sent to a hub for the first time in this life, or again.
inline constexpr env::EventType kBatchSent{
    701, "batch_sent", {"buffer", "stream", "sequence", "previous", "hub"}};
// The hub has it; the buffer forgets it.
inline constexpr env::EventType kBatchSettled{702, "batch_settled", {"buffer", "stream", "received"}};
// The policy of the full buffer took readings of this batch away. left: readings that stay (downsampled).
inline constexpr env::EventType kReadingsDropped{
    703, "readings_dropped", {"buffer", "stream", "sequence", "dropped", "left"}};
// Never accepted: the store could not be written to (a full disk).
inline constexpr env::EventType kReadingsRefused{704, "readings_refused", {"stream", "readings"}};
// What a stream is after a restart, or when it begins anew: then `buffer` is an id of its own, under which
// its batches come that were told under another one. dropped: readings since it began, also those whose event
// a crash ate.
inline constexpr env::EventType kStreamRestored{
    707, "stream_restored", {"buffer", "stream", "next", "settled", "dropped", "batches"}};
// This edge has stopped itself; the text says why. code: ErrorCode.
inline constexpr env::EventType kEdgeStopped{706, "edge_stopped", {"code"}};
// The hub does not take what this edge says; the text says why.
inline constexpr env::EventType kHubRefuses{708, "hub_refuses", {"hub"}};

// This hub leads and takes what the edge says; and no more: it is silent, or another leads, or it wants a
// hello first.
inline constexpr env::EventType kHubFound{709, "hub_found", {"hub"}};
inline constexpr env::EventType kHubLost{715, "hub_lost", {"hub"}};

// An instruction came, and is written down (durable). This and kInstructionEnded are said again after a
// restart of those that are not settled.
inline constexpr env::EventType kInstructionTaken{710, "instruction_taken", {"id", "device"}};
// The device is told now. text: the action. Oracles count these per id over all lives.
inline constexpr env::EventType kExecuted{711, "executed", {"id", "device", "attempt"}};
// outcome: core/proto/control.proto, InstructionResult.Outcome; durable.
inline constexpr env::EventType kInstructionEnded{712, "instruction_ended", {"id", "device", "outcome"}};
inline constexpr env::EventType kDuplicateRefused{713, "duplicate_refused", {"id"}};
// The hub was silent for too long: the device was told the set points that the settings have for that.
inline constexpr env::EventType kFallbackTaken{714, "fallback_taken", {"device"}};

// A/B slots. slot: 0 (A) or 1 (B).
inline constexpr env::EventType kSlotStaged{720, "slot_staged", {"slot", "version", "keys", "hash"}};
inline constexpr env::EventType kSlotSwitched{721, "slot_switched", {"slot", "version"}};
inline constexpr env::EventType kSlotRolledBack{722, "slot_rolled_back", {"slot", "version", "from_version"}};
// Of a slot whose last key is gone. keys: that were taken out of it in this life.
inline constexpr env::EventType kSlotCleaned{723, "slot_cleaned", {"slot", "version", "keys"}};
// A reader saw these: count and hash of the whole slot that it read, for the oracle of mixed slots. text:
// what of confirmed settings the edge cannot read, mostly none.
inline constexpr env::EventType kSlotRead{724, "slot_read", {"slot", "version", "keys", "hash"}};

// A plant, seen now and then by the one who simulates it. signal: its place in the device. Values are the
// bits of a double.
inline constexpr env::EventType kPlantState{
    730, "plant_state", {"device", "signal", "value", "safe_low", "safe_high"}};
// Something of a plant breaks (begins: 1), or is whole again (0). part: the place of a sensor or an actuator,
// by the fault: 1 + devices::PlantFault. text: their names.
inline constexpr env::EventType kPlantFault{731, "plant_fault", {"device", "part", "fault", "begins"}};

}  // namespace lockstep::edge
