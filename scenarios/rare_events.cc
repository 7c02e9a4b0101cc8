// One name per rare thing, and the event that tells of it.
#include "scenarios/rare_events.h"

#include <algorithm>

#include "core/proto/client.pb.h"
#include "core/proto/control.pb.h"
#include "core/raft/types.h"
#include "core/replica/events.h"
#include "core/service/events.h"
#include "edge/events.h"
#include "hub/events.h"
#include "scenarios/replica_facts.h"
#include "scenarios/roster.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

constexpr const char* kLeaderChanges = "leader changes";    // another node than the last leader was elected
constexpr const char* kStepDowns = "leaders stepped down";  // and live on
constexpr const char* kTruncations = "logs truncated";
constexpr const char* kTornTails = "torn tails cut";
constexpr const char* kSettled = "retries deduplicated";
constexpr const char* kStrongAborted = "strong writes aborted";  // some voter did not have them in time
constexpr const char* kLeftOver = "left-over writes aborted";    // two-phase ones, by the next leader
constexpr const char* kFollowerReads = "reads at followers";     // linearizable ones that they answered
constexpr const char* kFenced = "nodes fenced";  // they know that they forgot what was committed
constexpr const char* kFenceLifted = "fences lifted";
constexpr const char* kRedirects = "requests redirected";
constexpr const char* kLeaderless = "requests without a leader";
constexpr const char* kPrefixes = "log prefixes dropped";
constexpr const char* kOneByOne = "batches applied one by one";
constexpr const char* kDeposed = "writes of deposed leaders";  // answered: leadership lost

// Of a field.
constexpr const char* kActivated = "packages made active";
constexpr const char* kRefused = "packages refused";
constexpr const char* kWentBack = "packages rolled back";
constexpr const char* kTrialsFailed = "settings rolled back";  // by an edge, on trial
constexpr const char* kDropped = "batches dropped or thinned";
constexpr const char* kUnkept = "readings refused";  // the edge's disk was full
constexpr const char* kDuplicates = "instructions known already";
constexpr const char* kFailed = "instructions failed";
constexpr const char* kExpired = "instructions expired";
constexpr const char* kInterrupted = "instructions interrupted";
constexpr const char* kMissed = "deadlines missed";
constexpr const char* kBounded = "decisions bounded";      // by the envelope
constexpr const char* kCorrected = "decisions corrected";  // by supervision

}  // namespace

RareEvents::RareEvents() {
  for (const char* name :
       {kLeaderChanges, kStepDowns, kTruncations, kTornTails,   kSettled,      kStrongAborted, kLeftOver,
        kFollowerReads, kFenced,    kFenceLifted, kRedirects,   kLeaderless,   kPrefixes,      kOneByOne,
        kDeposed,       kActivated, kRefused,     kWentBack,    kTrialsFailed, kDropped,       kUnkept,
        kDuplicates,    kFailed,    kExpired,     kInterrupted, kMissed,       kBounded,       kCorrected})
    counts_[name] = 0;
}

std::span<const env::EventType* const> RareEvents::listens_to() const {
  static constexpr const env::EventType* kListened[] = {
      &sim::kProcessKilled,       &replica::kRoleChanged,        &replica::kLogTruncated,
      &replica::kTailTorn,        &replica::kWriteSettled,       &replica::kPrefixDropped,
      &replica::kFenced,          &replica::kFenceLifted,        &service::kTransactionGivenUp,
      &replica::kAppliedOneByOne, &replica::kTransactionDecided, &service::kRequested,
      &service::kReplied,         &hub::kPackageActive,          &hub::kPackageRefused,
      &hub::kInstructionSettled,  &hub::kEnvelopeBounded,        &hub::kDecided,
      &edge::kSlotRolledBack,     &edge::kReadingsDropped,       &edge::kReadingsRefused,
      &edge::kDuplicateRefused,   &edge::kInstructionEnded};
  return kListened;
}

void RareEvents::on_event(const Observation& observation) {
  const env::Event& event = observation.event;
  switch (event.type->number) {
    case sim::kProcessKilled.number: leading_.erase(observation.node); return;
    case replica::kRoleChanged.number: return on_role(observation);
    case replica::kLogTruncated.number: ++counts_[kTruncations]; return;
    case replica::kTailTorn.number: ++counts_[kTornTails]; return;
    case replica::kWriteSettled.number:
      if (settled_.insert(event.fields[1]).second) ++counts_[kSettled];
      return;
    case replica::kPrefixDropped.number: ++counts_[kPrefixes]; return;
    case replica::kAppliedOneByOne.number: ++counts_[kOneByOne]; return;
    case replica::kFenced.number: ++counts_[kFenced]; return;
    case replica::kFenceLifted.number: ++counts_[kFenceLifted]; return;
    case service::kTransactionGivenUp.number: given_up_.insert(event.fields[0]); return;
    case replica::kTransactionDecided.number:
      if (event.fields[3] == 0) on_aborted(event.fields[1]);
      return;
    case service::kRequested.number: return on_request(observation);
    case service::kReplied.number: return on_reply(observation);
    default: return on_field(event);
  }
}

// Every hub tells of what is committed, and an edge says again after a restart what may not have been heard.
void RareEvents::on_field(const env::Event& event) {
  const auto& fields = event.fields;
  switch (event.type->number) {
    case hub::kPackageActive.number: return on_active(fields[0], fields[1], fields[2]);
    case hub::kPackageRefused.number:
      if (told_.insert(fields[0]).second) ++counts_[kRefused];
      return;
    case hub::kInstructionSettled.number:
      if (fields[2] == 0 && missed_.insert(fields[1]).second) ++counts_[kMissed];
      return;
    case hub::kEnvelopeBounded.number: ++counts_[kBounded]; return;
    case hub::kDecided.number: counts_[kCorrected] += fields[4] != 0 ? 1 : 0; return;
    case edge::kSlotRolledBack.number: ++counts_[kTrialsFailed]; return;
    case edge::kReadingsDropped.number: ++counts_[kDropped]; return;
    case edge::kReadingsRefused.number: ++counts_[kUnkept]; return;
    case edge::kDuplicateRefused.number: ++counts_[kDuplicates]; return;
    case edge::kInstructionEnded.number:
      if (ended_.insert(fields[0]).second) on_ended(fields[2]);
      return;
    default: return;
  }
}

void RareEvents::on_active(std::uint64_t index, std::uint64_t kind, std::uint64_t version) {
  if (!told_.insert(index).second) return;
  ++counts_[kActivated];
  std::uint64_t& highest = highest_active_[kind];
  if (version < highest) ++counts_[kWentBack];
  highest = std::max(highest, version);
}

void RareEvents::on_ended(std::uint64_t outcome) {
  switch (outcome) {
    case wire::InstructionResult::FAILED: ++counts_[kFailed]; return;
    case wire::InstructionResult::EXPIRED: ++counts_[kExpired]; return;
    case wire::InstructionResult::INTERRUPTED: ++counts_[kInterrupted]; return;
    default: return;
  }
}

void RareEvents::on_role(const Observation& observation) {
  const NodeId node = observation.node;
  if (RoleChange(observation.event).role != raft::Role::kLeader) {
    if (leading_.erase(node) > 0) ++counts_[kStepDowns];
    return;
  }
  leading_.insert(node);
  if (!last_leader_.is_none() && last_leader_ != node) ++counts_[kLeaderChanges];
  last_leader_ = node;
}

void RareEvents::on_aborted(std::uint64_t transaction) {
  if (!aborted_.insert(transaction).second) return;
  ++counts_[given_up_.contains(transaction) ? kStrongAborted : kLeftOver];
}

void RareEvents::on_request(const Observation& observation) {
  const auto& fields = observation.event.fields;
  if (fields[2] == wire::Request::kQuery && fields[3] == wire::LINEARIZABLE)
    queries_.insert({fields[0], fields[1]});
}

void RareEvents::on_reply(const Observation& observation) {
  const auto& fields = observation.event.fields;
  switch (fields[2]) {
    case wire::DONE:
      if (queries_.erase({fields[0], fields[1]}) > 0 && !leading_.contains(observation.node))
        ++counts_[kFollowerReads];
      return;
    case wire::NOT_LEADER: ++counts_[kRedirects]; return;
    case wire::NO_LEADER: ++counts_[kLeaderless]; return;
    case wire::LEADERSHIP_LOST: ++counts_[kDeposed]; return;
    default: return;
  }
}

}  // namespace lockstep::scenarios
