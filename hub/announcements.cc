// One function per table.
#include "hub/announcements.h"

#include "hub/events.h"
#include "hub/schema.h"

namespace lockstep::hub {
namespace {

void announce_stream(const sql::RowChange& change, env::Trace& trace) {
  if (change.after.empty()) return;
  const StreamRow after(change.after);
  const std::uint64_t readings_before = change.before.empty() ? 0 : StreamRow(change.before).readings;
  trace.emit({kBatchApplied,
              {change.index.value(), after.edge.value(), after.buffer, after.stream, after.received,
               after.readings - readings_before}});
}

void announce_instruction(const sql::RowChange& change, env::Trace& trace) {
  if (change.after.empty()) return;
  const InstructionRow after(change.after);
  if (change.before.empty()) {
    trace.emit({kInstructionLogged,
                {change.index.value(), after.id, device_number(after.device), after.window, after.input_index,
                 after.model_version},
                after.device});
  } else if (InstructionRow(change.before).state != after.state) {
    trace.emit({kInstructionSettled, {change.index.value(), after.id, after.outcome}, after.device});
  }
}

void announce_package(const sql::RowChange& change, env::Trace& trace) {
  if (change.after.empty()) return;
  const PackageRow after(change.after);
  if (!change.before.empty() && PackageRow(change.before).state == after.state) return;
  const auto kind = static_cast<std::uint64_t>(after.kind);
  if (after.state == wire::STAGED)
    trace.emit({kPackageStaged, {change.index.value(), kind, after.version, after.hash}});
  if (after.state == wire::REFUSED)
    trace.emit({kPackageRefused, {change.index.value(), kind, after.version}, after.reason});
}

void announce_active(const sql::RowChange& change, env::Trace& trace) {
  if (change.after.empty()) return;
  const ActiveRow after(change.after);
  trace.emit({kPackageActive,
              {change.index.value(), static_cast<std::uint64_t>(after.kind), after.version, after.hash}});
}

}  // namespace

void announce(const sql::RowChange& change, env::Trace& trace) {
  if (change.table == kStreams) announce_stream(change, trace);
  if (change.table == kInstructions) announce_instruction(change, trace);
  if (change.table == kPackages) announce_package(change, trace);
  if (change.table == kActive) announce_active(change, trace);
}

}  // namespace lockstep::hub
