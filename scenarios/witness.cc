// Dispatch by event number, and the oracles' findings as rows of the table of verdicts.
#include "scenarios/witness.h"

#include "core/replica/events.h"
#include "edge/events.h"
#include "reports/render.h"
#include "scenarios/replica_facts.h"
#include "scenarios/roster.h"
#include "scenarios/scenario.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

reports::Verdict verdict_of(const Oracle& oracle, std::uint64_t events, const std::string& gap) {
  reports::Verdict verdict{
      .name = std::string(oracle.name()),
      .promise = std::string(oracle.promise()),
      .outcome = oracle.violated() ? reports::Outcome::kViolated : reports::Outcome::kHolds,
      .checked = {{"facts", oracle.checked()}, {"events", events}},
      .evidence = {}};
  for (const Violation& violation : oracle.violations())
    verdict.evidence.push_back(cat("event ", violation.order, " at ", reports::readable(violation.at), " on ",
                                   Roster::name(violation.node), ": ", violation.sentence));
  if (!gap.empty()) {
    verdict.outcome = reports::Outcome::kUnknown;
    verdict.evidence.insert(verdict.evidence.begin(), gap);
  }
  return verdict;
}

}  // namespace

Witness::Witness(const OracleContext& context) : voters_(context.voters) {
  for (auto& oracle : make_oracles(context)) seats_.push_back({.oracle = std::move(oracle)});
}

void Witness::attend(Events& events) {
  for (std::size_t seat = 0; seat < seats_.size(); ++seat)
    for (const env::EventType* type : seats_[seat].oracle->listens_to()) {
      std::vector<std::size_t>& listeners = by_type_[type->number];
      if (listeners.empty()) events.subscribe(*type, *this);
      listeners.push_back(seat);
    }
  for (const env::EventType* type : {&replica::kNodeFailed, &edge::kEdgeStopped, &sim::kDiskFault,
                                     &sim::kDiskForgot, &sim::kMemoryRefused, &sim::kProcessStarted})
    if (!by_type_.contains(type->number)) events.subscribe(*type, *this);
}

void Witness::on_event(const Observation& observation) {
  const std::uint16_t number = observation.event.type->number;
  if (const auto listeners = by_type_.find(number); listeners != by_type_.end())
    for (const std::size_t seat : listeners->second) {
      ++seats_[seat].events;
      seats_[seat].oracle->on_event(observation);
    }
  note_trouble(observation);
  if (number == replica::kNodeFailed.number || number == edge::kEdgeStopped.number) note_stopped(observation);
}

// What a failure leaves behind a new life must recover from; damage is there until it is found.
void Witness::note_trouble(const Observation& observation) {
  const env::Event& event = observation.event;
  const std::uint16_t number = event.type->number;
  if (number == sim::kProcessStarted.number) failed_.erase(observation.node);
  if (number == sim::kMemoryRefused.number) failed_.insert(observation.node);
  if (harms_storage(event)) {
    damaged_.insert(observation.node);
  } else if (number == sim::kDiskFault.number) {
    using sim::DiskTrouble;
    const auto trouble = static_cast<DiskTrouble>(event.fields[0]);
    const bool has_failed =
        trouble != DiskTrouble::kStall && trouble != DiskTrouble::kSlow && trouble != DiskTrouble::kLie;
    if (has_failed) failed_.insert(observation.node);
  }
}

// A node or an edge whose storage or memory has failed stops itself: that is what it has to do.
void Witness::note_stopped(const Observation& observation) {
  if (failed_.contains(observation.node) || damaged_.contains(observation.node)) {
    ++stopped_for_faults_;
    return;
  }
  stopped_nodes_.push_back(cat(Roster::name(observation.node), " at ", reports::readable(observation.at),
                               ": ", observation.event.text));
}

std::vector<reports::Verdict> Witness::verdicts(const std::string& gap) const {
  std::vector<reports::Verdict> all;
  for (const Seat& seat : seats_) all.push_back(verdict_of(*seat.oracle, seat.events, gap));
  all.push_back({.name = "node-health",
                 .promise = "no node or edge stops itself but for a fault of its disk or memory: what a "
                            "crash or power loss leaves "
                            "behind can be recovered",
                 .outcome = stopped_nodes_.empty() ? reports::Outcome::kHolds : reports::Outcome::kViolated,
                 .checked = {{"nodes", voters_}},
                 .evidence = stopped_nodes_});
  if (stopped_for_faults_ > 0) all.back().checked.push_back({"stops for a fault", stopped_for_faults_});
  return all;
}

}  // namespace lockstep::scenarios
