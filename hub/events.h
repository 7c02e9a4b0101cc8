// Trace events of the hub and the cloud.
#pragma once

#include "base/env/trace.h"

namespace lockstep::hub {

// On every node, from the applied feed: a batch of readings is committed and applied. edge: its NodeId.
inline constexpr env::EventType kBatchApplied{
    600, "batch_applied", {"index", "edge", "buffer", "stream", "sequence", "readings"}};
// On the leader: an edge was told so.
inline constexpr env::EventType kBatchAcknowledged{
    601, "batch_acknowledged", {"edge", "buffer", "stream", "received"}};

// On the leader: a decision is on its way into the log. input_index: applied index that its inputs were read
// at.
inline constexpr env::EventType kDecided{
    610, "decided", {"device", "window", "input_index", "model_version", "corrected"}};
// On the leader: a window closed when its instruction's deadline was over by the edge's clock; nothing is
// decided about it.
inline constexpr env::EventType kWindowSkipped{615, "window_skipped", {"device", "window"}};
// On every node, from the applied feed: the instruction is in the log at this index.
inline constexpr env::EventType kInstructionLogged{
    611, "instruction_logged", {"index", "id", "device", "window", "input_index", "model_version"}};
inline constexpr env::EventType kInstructionSent{612, "instruction_sent", {"id", "edge"}};
// From the applied feed. outcome: core/proto/control.proto; 0: its deadline was missed, and nobody knows
// more.
inline constexpr env::EventType kInstructionSettled{613, "instruction_settled", {"index", "id", "outcome"}};
inline constexpr env::EventType kEnvelopeBounded{614, "envelope_bounded", {"device", "window"}};

// On every node: this version is in force from this index on. kind: core/proto/dispatch.proto. hash: of its
// bytes.
inline constexpr env::EventType kPackageActive{620, "package_active", {"index", "kind", "version", "hash"}};
inline constexpr env::EventType kPackageRefused{621, "package_refused", {"index", "kind", "version"}};
inline constexpr env::EventType kPackageStaged{622, "package_staged", {"index", "kind", "version", "hash"}};
// The one with which the next decision on this node is made.
inline constexpr env::EventType kModelInUse{623, "model_in_use", {"version", "hash"}};
// On every node: somebody has changed the rows of this active version; decisions are made without it. text: what is wrong.
inline constexpr env::EventType kPackageDamaged{624, "package_damaged", {"kind", "version"}};

// On the leader: a message of the field was not taken. from: its number; text: why.
inline constexpr env::EventType kFieldRefused{630, "field_refused", {"from"}};
// A statement of the hub itself failed: its tables are not as it made them. text: SQLite's words.
inline constexpr env::EventType kStatementFailed{631, "statement_failed", {}};

// At the cloud.
inline constexpr env::EventType kReportReceived{640, "report_received", {"leader", "applied"}};
inline constexpr env::EventType kPackageAnswered{
    641, "package_answered", {"kind", "version", "state", "received"}};

}  // namespace lockstep::hub
