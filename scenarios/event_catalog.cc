// The list; a test compares it with what the headers of all folders declare.
#include "scenarios/event_catalog.h"

#include <algorithm>

#include "core/replica/events.h"
#include "core/service/events.h"
#include "edge/events.h"
#include "hub/events.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr const env::EventType* kAll[] = {
    &sim::kProcessStarted,
    &sim::kProcessKilled,
    &sim::kPowerLost,
    &sim::kProcessStalled,
    &sim::kProcessResumed,
    &sim::kDiskWiped,
    &sim::kDriftChanged,
    &sim::kWallJumped,
    &sim::kClockLeapt,
    &sim::kFrameSent,
    &sim::kFrameDelivered,
    &sim::kFrameDropped,
    &sim::kFrameDuplicated,
    &sim::kFrameCorrupted,
    &sim::kFrameDelayed,
    &sim::kFrameReordered,
    &sim::kFileSynced,
    &sim::kDirectorySynced,
    &sim::kDiskFault,
    &sim::kDiskForgot,
    &sim::kClockFrozen,
    &sim::kClockTick,
    &sim::kMemoryRefused,
    &sim::kProcessLeaves,
    &sim::kJobStarted,
    &sim::kJobFinished,
    &sim::kProbeReached,
    &sim::kProbeReleased,
    &replica::kEntryDurable,
    &replica::kEntryApplied,
    &replica::kWriteExecuted,
    &replica::kTransactionPrepared,
    &replica::kTransactionDecided,
    &replica::kRecovered,
    &replica::kPrefixDropped,
    &replica::kNodeFailed,
    &replica::kAppliedOneByOne,
    &replica::kWriteSettled,
    &replica::kRoleChanged,
    &replica::kHardStateDurable,
    &replica::kCommitAdvanced,
    &replica::kLogTruncated,
    &replica::kAppendSent,
    &replica::kContradicted,
    &replica::kTailTorn,
    &replica::kLeftBehind,
    &replica::kFenced,
    &replica::kFenceLifted,
    &service::kTransactionDurable,
    &service::kReplied,
    &service::kRequested,
    &service::kTransactionGivenUp,
    &hub::kBatchApplied,
    &hub::kBatchAcknowledged,
    &hub::kDecided,
    &hub::kInstructionLogged,
    &hub::kInstructionSent,
    &hub::kInstructionSettled,
    &hub::kEnvelopeBounded,
    &hub::kWindowSkipped,
    &hub::kPackageActive,
    &hub::kPackageRefused,
    &hub::kPackageStaged,
    &hub::kModelInUse,
    &hub::kPackageDamaged,
    &hub::kFieldRefused,
    &hub::kStatementFailed,
    &hub::kReportReceived,
    &hub::kPackageAnswered,
    &edge::kBuffered,
    &edge::kBatchSent,
    &edge::kBatchSettled,
    &edge::kReadingsDropped,
    &edge::kReadingsRefused,
    &edge::kEdgeOpened,
    &edge::kEdgeStopped,
    &edge::kStreamRestored,
    &edge::kHubRefuses,
    &edge::kHubFound,
    &edge::kInstructionTaken,
    &edge::kExecuted,
    &edge::kInstructionEnded,
    &edge::kDuplicateRefused,
    &edge::kFallbackTaken,
    &edge::kHubLost,
    &edge::kSlotStaged,
    &edge::kSlotSwitched,
    &edge::kSlotRolledBack,
    &edge::kSlotCleaned,
    &edge::kSlotRead,
    &edge::kPlantState,
    &edge::kPlantFault,
};

constexpr bool numbers_increase() {
  for (std::size_t i = 1; i < std::size(kAll); ++i)
    if (kAll[i - 1]->number >= kAll[i]->number) return false;
  return true;
}

constexpr bool names_differ() {
  for (std::size_t i = 0; i < std::size(kAll); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (kAll[i]->name == kAll[j]->name) return false;
  return true;
}

// In a line of a trace a field stands beside these.
constexpr bool fields_are_not_members() {
  constexpr std::string_view kMembers[] = {"order", "time", "node", "incarnation", "event", "text"};
  for (std::size_t i = 0; i < std::size(kAll); ++i)
    for (std::size_t field = 0; field < kAll[i]->field_count(); ++field)
      for (const std::string_view member : kMembers)
        if (kAll[i]->fields[field] == member) return false;
  return true;
}

static_assert(fields_are_not_members(), "each key of a line once");
static_assert(numbers_increase(), "sorted by number, each once");
static_assert(names_differ(), "a name finds one event");

}  // namespace

std::span<const env::EventType* const> all_event_types() { return kAll; }

const env::EventType* find_event_type(std::uint16_t number) {
  const auto found =
      std::ranges::lower_bound(kAll, number, {}, [](const env::EventType* type) { return type->number; });
  return found != std::end(kAll) && (*found)->number == number ? *found : nullptr;
}

const env::EventType* find_event_type(std::string_view name) {
  const auto found = std::ranges::find(kAll, name, [](const env::EventType* type) { return type->name; });
  return found != std::end(kAll) ? *found : nullptr;
}

}  // namespace lockstep::scenarios
